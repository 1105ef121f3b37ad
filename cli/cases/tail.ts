import { caseStatuses } from '../../shared/domain/case/status';
import { printable } from '../../shared/domain/messages/announcement';
import type { DescribedEntry } from '../../shared/domain/messages/describe-event';
import { writeJsonLine } from '../json';
import type { Screen } from '../look/style';
import { writeTime } from '../look/times';
import { wrapWords } from '../look/wrap';
import type { Target } from '../target';
import { type CaseLister, findCases } from './list';

export interface TailFlags {
  readonly thing?: string;
  /** Shows also what happened in this time before the command began, ms. */
  readonly since?: number;
  readonly json?: boolean;
}

interface TailReader extends CaseLister {
  readonly history: Pick<Target['history'], 'listClosed' | 'pageTimeline'>;
}

interface Happening extends DescribedEntry {
  readonly thingName: string;
  readonly caseId: string;
}

/** An index of DynamoDB may be seconds behind its table. */
const overlapMs = 15_000;
/** Many cases may change within one look; the others come with the next. */
const mostCases = 1_000;

/**
 * Reads what was written to timelines since the last look. Each entry comes once, whatever the order in which the index shows
 * the changes of cases.
 */
export function followTimelines(
  { thing, since = 0 }: TailFlags,
  openReader: () => TailReader,
  startedAt: number,
) {
  const from = startedAt - since;
  /** The last row that was read of each case. */
  const read = new Map<string, string>();
  let lookedAt = from;

  return async (now: number): Promise<Happening[]> => {
    const age = now - lookedAt + overlapMs;
    const selection = { status: caseStatuses, since: age, ...(thing !== undefined && { thing }) };
    const reader = openReader();
    const { cases } = await findCases(selection, mostCases, reader, now);
    const found = await Promise.all(cases.map(({ caseId, thingName }) => readOn(caseId, thingName, reader)));
    lookedAt = now;
    return found.flat().toSorted((a, b) => a.at - b.at);
  };

  async function readOn(caseId: string, thingName: string, reader: TailReader): Promise<Happening[]> {
    const found: Happening[] = [];
    for (;;) {
      const { rows, more } = await reader.history.pageTimeline(caseId, 100, read.get(caseId));
      for (const { sk, entries } of rows) {
        read.set(caseId, sk);
        found.push(
          ...entries.filter(({ at }) => at >= from).map((entry) => ({ thingName, caseId, ...entry })),
        );
      }
      if (!more) return found;
    }
  }
}

/** A line of text, or of JSON for a program. */
export function writeHappening(
  { at, thingName, what, actor, detail, caseId }: Happening,
  { json }: TailFlags,
  { paint, width }: Screen,
): string {
  if (json) return writeJsonLine({ at, thingName, caseId, what, actor, detail });
  const [who, why] = [actor ? ` by ${actor}` : '', detail ? `: ${detail}` : ''].map(printable);
  const line = `${writeTime(at)}  ${paint('bold', printable(thingName))}  ${printable(what)}${who}${why}`;
  return wrapWords(line, width);
}
