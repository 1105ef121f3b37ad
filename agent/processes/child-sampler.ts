import type { ProcessSelector } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import { type ProcStat, parseReapedTicks, parseUptimeSeconds } from '../proc/proc-stat';
import { readStat } from '../proc/read-stat';
import { adoptRelated } from './candidates';
import { describeCaveats, ignoresChildren } from './caveats';
import { type Trace, type Walk, walkFamily } from './child-walk';
import { dropUnrelated, type Family } from './family';
import { dropEnded, takeSelected } from './instances';
import { isStillRelated, judgeCgroups, listShared, renewLineage } from './lineage';
import { childrenFromFiles, childrenFromScan, type ListChildren } from './list-children';
import type { Caveat, ProcessState, Sight } from './metric-sample';
import { createProcessDiscovery, type Discovered, type ProcessScan } from './process-discovery';
import { dropReplaced } from './replaced';
import { askSystemctl, createUnitStates, readMonotonic, type UnitStates } from './unit-state';
import { createWatch, type Watch } from './watch';

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
  /** The limits of a look at these processes, in words. */
  readonly caveats: readonly Caveat[];
  /** The exceptions of a metric that covered children at this look. */
  readonly excepted?: readonly string[];
}

export interface ChildSampler {
  /** One sample for each selector, in their order. `now` need not be the time of day, but must rise evenly. */
  sample(now: number): readonly FamilySample[];
  sight(): Sight;
  /** Milliseconds of a processor that other programs used for it. */
  helpersMs(): number;
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
  units: UnitStates = createUnitStates(
    askSystemctl,
    () => readReapedMs(proc, ownPid),
    Date.now,
    () => readMonotonic(readUptimeSeconds(proc)),
  ),
): ChildSampler {
  const hasChildrenFiles = lookForChildrenFiles(proc, ownPid);
  const discovery = createProcessDiscovery(proc, selectors, ownPid);
  const fromFiles = childrenFromFiles(proc);
  const watches = selectors.map(createWatch);
  const sampleOne = (
    watch: Watch,
    index: number,
    found: Discovered,
    listChildren: ListChildren,
    now: number,
  ): FamilySample => {
    const scan = discovery.lastScan();
    const selects = (pid: number, comm: string) => discovery.selects(index, pid, comm);
    dropReplaced(proc, watch, { selects, forget: discovery.forget }, found.isScan, now);
    const isNew = takeSelected(proc, watch, found.selected[index] ?? [], scan, now, units);
    const isOwn = judgeCgroups(watch, units, now);
    // A process may have been there before a watched one was found, or before its cgroup was known: then all are looked at again.
    const isAll = isOwn || (isNew && found.isScan);
    if (found.isScan) dropUnrelated(watch, (pid, cgroup) => isStillRelated(proc, watch, pid, cgroup));
    const late = adoptRelated(
      proc,
      watch,
      units,
      ownPid,
      isAll ? readAll(proc, scan?.pids ?? []) : found.fresh,
      now,
    );
    const walk = walkFamily(proc, watch, found.isQuiet && !isNew ? undefined : listChildren, ownPid);
    renewLineage(watch, watch);
    // A process may begin to ignore it at any time.
    if (isNew || found.isScan)
      watch.isDeaf = [...watch.instances.keys()].some((pid) => ignoresChildren(proc, pid));
    const unseen = whyUnseen(walk, scan, discovery.unknownTo(index));
    return {
      state: stateOf(watch, scan, unseen),
      family: watch,
      fresh: walk.fresh,
      traces: [...walk.traces, ...late],
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

/**
 * proc_pid_task_children(5) needs CONFIG_PROC_CHILDREN. If the file exists and can't be read now, the kernel still has
 * the option.
 */
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

function readUptimeSeconds(proc: ProcReader): number | undefined {
  const bytes = proc.read('uptime');
  return typeof bytes === 'string' ? undefined : parseUptimeSeconds(bytes);
}

function readAll(proc: ProcReader, pids: Iterable<number>): readonly ProcStat[] {
  return [...pids].flatMap((pid) => {
    const stat = readStat(proc, pid);
    return typeof stat === 'string' ? [] : stat;
  });
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
