import { type CaseStatus, caseStatuses } from '../domain/case/status';
import type { ListedCase } from '../domain/lists/outline';
import type { ThingKey } from '../domain/thing-ref';
import type { Clock } from '../ports/runtime';
import type { CaseListReader } from './case-list';
import { withoutEarlier } from './without-earlier';

type ReadAll = CaseListReader['readAll'];

/** With fewer cases of a status, reading them all takes less time than asking each shard of each status for changes. */
const fewest = 2_500;

/** After this time, all cases are read again, so an error lasts no longer. */
const rememberedMs = 60_000;

/** An index shows a change a little later than it was made, and no two clocks are the same. */
const overlapMs = 15_000;

interface Remembered {
  readonly cases: Map<ThingKey, ListedCase>;
  readonly readAt: number;
  /** Changes of before are in it. */
  changesReadAt: number;
}

/**
 * `readAll` for repeated reads: of a status with many cases, it reads only the changes since the last read. The index
 * has each changed case under its new status, so a case that left a status is found among the changes of the others.
 */
export function rememberCases(readAll: ReadAll, clock: Clock): ReadAll {
  const remembered = new Map<CaseStatus, Remembered>();

  /** Brings what is remembered up to date, or forgets it. */
  async function readChanges(): Promise<void> {
    const now = clock();
    for (const [status, { readAt }] of remembered)
      if (now - readAt >= rememberedMs || now < readAt) remembered.delete(status);
    if (remembered.size === 0) return;
    const since = Math.min(...[...remembered.values()].map(({ changesReadAt }) => changesReadAt)) - overlapMs;
    const { cases, isComplete } = await readAll(caseStatuses, Math.max(1, since));
    if (!isComplete) remembered.clear();
    const changes = cases.toSorted((one, other) => one.updatedAt - other.updatedAt);
    for (const [status, kept] of remembered) {
      for (const change of changes) applyChange(kept.cases, status, change);
      kept.changesReadAt = now;
    }
  }

  async function readNew(statuses: readonly CaseStatus[]) {
    if (statuses.length === 0) return { cases: [], isComplete: true };
    const readAt = clock();
    const read = await readAll(statuses);
    for (const status of read.isComplete ? statuses : []) {
      const cases = read.cases.filter((one) => one.status === status);
      if (cases.length < fewest) continue;
      const byThing = new Map(cases.map((one) => [one.thingName, one]));
      remembered.set(status, { cases: byThing, readAt, changesReadAt: readAt });
    }
    return read;
  }

  return async (statuses, since = 0) => {
    if (since > 0) return readAll(statuses, since);
    if (statuses.some((status) => remembered.has(status))) await readChanges();
    const known = statuses.flatMap((status) => [...(remembered.get(status)?.cases.values() ?? [])]);
    const { cases, isComplete } = await readNew(statuses.filter((status) => !remembered.has(status)));
    return { cases: withoutEarlier([...known, ...cases]), isComplete };
  };
}

function applyChange(cases: Remembered['cases'], status: CaseStatus, change: ListedCase): void {
  const known = cases.get(change.thingName);
  if (known && isNewer(known, change)) return;
  if (change.status === status) cases.set(change.thingName, change);
  else if (known) cases.delete(change.thingName);
}

/** An earlier case that ended does not remove the present one. */
function isNewer(known: ListedCase, change: ListedCase): boolean {
  const isOtherCase = change.status === 'closed' && known.caseId !== change.caseId;
  return isOtherCase ? known.openedAt >= change.openedAt : known.updatedAt > change.updatedAt;
}
