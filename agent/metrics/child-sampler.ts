import { childrenFromFiles, childrenFromScan, type Family, walkFamily } from './child-walk';
import { collectEvidence, type Evidence } from './evidence';
import type { ProcReader } from './proc-reader';
import { isAlive } from './proc-stat';
import { createProcessDiscovery, type ProcessScan, readStat } from './process-discovery';

export type ProcessState = 'running' | 'not-running' | 'no-permission';

/** One look at the children of the processes of one name. */
export interface ChildSample {
  readonly name: string;
  readonly metric: string;
  readonly state: ProcessState;
  /** Descendants alive now, of all instances, zombies left out. */
  readonly children: number;
  /** A child that no look ever saw alive has ended since the last look, so there was at least one. */
  readonly cameAndWent: boolean;
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

interface SamplerOptions {
  readonly users: (id: number) => string;
  /** Epoch milliseconds, for the start times of evidence. */
  readonly wallClock: () => number;
  /** The agent itself is no child of anything it watches. */
  readonly ownPid: number;
}

type Watch = WatchedProcess & Family;

const mostEvidence = 10;

/**
 * Samples the descendants of named processes. A descendant stays one until it ends, also when its parent ended
 * and it belongs to pid 1 now; only a process of the watched name that was left so is an instance of its own.
 */
export function createChildSampler(
  proc: ProcReader,
  watched: readonly WatchedProcess[],
  { users, wallClock, ownPid }: SamplerOptions,
): ChildSampler {
  // proc_pid_task_children(5) needs CONFIG_PROC_CHILDREN.
  const hasChildrenFiles = typeof proc.read(`${ownPid}/task/${ownPid}/children`) !== 'string';
  const names = watched.map(({ name }) => name);
  const discovery = createProcessDiscovery(proc, names, ownPid, !hasChildrenFiles);
  const fromFiles = childrenFromFiles(proc);
  const watches = watched.map(
    (one): Watch => ({ ...one, instances: new Map(), children: new Map(), zombies: new Map() }),
  );

  return {
    sample: (now) => {
      const hasLost = watches.map((watch) => dropEnded(proc, watch)).includes(true);
      const found = discovery.look(now, hasLost);
      const scan = discovery.lastScan();
      const listChildren = hasChildrenFiles ? fromFiles : childrenFromScan(scan?.stats.values() ?? []);
      return watches.map((watch) => {
        const { name, metric } = watch;
        for (const { pid, startTicks } of found.get(name) ?? []) addInstance(proc, watch, pid, startTicks);
        const { fresh, cameAndWent } = walkFamily(proc, watch, listChildren, ownPid);
        const evidence = fresh
          .slice(0, mostEvidence)
          .map((stat) => collectEvidence(proc, metric, stat, users, wallClock()));
        return {
          name,
          metric,
          state: stateOf(watch, scan),
          children: watch.children.size,
          cameAndWent,
          evidence,
        };
      });
    },
  };
}

/** Forgets the instances that have ended, and says whether there were any. */
function dropEnded(proc: ProcReader, { instances }: Watch): boolean {
  let hasLost = false;
  for (const [pid, before] of instances) {
    const stat = readStat(proc, pid);
    if (stat && stat.startTicks === before.startTicks && isAlive(stat)) continue;
    instances.delete(pid);
    hasLost = true;
  }
  return hasLost;
}

/** Takes what it reaped so far as its start: a script that ran commands and then became the app is no violation. */
function addInstance(proc: ProcReader, { instances }: Watch, pid: number, startTicks: number): void {
  const stat = readStat(proc, pid);
  if (!stat || stat.startTicks !== startTicks || !isAlive(stat) || instances.has(pid)) return;
  instances.set(pid, { startTicks, reapedWork: stat.reapedWork, comm: stat.comm, isKnown: false });
}

function stateOf(watch: Watch, scan: ProcessScan | undefined): ProcessState {
  if (watch.instances.size > 0) return 'running';
  return scan?.hidden ? 'no-permission' : 'not-running';
}
