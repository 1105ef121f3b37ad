import { collectEvidence, type Evidence } from './evidence';
import type { ProcReader } from './proc-reader';
import { isAlive, type ProcStat, parseChildren } from './proc-stat';
import { createProcessDiscovery, type ProcessScan, readStat } from './process-discovery';

export type ProcessState = 'running' | 'not-running' | 'no-permission';

/** One look at the children of the processes of one name. */
export interface ChildSample {
  readonly name: string;
  readonly metric: string;
  readonly state: ProcessState;
  /** Descendants alive now, of all instances, zombies left out. */
  readonly children: number;
  /** A child ended and was waited for since the last look, so there was at least one. */
  readonly reaped: boolean;
  /** Children seen for the first time, or seen again after they became another program. */
  readonly evidence: readonly Evidence[];
}

export interface ChildSampler {
  /** `now` need not be the time of day, but must go on evenly. */
  sample(now: number): readonly ChildSample[];
}

export interface WatchedProcess {
  readonly name: string;
  readonly metric: string;
}

export interface SamplerOptions {
  readonly users: (id: number) => string;
  /** Epoch milliseconds, for the start times of evidence. */
  readonly wallClock: () => number;
  /** The agent itself is no child of anything it watches. */
  readonly ownPid: number;
}

interface Follow {
  readonly startTicks: number;
  readonly reapedWork: number;
}

interface Child extends Follow {
  readonly comm: string;
  readonly looks: number;
}

interface Instance extends Follow {
  /** Its kernel name when it was found. */
  readonly comm: string;
}

interface Watch extends WatchedProcess {
  readonly instances: Map<number, Instance>;
  children: Map<number, Child>;
}

type ListChildren = (pid: number) => readonly number[];

/** A fork bomb shall not take the agent along. */
const mostChildren = 4096;
const mostEvidence = 10;
/** Seen after its fork, after its exec, and once more; a process may change its name for ever. */
const mostLooks = 3;

/**
 * Samples the descendants of named processes. A descendant stays one until it ends, also when its parent ended
 * and it belongs to pid 1 now; only a process of the watched name that was left so is an instance of its own.
 */
export function createChildSampler(
  proc: ProcReader,
  watched: readonly WatchedProcess[],
  options: SamplerOptions,
): ChildSampler {
  const { users, wallClock, ownPid } = options;
  // proc_pid_task_children(5) needs CONFIG_PROC_CHILDREN.
  const hasChildrenFiles = typeof proc.read(`${ownPid}/task/${ownPid}/children`) !== 'string';
  const names = watched.map(({ name }) => name);
  const discovery = createProcessDiscovery(proc, names, ownPid, !hasChildrenFiles);
  const watches = watched.map((one): Watch => ({ ...one, instances: new Map(), children: new Map() }));

  return {
    sample: (now) => {
      const rechecks = watches.map((watch) => recheckInstances(proc, watch));
      const vanished = rechecks.some((recheck) => recheck.vanished);
      const found = discovery.look(now, vanished);
      const listChildren = hasChildrenFiles
        ? childrenFromFiles(proc)
        : childrenFromScan(discovery.lastScan());
      return watches.map((watch, index) => {
        const { name, metric } = watch;
        for (const { pid, startTicks } of found.get(name) ?? []) addInstance(proc, watch, pid, startTicks);
        const { fresh, reaped } = recheckChildren(proc, watch, listChildren, ownPid);
        const evidence = fresh
          .slice(0, mostEvidence)
          .map((stat) => collectEvidence(proc, metric, stat, users, wallClock()));
        const state = stateOf(watch, discovery.lastScan());
        const hasReaped = reaped || rechecks[index]?.reaped === true;
        return { name, metric, state, children: watch.children.size, reaped: hasReaped, evidence };
      });
    },
  };
}

/** Looks again at the known instances: has one gone, or waited for a child? */
function recheckInstances(proc: ProcReader, watch: Watch): { vanished: boolean; reaped: boolean } {
  let vanished = false;
  let reaped = false;
  for (const [pid, before] of watch.instances) {
    const stat = readStat(proc, pid);
    if (!stat || stat.startTicks !== before.startTicks || !isAlive(stat)) {
      watch.instances.delete(pid);
      vanished = true;
      continue;
    }
    if (stat.reapedWork > before.reapedWork) reaped = true;
    watch.instances.set(pid, { ...before, reapedWork: stat.reapedWork });
  }
  return { vanished, reaped };
}

/** Takes what it reaped so far as its start: a script that ran commands and then became the app is no violation. */
function addInstance(proc: ProcReader, watch: Watch, pid: number, startTicks: number): void {
  const stat = readStat(proc, pid);
  if (!stat || stat.startTicks !== startTicks || !isAlive(stat)) return;
  if (watch.instances.has(pid)) return;
  watch.instances.set(pid, { startTicks, reapedWork: stat.reapedWork, comm: stat.comm });
}

/** Walks down from the instances, and from children whose parent ended. Says whether one of them waited for a child. */
function recheckChildren(
  proc: ProcReader,
  watch: Watch,
  listChildren: ListChildren,
  ownPid: number,
): { fresh: readonly ProcStat[]; reaped: boolean } {
  const next = new Map<number, Child>();
  const fresh: ProcStat[] = [];
  let reaped = false;
  const visit = (pid: number): void => {
    if (pid === ownPid || next.has(pid) || next.size >= mostChildren) return;
    const stat = readStat(proc, pid);
    if (!stat || !isAlive(stat)) return;
    const last = watch.children.get(pid);
    const before = last?.startTicks === stat.startTicks ? last : undefined;
    if (before && stat.reapedWork > before.reapedWork) reaped = true;
    const changed = before === undefined || (before.comm !== stat.comm && before.looks < mostLooks);
    if (changed) fresh.push(stat);
    // Found between fork and exec, with its parent's name: never an instance of its own.
    if (watch.instances.has(pid) && watch.instances.get(pid)?.comm !== stat.comm) watch.instances.delete(pid);
    const { startTicks, comm, reapedWork } = stat;
    next.set(pid, { startTicks, comm, reapedWork, looks: (before?.looks ?? 0) + (changed ? 1 : 0) });
    for (const child of listChildren(pid)) visit(child);
  };
  for (const pid of watch.instances.keys()) for (const child of listChildren(pid)) visit(child);
  for (const [pid, before] of watch.children) {
    const isOrphan = !next.has(pid) && !watch.instances.has(pid);
    if (isOrphan && readStat(proc, pid)?.startTicks === before.startTicks) visit(pid);
  }
  watch.children = next;
  return { fresh, reaped };
}

function stateOf(watch: Watch, scan: ProcessScan | undefined): ProcessState {
  if (watch.instances.size > 0) return 'running';
  return scan?.hidden ? 'no-permission' : 'not-running';
}

function childrenFromFiles(proc: ProcReader): ListChildren {
  return (pid) => {
    const threads = proc.list(`${pid}/task`);
    if (typeof threads === 'string') return [];
    // A child belongs to the thread that made it.
    return threads.flatMap((thread) => {
      const bytes = proc.read(`${pid}/task/${thread}/children`);
      return typeof bytes === 'string' ? [] : parseChildren(bytes);
    });
  };
}

function childrenFromScan(scan: ProcessScan | undefined): ListChildren {
  const byParent = new Map<number, number[]>();
  for (const { pid, ppid } of scan?.stats.values() ?? []) {
    const siblings = byParent.get(ppid);
    if (siblings) siblings.push(pid);
    else byParent.set(ppid, [pid]);
  }
  return (pid) => byParent.get(pid) ?? [];
}
