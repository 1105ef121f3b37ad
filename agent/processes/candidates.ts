import type { ProcReader } from '../proc/proc-reader';
import { isAlive, type ProcStat } from '../proc/proc-stat';
import { isSame, readStat } from '../proc/read-stat';
import type { Trace } from './child-walk';
import { adoptChild } from './family';
import { findLineage, type Lineage, readPath } from './lineage';
import { isManagers, isRunBySystemd } from './unit-role';
import type { UnitStates } from './unit-state';
import { type Candidate, mostCandidates, type Watch } from './watch';

/**
 * Adds the found processes that descend from the app by session or cgroup, once that is known, although no walk from a parent
 * finds them. Returns those that descended from it and have ended.
 */
export function adoptRelated(
  proc: ProcReader,
  watch: Watch,
  units: UnitStates,
  ownPid: number,
  found: readonly ProcStat[],
  now: number,
): readonly Trace[] {
  const { candidates } = watch;
  const traces: Trace[] = [];
  for (const stat of found) {
    const isKnown = isSame(stat, candidates.get(stat.pid)?.stat);
    if (candidates.size < mostCandidates && !isKnown && stat.pid !== ownPid)
      candidates.set(stat.pid, { stat, seenAt: now });
  }
  for (const [pid, candidate] of candidates) {
    const { stat, seenAt } = candidate;
    const isGone = seenAt !== now && !isSame(readStat(proc, pid), stat);
    const isLost = isGone && candidate.leftIn === undefined;
    const lineage = isLost || !isAlive(stat) ? undefined : lineageOf(proc, watch, units, candidate, now);
    if (lineage === 'asking') {
      if (!isGone && isLeft(proc, stat)) candidate.leftIn ??= readPath(proc, pid);
      continue;
    }
    candidates.delete(pid);
    if (lineage === undefined) continue;
    if (isGone) traces.push({ kind: 'forked', stat });
    else adoptChild(watch, stat, lineage === 'session' ? undefined : lineage.cgroup);
  }
  return traces;
}

/**
 * systemd can tell later, too, whether one of its commands left this process. But a command itself, or a process that a
 * running command began, may be gone before systemd answers, and systemd remembers only the last run of each command.
 */
function isLeft(proc: ProcReader, { pid, ppid, session }: ProcStat): boolean {
  return session !== pid && ppid === 1 && readStat(proc, session) === 'gone';
}

function lineageOf(
  proc: ProcReader,
  watch: Watch,
  units: UnitStates,
  { stat, seenAt, unit, leftIn }: Candidate,
  now: number,
): Lineage {
  if (unit === undefined)
    return watch.instances.has(stat.pid)
      ? undefined
      : findLineage(proc, watch, stat, units, now, seenAt, leftIn);
  if (watch.sessions.has(stat.session)) return 'session';
  const isIts = isRunBySystemd(proc) && isManagers({ proc, units, unit, seenAt, now }, stat);
  return isIts === 'asking' ? 'asking' : isIts ? undefined : 'session';
}
