import type { Settings } from '../config/settings';
import type { Waiting } from '../delivery/reporting';
import { openSpool, type Spool } from '../delivery/spool';
import type { Log } from '../log';
import { createProblems } from '../problems';
import type { NewestId } from '../report/report-id';

/** What waits at a reload, for the next agent of the same thing. */
export interface Carried {
  readonly waiting: Waiting;
  /** The spool that has the reports, if it is another than that of the next agent. */
  readonly elsewhere?: Spool;
}

/** Printed reports are for nobody else, and those of another thing wait in its spool. */
export function carryOver(waiting: Waiting, before: Settings, next: Settings, log: Log): Carried | undefined {
  const thing = before.connection?.thingName;
  if (before.mode === 'dryrun' || thing === undefined || thing !== next.connection?.thingName)
    return undefined;
  const { stateDirectory } = before;
  if (stateDirectory === next.stateDirectory) return { waiting };
  return { waiting, elsewhere: openSpool(stateDirectory, thing, createProblems(log)) };
}

/** What an earlier agent left, in memory or, for destinations or in a folder that the one before did not have, on disk. */
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
