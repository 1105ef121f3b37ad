import type { ProcReader } from '../proc/proc-reader';
import type { ProcStat } from '../proc/proc-stat';
import { isSame, isThere, readStat, readStatAgain } from '../proc/read-stat';
import { adoptChild } from './family';
import { addLineage, findLineage } from './lineage';
import type { ProcessScan } from './process-discovery';
import { identifyProgram } from './replaced';
import { isRunBySystemd, roleOf } from './unit-role';
import type { UnitStates } from './unit-state';
import { type Candidate, mostCandidates, type Watch } from './watch';

/**
 * Forgets the instances that have ended, and returns whether there were any. An instance that can't be read has not
 * ended.
 */
export function dropEnded(proc: ProcReader, watch: Watch, now: number): boolean {
  let hasLost = false;
  for (const [pid, before] of watch.instances) {
    const stat = readStatAgain(proc, pid);
    if (isThere(stat, before)) {
      // The number of its threads decides in which of their lists its children are.
      if (typeof stat !== 'string' && (stat.threads !== before.threads || stat.comm !== before.seenComm))
        watch.instances.set(pid, { ...before, threads: stat.threads, seenComm: stat.comm });
      continue;
    }
    watch.instances.delete(pid);
    watch.endedComm = before.comm;
    hasLost = true;
  }
  if (hasLost && 'unit' in watch.selector && watch.instances.size === 0) succeed(proc, watch, now);
  return hasLost;
}

/**
 * Adds the processes that are selected for the first time, and returns whether any became an instance. A unit selects
 * everything in its cgroup: the first process that is no command of systemd is the main process, and later ones are its
 * descendants.
 */
export function takeSelected(
  proc: ProcReader,
  watch: Watch,
  selected: readonly ProcStat[],
  scan: ProcessScan | undefined,
  now: number,
  units: UnitStates,
): boolean {
  let isNew = false;
  const { waiting } = watch;
  watch.waiting = [];
  for (const { stat: found, seenAt } of [...waiting, ...selected.map((stat) => ({ stat, seenAt: now }))]) {
    const { instances, children } = watch;
    const isTaken = instances.size > 0 || isSame(found, children.get(found.pid)) || children.has(found.ppid);
    if ('unit' in watch.selector && isTaken)
      watch.candidates.set(found.pid, { stat: found, seenAt, unit: watch.selector.unit });
    else if ('unit' in watch.selector && isCommand(proc, watch.selector.unit, found, seenAt, now, units))
      watch.waiting = wait(proc, watch.waiting, found, seenAt, now);
    else {
      // The lineage that others began: its own begins below.
      const lineage = findLineage(proc, watch, found, units, now, now);
      const root = lineage === undefined || lineage === 'asking' ? undefined : instances.keys().next().value;
      isNew = addInstance(proc, watch, found, scan, now, seenAt) || isNew;
      if (root !== undefined)
        adoptChild(watch, found, typeof lineage === 'object' ? lineage.cgroup : undefined, root);
    }
  }
  return isNew;
}

/** Says whether a process is a command of systemd's for the unit, or may be, since systemd has not answered yet. */
function isCommand(
  proc: ProcReader,
  unit: string,
  stat: ProcStat,
  seenAt: number,
  now: number,
  units: UnitStates,
): boolean {
  if (!isRunBySystemd(proc)) return false;
  const role = roleOf({ proc, units, unit, seenAt, now }, stat);
  return role === 'asking' || role === 'command';
}

/** A process that a command leaves running becomes the main process once the command has ended (`Type=forking`). */
function wait(
  proc: ProcReader,
  waiting: readonly Candidate[],
  stat: ProcStat,
  seenAt: number,
  now: number,
): readonly Candidate[] {
  const isGone =
    waiting.length >= mostCandidates || (seenAt !== now && !isSame(readStat(proc, stat.pid), stat));
  return isGone ? waiting : [...waiting, { stat, seenAt }];
}

/**
 * The children that it has reaped so far don't count: a script that ran commands and then became the app is no
 * violation.
 */
function addInstance(
  proc: ProcReader,
  watch: Watch,
  found: ProcStat,
  scan: ProcessScan | undefined,
  now: number,
  seenAt = now,
): boolean {
  const { pid, startTicks } = found;
  const stat = readStat(proc, pid);
  if (typeof stat === 'string' || !isThere(stat, { startTicks }) || watch.instances.has(pid)) return false;
  const { threads, usedTicks, session, comm } = stat;
  // A process that came and went while systemd was asked is a child.
  const { reapedWork } = seenAt === now ? stat : found;
  const counts = { startTicks, threads, reapedWork, usedTicks, session };
  const program = identifyProgram(proc, pid, comm);
  watch.instances.set(pid, { ...counts, comm, seenComm: comm, foundAt: now, ...program, isKnown: false });
  addLineage(proc, watch, stat, scan?.pids ?? [], now);
  return true;
}

/** A daemon of systemd's `Type=forking` forks and ends: the process of the same name that it left takes its place. */
function succeed(proc: ProcReader, watch: Watch, now: number): void {
  for (const pid of [...watch.children.keys()].sort((a, b) => a - b)) {
    const stat = readStat(proc, pid);
    if (typeof stat !== 'string' && stat.comm === watch.endedComm && !watch.children.has(stat.ppid)) {
      addInstance(proc, watch, stat, undefined, now);
      return;
    }
  }
}
