import type { ProcessSelector } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import { isAlive, type ProcStat, parseReapedTicks } from '../proc/proc-stat';
import { describeCaveats, ignoresChildren } from './caveats';
import {
  adoptChild,
  childrenFromFiles,
  childrenFromScan,
  dropUnrelated,
  type Family,
  type ListChildren,
  type Trace,
  type Walk,
  walkFamily,
} from './child-walk';
import {
  addKinship,
  findLineage,
  isManagers,
  isRunBySystemd,
  isStillRelated,
  judgeCgroups,
  type LineageWatch,
  listShared,
  renewKinship,
  roleOf,
} from './lineage';
import type { Caveat, ProcessState, Sight } from './metric-sample';
import {
  createProcessDiscovery,
  type Discovered,
  type ProcessScan,
  readStat,
  readStatAgain,
} from './process-discovery';
import { askSystemctl, createUnitStates, type UnitStates } from './unit-state';

/** One look at the watched processes of one selector and at their descendants. */
export interface FamilySample {
  readonly state: ProcessState;
  readonly family: Family;
  /** Children seen for the first time, or seen again after they became another program; oldest first. */
  readonly fresh: readonly ProcStat[];
  /** Children that no look ever saw alive and that ended since the last look. */
  readonly traces: readonly Trace[];
  /** Why there may be more than was seen: so that a count of 0 would be a guess. */
  readonly unseen?: string;
  /** What a look can't tell of these processes, in words, though all that can be seen was seen. */
  readonly caveats: readonly Caveat[];
  /** The exceptions of a metric that children were at this look. */
  readonly excepted?: readonly string[];
}

export interface ChildSampler {
  /** One sample for each selector, in their order. `now` need not be the time of day, but must go on evenly. */
  sample(now: number): readonly FamilySample[];
  sight(): Sight;
  /** Milliseconds of a processor that other programs used for it. */
  helpersMs(): number;
}

interface Watch extends Family, LineageWatch {
  readonly selector: ProcessSelector;
  /** Kernel name of the instance that ended last. */
  endedComm?: string;
  /** A process of it ignores SIGCHLD, as far as was seen at the last scan or when it was found. */
  isDeaf: boolean;
  /** Who may be kin, once systemd has said whether it is its own. */
  readonly candidates: Map<number, Candidate>;
  /** What runs in the unit that is watched, until it is known to be more than a command of systemd's. */
  waiting: readonly Candidate[];
}

interface Candidate {
  readonly stat: ProcStat;
  readonly seenAt: number;
  /** It runs in the unit that is watched, so only systemd can have another claim. */
  readonly unit?: string;
}

const mostCandidates = 256;

/**
 * Samples the descendants of the selected processes. A descendant stays one until it ends, also when its parent ended
 * and it belongs to pid 1 now; only a process that is selected itself and was left so is an instance of its own.
 * `ownPid` is the agent's, which is no child of anything it watches.
 */
export function createChildSampler(
  proc: ProcReader,
  selectors: readonly ProcessSelector[],
  ownPid: number,
  units: UnitStates = createUnitStates(askSystemctl, () => readReapedMs(proc, ownPid)),
): ChildSampler {
  const hasChildrenFiles = lookForChildrenFiles(proc, ownPid);
  const discovery = createProcessDiscovery(proc, selectors, ownPid);
  const fromFiles = childrenFromFiles(proc);
  const watches = selectors.map(
    (selector): Watch => ({
      selector,
      instances: new Map(),
      children: new Map(),
      zombies: new Map(),
      sessions: new Map(),
      cgroups: new Map(),
      isDeaf: false,
      candidates: new Map(),
      waiting: [],
    }),
  );
  const lineageOf = (watch: Watch, { stat, seenAt, unit }: Candidate, now: number) => {
    const isGone = seenAt !== now && !isSame(readStat(proc, stat.pid), stat);
    if (isGone || !isAlive(stat) || stat.pid === ownPid) return undefined;
    if (unit === undefined)
      return watch.instances.has(stat.pid) ? undefined : findLineage(proc, watch, stat, units, now, seenAt);
    if (watch.sessions.has(stat.session)) return 'session';
    const isIts = isRunBySystemd(proc) && isManagers(proc, units, unit, stat, seenAt, now);
    return isIts === 'asking' ? 'asking' : isIts ? undefined : 'session';
  };
  const adoptRelated = (watch: Watch, found: readonly ProcStat[], now: number): void => {
    const { candidates } = watch;
    for (const stat of found) {
      const isKnown = isSame(stat, candidates.get(stat.pid)?.stat);
      if (candidates.size < mostCandidates && !isKnown) candidates.set(stat.pid, { stat, seenAt: now });
    }
    for (const [pid, candidate] of candidates) {
      const lineage = lineageOf(watch, candidate, now);
      if (lineage !== 'asking') candidates.delete(pid);
      if (lineage !== undefined && lineage !== 'asking')
        adoptChild(watch, candidate.stat, lineage === 'session' ? undefined : lineage.cgroup);
    }
  };
  const sampleOne = (
    watch: Watch,
    index: number,
    found: Discovered,
    listChildren: ListChildren,
    now: number,
  ): FamilySample => {
    const scan = discovery.lastScan();
    const isNew = takeSelected(proc, watch, found.selected[index] ?? [], scan, now, units);
    const isOwn = judgeCgroups(watch, units, now);
    // What was there before a watched process, or what it is known by, was found is looked at again then.
    const isAll = isOwn || (isNew && found.isScan);
    if (found.isScan) dropUnrelated(watch, (pid, cgroup) => isStillRelated(proc, watch, pid, cgroup));
    adoptRelated(watch, isAll ? readAll(proc, scan?.pids ?? []) : found.fresh, now);
    const walk = walkFamily(proc, watch, found.isQuiet && !isNew ? undefined : listChildren, ownPid);
    renewKinship(watch, watch);
    // A process may begin to ignore it at any time.
    if (isNew || found.isScan)
      watch.isDeaf = [...watch.instances.keys()].some((pid) => ignoresChildren(proc, pid));
    const unseen = whyUnseen(walk, scan, discovery.unknownTo(index));
    return {
      state: stateOf(watch, scan, unseen),
      family: watch,
      fresh: walk.fresh,
      traces: walk.traces,
      ...(unseen !== undefined && { unseen }),
      caveats: describeCaveats(watch.selector, listShared(watch), watch.isDeaf),
    };
  };

  return {
    helpersMs: () => units.usedMs(),
    sight: () => ({
      mode: hasChildrenFiles() ? 'children' : 'scan',
      announcesPids: discovery.announcesPids(),
      isHidden: discovery.lastScan()?.hidden ?? false,
    }),
    sample: (now) => {
      const hasLost = watches.map((watch) => dropEnded(proc, watch, now)).includes(true);
      const hasFiles = hasChildrenFiles();
      const found = discovery.look(now, hasLost, !hasFiles);
      const listChildren = hasFiles ? fromFiles : childrenFromScan(discovery.lastScan()?.stats ?? []);
      return watches.map((watch, index) => sampleOne(watch, index, found, listChildren, now));
    },
  };
}

/** proc_pid_task_children(5) needs CONFIG_PROC_CHILDREN. A file that is there and can't be read now says nothing. */
function lookForChildrenFiles(proc: ProcReader, ownPid: number): () => boolean {
  let isKnown = false;
  let has = true;
  return () => {
    if (isKnown) return has;
    const bytes = proc.read(`${ownPid}/task/${ownPid}/children`);
    isKnown = typeof bytes !== 'string' || bytes === 'gone';
    has = bytes !== 'gone';
    return has;
  };
}

/** USER_HZ, as in evidence. */
const tickMs = 10;

function readReapedMs(proc: ProcReader, ownPid: number): number {
  const bytes = proc.read(`${ownPid}/stat`);
  return typeof bytes === 'string' ? 0 : parseReapedTicks(bytes) * tickMs;
}

function isSame(stat: ProcStat | string, before: { readonly startTicks: number } | undefined): boolean {
  return typeof stat !== 'string' && stat.startTicks === before?.startTicks;
}

function readAll(proc: ProcReader, pids: Iterable<number>): readonly ProcStat[] {
  return [...pids].flatMap((pid) => {
    const stat = readStat(proc, pid);
    return typeof stat === 'string' ? [] : stat;
  });
}

/** Forgets the instances that have ended, and says whether there were any. One that can't be read has not. */
function dropEnded(proc: ProcReader, watch: Watch, now: number): boolean {
  let hasLost = false;
  for (const [pid, before] of watch.instances) {
    const stat = readStatAgain(proc, pid);
    if (typeof stat === 'string' ? stat !== 'gone' : isStillThere(stat, before)) {
      // Of which thread its children are listed below depends on how many it has now.
      if (typeof stat !== 'string' && stat.threads !== before.threads)
        watch.instances.set(pid, { ...before, threads: stat.threads });
      continue;
    }
    watch.instances.delete(pid);
    watch.endedComm = before.comm;
    hasLost = true;
  }
  if (hasLost && 'unit' in watch.selector && watch.instances.size === 0) succeed(proc, watch, now);
  return hasLost;
}

function isStillThere(stat: ProcStat, before: { readonly startTicks: number }): boolean {
  return stat.startTicks === before.startTicks && isAlive(stat);
}

/**
 * Adds the processes that are selected for the first time, and says whether any became an instance. A unit selects
 * all that runs in its cgroup: the first that is no command of systemd's is its main process, and what came later is
 * that one's.
 */
function takeSelected(
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
      // By what others began: its own kinship begins below.
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
  const role = roleOf(proc, units, unit, stat, seenAt, now);
  return role === 'asking' || role === 'command';
}

/** What a command leaves running is the main process once that one has ended (`Type=forking`). */
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

/** Takes what it reaped so far as its start: a script that ran commands and then became the app is no violation. */
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
  if (typeof stat === 'string' || !isStillThere(stat, { startTicks }) || watch.instances.has(pid))
    return false;
  const { threads, usedTicks, session, comm } = stat;
  // What came and went while systemd was asked is a child's.
  const { reapedWork } = seenAt === now ? stat : found;
  watch.instances.set(pid, { startTicks, threads, reapedWork, usedTicks, session, comm, isKnown: false });
  addKinship(proc, watch, stat, scan?.pids ?? [], now);
  return true;
}

/** A daemon of systemd's `Type=forking` forks itself and ends: what it left of its own name goes on in its place. */
function succeed(proc: ProcReader, watch: Watch, now: number): void {
  for (const pid of [...watch.children.keys()].sort((a, b) => a - b)) {
    const stat = readStat(proc, pid);
    if (typeof stat !== 'string' && stat.comm === watch.endedComm && !watch.children.has(stat.ppid)) {
      addInstance(proc, watch, stat, undefined, now);
      return;
    }
  }
}

function whyUnseen(
  walk: Walk,
  scan: ProcessScan | undefined,
  unknown: number | undefined,
): string | undefined {
  if (!scan || scan.isFailed) return 'the list of processes cannot be read';
  if (scan.hidden) return 'no permission to see all processes (hidepid)';
  if (scan.unread !== undefined) return `process ${scan.unread} cannot be read`;
  if (unknown !== undefined) return `process ${unknown} may be one of them, and its program cannot be seen`;
  if (walk.unseen !== undefined) return `process ${walk.unseen} and its children cannot be read`;
  return undefined;
}

function stateOf(watch: Watch, scan: ProcessScan | undefined, unseen: string | undefined): ProcessState {
  if (watch.instances.size > 0) return 'running';
  if (scan?.hidden) return 'no-permission';
  return unseen === undefined ? 'not-running' : 'unknown';
}
