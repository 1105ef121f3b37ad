import type { Settings } from '../config/settings';
import type { Waiting } from '../delivery/reporting';
import { openSpool, type Spool } from '../delivery/spool';
import type { Log } from '../log';
import { createProblems } from '../problems';
import type { NewestId } from '../report/report-id';

/** The reports that wait at a reload, for the next agent of the same thing. */
export interface Carried {
  readonly waiting: Waiting;
  /** The spool that has the reports, if the next agent has a different one. */
  readonly elsewhere?: Spool;
}

/** Printed reports are not sent to anybody, and the reports of another thing wait in its own spool. */
export function carryOver(waiting: Waiting, before: Settings, next: Settings, log: Log): Carried | undefined {
  const thing = before.connection?.thingName;
  if (before.mode === 'dryrun' || thing === undefined || thing !== next.connection?.thingName)
    return undefined;
  const { stateDirectory } = before;
  if (stateDirectory === next.stateDirectory) return { waiting };
  return { waiting, elsewhere: openSpool(stateDirectory, thing, createProblems(log)) };
}

/**
 * The reports that an earlier agent left in memory, and on disk those for destinations, or in a folder, that the
 * previous agent did not have.
 */
export function takeOver(
  carried: Carried | undefined,
  { destinations }: Settings,
  spool: Spool,
  newest: NewestId,
): Waiting {
  const { waiting = new Map(), elsewhere } = carried ?? {};
  if (!elsewhere && destinations.every((one) => waiting.has(one))) return waiting;
  const left = takeLeft(spool, newest);
  if (!elsewhere) return new Map([...left, ...waiting]);
  const moved = new Map(left);
  for (const [destination, { reports, before }] of waiting) {
    for (const report of reports)
      if (spool.keep(destination, report, false)) elsewhere.drop(destination, report);
    const all = [...(left.get(destination)?.reports ?? []), ...reports];
    moved.set(destination, { reports: all, ...(before && { before }) });
  }
  return moved;
}

/** Reports of an earlier run go first, and its ids were the newest. */
function takeLeft(spool: Spool, newest: NewestId): Waiting {
  const left = [...spool.load()];
  for (const [, reports] of left)
    for (const { header } of reports) newest.id = Math.max(newest.id, header.report_id);
  return new Map(left.map(([destination, reports]) => [destination, { reports }]));
}
