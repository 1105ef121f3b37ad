import {
  adoptChild,
  childrenFromFiles,
  childrenFromScan,
  type Family,
  type ListChildren,
  type Trace,
  walkFamily,
} from './child-walk';
import type { ProcessSelector } from './definition';
import { addKinship, isKin, type Kinship, renewKinship } from './kin';
import type { ProcessState } from './metric-sample';
import type { ProcReader } from './proc-reader';
import { isAlive, type ProcStat } from './proc-stat';
import {
  createProcessDiscovery,
  type Discovered,
  type ProcessScan,
  readStat,
  readStatAgain,
} from './process-discovery';

/** One look at the watched processes of one selector and at their descendants. */
export interface FamilySample {
  readonly state: ProcessState;
  readonly family: Family;
  /** Children seen for the first time, or seen again after they became another program; oldest first. */
  readonly fresh: readonly ProcStat[];
  /** Children that no look ever saw alive and that ended since the last look. */
  readonly traces: readonly Trace[];
}

export interface ChildSampler {
  /** One sample for each selector, in their order. `now` need not be the time of day, but must go on evenly. */
  sample(now: number): readonly FamilySample[];
}

interface Watch extends Family, Kinship {
  readonly selector: ProcessSelector;
  /** Kernel name of the instance that ended last. */
  endedComm?: string;
}

/**
 * Samples the descendants of the selected processes. A descendant stays one until it ends, also when its parent ended
 * and it belongs to pid 1 now; only a process that is selected itself and was left so is an instance of its own.
 * `ownPid` is the agent's, which is no child of anything it watches.
 */
export function createChildSampler(
  proc: ProcReader,
  selectors: readonly ProcessSelector[],
  ownPid: number,
): ChildSampler {
  // proc_pid_task_children(5) needs CONFIG_PROC_CHILDREN.
  const hasChildrenFiles = typeof proc.read(`${ownPid}/task/${ownPid}/children`) !== 'string';
  const discovery = createProcessDiscovery(proc, selectors, ownPid, !hasChildrenFiles);
  const fromFiles = childrenFromFiles(proc);
  const watches = selectors.map(
    (selector): Watch => ({
      selector,
      instances: new Map(),
      children: new Map(),
      zombies: new Map(),
      sessions: new Set(),
      cgroups: new Set(),
    }),
  );
  const sampleOne = (
    watch: Watch,
    selected: readonly ProcStat[],
    found: Discovered,
    listChildren: ListChildren,
  ): FamilySample => {
    const scan = discovery.lastScan();
    const isNew = takeSelected(proc, watch, selected);
    // What was there before a watched process was found is looked at again then.
    const candidates = isNew && found.isScan ? readAll(proc, scan?.pids ?? []) : found.fresh;
    for (const stat of candidates)
      if (stat.pid !== ownPid && isAlive(stat) && !watch.instances.has(stat.pid) && isKin(proc, watch, stat))
        adoptChild(watch, stat);
    const { fresh, traces } = walkFamily(proc, watch, listChildren, ownPid);
    renewKinship(watch, watch);
    return { state: stateOf(watch, scan), family: watch, fresh, traces };
  };

  return {
    sample: (now) => {
      const hasLost = watches.map((watch) => dropEnded(proc, watch)).includes(true);
      const found = discovery.look(now, hasLost);
      const listChildren = hasChildrenFiles ? fromFiles : childrenFromScan(discovery.lastScan()?.stats ?? []);
      return watches.map((watch, index) =>
        sampleOne(watch, found.selected[index] ?? [], found, listChildren),
      );
    },
  };
}

function readAll(proc: ProcReader, pids: Iterable<number>): readonly ProcStat[] {
  return [...pids].flatMap((pid) => readStat(proc, pid) ?? []);
}

/** Forgets the instances that have ended, and says whether there were any. */
function dropEnded(proc: ProcReader, watch: Watch): boolean {
  let hasLost = false;
  for (const [pid, before] of watch.instances) {
    const stat = readStatAgain(proc, pid);
    if (stat && stat.startTicks === before.startTicks && isAlive(stat)) {
      // Of which thread its children are listed below depends on how many it has now.
      if (stat.threads !== before.threads) watch.instances.set(pid, { ...before, threads: stat.threads });
      continue;
    }
    watch.instances.delete(pid);
    watch.endedComm = before.comm;
    hasLost = true;
  }
  if (hasLost && 'unit' in watch.selector && watch.instances.size === 0) succeed(proc, watch);
  return hasLost;
}

/**
 * Adds the processes that are selected for the first time, and says whether any became an instance. A unit selects
 * all that runs in its cgroup: the first is its main process, and what came later is that one's.
 */
function takeSelected(proc: ProcReader, watch: Watch, selected: readonly ProcStat[]): boolean {
  let isNew = false;
  for (const found of selected) {
    const { instances, children } = watch;
    const isTaken = instances.size > 0 || children.has(found.pid) || children.has(found.ppid);
    if ('unit' in watch.selector && isTaken) adoptChild(watch, found);
    else {
      // By what others began: its own kinship begins below.
      const root = isKin(proc, watch, found) ? instances.keys().next().value : undefined;
      isNew = addInstance(proc, watch, found) || isNew;
      if (root !== undefined) adoptChild(watch, found, root);
    }
  }
  return isNew;
}

/** Takes what it reaped so far as its start: a script that ran commands and then became the app is no violation. */
function addInstance(proc: ProcReader, watch: Watch, { pid, startTicks }: ProcStat): boolean {
  const stat = readStat(proc, pid);
  if (!stat || stat.startTicks !== startTicks || !isAlive(stat) || watch.instances.has(pid)) return false;
  const { threads, reapedWork, usedTicks, session, comm } = stat;
  watch.instances.set(pid, { startTicks, threads, reapedWork, usedTicks, session, comm, isKnown: false });
  addKinship(proc, watch, stat);
  return true;
}

/** A daemon of systemd's `Type=forking` forks itself and ends: what it left of its own name goes on in its place. */
function succeed(proc: ProcReader, watch: Watch): void {
  for (const pid of [...watch.children.keys()].sort((a, b) => a - b)) {
    const stat = readStat(proc, pid);
    if (stat && stat.comm === watch.endedComm && !watch.children.has(stat.ppid)) {
      addInstance(proc, watch, stat);
      return;
    }
  }
}

function stateOf(watch: Watch, scan: ProcessScan | undefined): ProcessState {
  if (watch.instances.size > 0) return 'running';
  return scan?.hidden ? 'no-permission' : 'not-running';
}
