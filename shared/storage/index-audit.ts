import type { TimelineEntry } from '../domain/case/outbox';
import { type DescribedEntry, describeEntry } from '../domain/messages/describe-event';
import { clip } from '../domain/text';
import { auditKey } from './keys';

/** An entry in words, with the code of its event, which programs go by. */
export interface IndexedEntry extends DescribedEntry {
  readonly code?: string;
}

/** What people did, for the audit; the hash of a timeline's row does not cover it, since it repeats what the row says. */
export function indexAudit(entries: readonly TimelineEntry[]) {
  const acts = entries
    .filter(({ actor }) => actor !== undefined && !automatic.has(actor))
    .map((entry): IndexedEntry => {
      const { detail, ...described } = describeEntry(entry);
      return {
        ...described,
        code: entry.event.code,
        ...(detail !== undefined && { detail: clip(detail, 1_000) }),
      };
    });
  const at = acts[0]?.at;
  return at === undefined ? {} : { statusKey: auditKey(at), updatedAt: at, outline: { acts } };
}

/** Actors in timelines that are not people. */
const automatic: ReadonlySet<string> = new Set(['playbook', 'timer']);
