import type { ProcReader } from '../proc/proc-reader';
import { isAlive, type ProcStat } from '../proc/proc-stat';
import { isSame, readStat } from '../proc/read-stat';
import { adoptChild } from './family';
import { findLineage, type Lineage } from './lineage';
import { isManagers, isRunBySystemd } from './unit-role';
import type { UnitStates } from './unit-state';
import { type Candidate, mostCandidates, type Watch } from './watch';

/** Takes in those of the found processes that are kin, though no walk from a parent finds them, once that is known. */
export function adoptRelated(
  proc: ProcReader,
  watch: Watch,
  units: UnitStates,
  ownPid: number,
  found: readonly ProcStat[],
  now: number,
): void {
  const { candidates } = watch;
  for (const stat of found) {
    const isKnown = isSame(stat, candidates.get(stat.pid)?.stat);
    if (candidates.size < mostCandidates && !isKnown && stat.pid !== ownPid)
      candidates.set(stat.pid, { stat, seenAt: now });
  }
  for (const [pid, candidate] of candidates) {
    const lineage = lineageOf(proc, watch, units, candidate, now);
    if (lineage !== 'asking') candidates.delete(pid);
    if (lineage !== undefined && lineage !== 'asking')
      adoptChild(watch, candidate.stat, lineage === 'session' ? undefined : lineage.cgroup);
  }
}

function lineageOf(
  proc: ProcReader,
  watch: Watch,
  units: UnitStates,
  { stat, seenAt, unit }: Candidate,
  now: number,
): Lineage {
  const isGone = seenAt !== now && !isSame(readStat(proc, stat.pid), stat);
  if (isGone || !isAlive(stat)) return undefined;
  if (unit === undefined)
    return watch.instances.has(stat.pid) ? undefined : findLineage(proc, watch, stat, units, now, seenAt);
  if (watch.sessions.has(stat.session)) return 'session';
  const isIts = isRunBySystemd(proc) && isManagers(proc, units, unit, stat, seenAt, now);
  return isIts === 'asking' ? 'asking' : isIts ? undefined : 'session';
}
