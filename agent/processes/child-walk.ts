import type { ProcReader, ReadFailure } from '../proc/proc-reader';
import { isAlive, type ProcStat, parseChildren } from '../proc/proc-stat';
import { readStat, readStatAgain } from './process-discovery';

/** A watched process. */
interface Instance {
  readonly startTicks: number;
  readonly threads: number;
  readonly reapedWork: number;
  readonly usedTicks: number;
  readonly session: number;
  /** Its kernel name when it was found. */
  readonly comm: string;
  /** It was there at an earlier look, so what is new below it is new. */
  readonly isKnown: boolean;
}

interface Ended {
  readonly startTicks: number;
  readonly ppid: number;
}

interface Child extends Ended {
  readonly threads: number;
  readonly comm: string;
  readonly reapedWork: number;
  readonly usedTicks: number;
  readonly session: number;
  readonly looks: number;
  /** At how many looks it was there. */
  readonly age: number;
  /** The instance that it descends from. */
  readonly root: number;
  /** The cgroup that it, or an ancestor of it, is held to be kin for. Undefined where the kernel says whose it is. */
  readonly relatedBy: string | undefined;
}

/** What is known of the watched processes of one selector and of what they started. */
export interface Family {
  readonly instances: Map<number, Instance>;
  children: Map<number, Child>;
  zombies: ReadonlyMap<number, Ended>;
}

/**
 * A child of which no look saw what it ran: its own stat where it left a zombie, or where it was seen once, just forked;
 * else that of the parent who waited for it.
 */
export type Trace =
  | { readonly kind: 'zombie' | 'forked'; readonly stat: ProcStat }
  | { readonly kind: 'reaped'; readonly parent: number };

export interface Walk {
  /** Children seen for the first time, or seen again after they became another program; oldest first. */
  readonly fresh: readonly ProcStat[];
  /** Children that came and went since the last look. */
  readonly traces: readonly Trace[];
  /** A process whose children, or whose own state, could not be read. */
  readonly unseen: number | undefined;
}

/** `threads` is how many the process had when it was last looked at, if it was. */
export type ListChildren = (pid: number, threads: number | undefined) => readonly number[] | ReadFailure;

/** A fork bomb shall not take the agent along. */
const mostChildren = 4096;
/** Seen after its fork, after its exec, and once more; a process may change its name for ever. */
const mostLooks = 3;

interface Step {
  readonly pid: number;
  /** When the process with this number began, if it is one that was seen before: another may have it by now. */
  readonly startTicks?: number;
  readonly root: number;
  readonly relatedBy: string | undefined;
  readonly isParentKnown: boolean;
}

/**
 * Walks down from the instances, and from children whose parent ended, and brings the family up to date.
 * What a process reaped is read after its children: so a child that is listed and then waited for counts
 * as seen, and the rise never shows a look later, without the child that explains it.
 * Without `listChildren` there can be no new ones, and those that are known are looked at.
 */
export function walkFamily(
  proc: ProcReader,
  family: Family,
  listChildren: ListChildren | undefined,
  ownPid: number,
): Walk {
  const seen = new Set<number>();
  const children = new Map<number, Child>();
  const zombies = new Map<number, Ended>();
  const fresh: ProcStat[] = [];
  const reapers: number[] = [];
  const traces: Trace[] = [];
  let unseen: number | undefined;

  const childrenOf = (pid: number, threads: number | undefined): readonly number[] => {
    const list = listChildren?.(pid, threads) ?? [];
    if (typeof list !== 'string') return list;
    if (list !== 'gone') unseen ??= pid;
    return [];
  };
  const lookAtOne = (step: Step, last: Child | undefined): void => {
    const { pid, root, relatedBy, isParentKnown } = step;
    const stat = readStatAgain(proc, pid);
    if (typeof stat === 'string') {
      if (stat === 'gone') return;
      unseen ??= pid;
      // It was there, and nothing says that it ended.
      if (last) children.set(pid, last);
      return;
    }
    if (step.startTicks !== undefined && step.startTicks !== stat.startTicks) return;
    const before = last?.startTicks === stat.startTicks ? last : undefined;
    if (isAlive(stat)) {
      if (before && stat.reapedWork > before.reapedWork) reapers.push(pid);
      const child = lookAt(stat, before, root, before ? before.relatedBy : relatedBy);
      if (child.looks !== before?.looks) fresh.push(stat);
      children.set(pid, child);
      forgetForked(family, stat);
    } else {
      const wasSeen = before !== undefined || family.zombies.get(pid)?.startTicks === stat.startTicks;
      if (isParentKnown && !wasSeen) traces.push({ kind: 'zombie', stat });
      zombies.set(pid, { startTicks: stat.startTicks, ppid: stat.ppid });
    }
  };
  /** Children first. Not by recursion: a chain of thousands is somebody's to make. */
  const visit = (first: Step): void => {
    const steps: Step[] = [first];
    const listed = new Set<Step>();
    for (let step = steps.at(-1); step; step = steps.at(-1)) {
      const last = family.children.get(step.pid);
      if (listed.has(step)) {
        steps.pop();
        lookAtOne(step, last);
        continue;
      }
      if (step.pid === ownPid || seen.has(step.pid) || seen.size >= mostChildren) {
        steps.pop();
        continue;
      }
      seen.add(step.pid);
      listed.add(step);
      const { root } = step;
      const relatedBy = last ? last.relatedBy : step.relatedBy;
      for (const pid of [...childrenOf(step.pid, last?.threads)].reverse())
        steps.push({ pid, root, relatedBy, isParentKnown: last !== undefined });
    }
  };
  if (!listChildren) for (const [pid, zombie] of family.zombies) visit(stepOf(pid, zombie, pid, undefined));
  for (const [pid, { isKnown, threads }] of family.instances)
    for (const child of childrenOf(pid, threads))
      visit({ pid: child, root: pid, relatedBy: undefined, isParentKnown: isKnown });
  for (const [pid, before] of family.children) {
    if (seen.has(pid) || (family.instances.has(pid) && isOnItsOwn(family, pid, before.root))) continue;
    // Whose children are listed must be it.
    const stat = listChildren ? readStat(proc, pid) : undefined;
    if (stat === 'gone' || (typeof stat === 'object' && stat.startTicks !== before.startTicks)) continue;
    visit(stepOf(pid, before, before.root, before.relatedBy));
  }
  reapers.push(...updateInstances(proc, family));
  const explained = findParentsOfGone(family, children, zombies);
  family.children = children;
  family.zombies = zombies;
  for (const parent of reapers) if (!explained.has(parent)) traces.push({ kind: 'reaped', parent });
  return { fresh: fresh.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid), traces, unseen };
}

function stepOf(pid: number, { startTicks }: Ended, root: number, relatedBy: string | undefined): Step {
  return { pid, startTicks, root, relatedBy, isParentKnown: true };
}

/** A process that goes by the name of the app it descends from is an app of its own once that one has ended, not before. */
function isOnItsOwn({ instances }: Family, pid: number, root: number): boolean {
  return root === pid || !instances.has(root);
}

/** Takes a process in as a child that no walk from a parent finds, with what it reaped so far as its start. */
export function adoptChild(
  family: Family,
  stat: ProcStat,
  relatedBy: string | undefined,
  root = family.instances.keys().next().value,
): void {
  const { pid, startTicks } = stat;
  if (family.children.get(pid)?.startTicks === startTicks) return;
  if (family.instances.has(pid) && isOnItsOwn(family, pid, root ?? pid)) return;
  if (family.children.size >= mostChildren) return;
  family.children.set(pid, { ...lookAt(stat, undefined, root ?? pid, relatedBy), looks: 0, age: 0 });
}

/** Lets go of the children whose kinship does not hold any more, with all that was found through them. */
export function dropUnrelated(
  family: Family,
  isStillRelated: (pid: number, cgroup: string) => boolean,
): void {
  for (const [pid, { relatedBy }] of family.children)
    if (relatedBy !== undefined && !isStillRelated(pid, relatedBy)) family.children.delete(pid);
}

function lookAt(
  stat: ProcStat,
  before: Child | undefined,
  root: number,
  relatedBy: string | undefined,
): Child {
  const { startTicks, threads, ppid, comm, reapedWork, usedTicks, session } = stat;
  const looks = before?.looks ?? 0;
  const isChanged = looks === 0 || (before?.comm !== comm && looks < mostLooks);
  return {
    startTicks,
    threads,
    ppid,
    comm,
    reapedWork,
    usedTicks,
    session,
    looks: isChanged ? looks + 1 : looks,
    age: (before?.age ?? 0) + 1,
    root,
    relatedBy,
  };
}

/** A child found between fork and exec, with its parent's name, is no instance of its own. */
function forgetForked(family: Family, stat: ProcStat): void {
  const instance = family.instances.get(stat.pid);
  if (instance && instance.comm !== stat.comm) family.instances.delete(stat.pid);
}

/** Gives the instances that waited for a child since the last look. */
function updateInstances(proc: ProcReader, family: Family): readonly number[] {
  const reapers: number[] = [];
  for (const [pid, before] of family.instances) {
    const stat = readStatAgain(proc, pid);
    if (typeof stat === 'string' || stat.startTicks !== before.startTicks) continue;
    const { threads, reapedWork, usedTicks, session } = stat;
    if (reapedWork > before.reapedWork) reapers.push(pid);
    family.instances.set(pid, { ...before, threads, reapedWork, usedTicks, session, isKnown: true });
  }
  return reapers;
}

/** A child that was seen and is gone explains that its parent waited for one. */
function findParentsOfGone(
  family: Family,
  children: ReadonlyMap<number, Ended>,
  zombies: ReadonlyMap<number, Ended>,
): ReadonlySet<number> {
  const parents = new Set<number>();
  for (const [pid, { startTicks, ppid }] of [...family.children, ...family.zombies]) {
    const now = children.get(pid) ?? zombies.get(pid);
    if (now?.startTicks !== startTicks) parents.add(ppid);
  }
  return parents;
}

/** Lists children by the kernel's own file (proc_pid_task_children(5)). */
export function childrenFromFiles(proc: ProcReader): ListChildren {
  const readOne = (pid: number, thread: number | string): readonly number[] | ReadFailure => {
    const bytes = proc.readAgain(`${pid}/task/${thread}/children`);
    return typeof bytes === 'string' ? bytes : parseChildren(bytes);
  };
  return (pid, threads) => {
    // A child belongs to the thread that made it, and a process with one thread needs no list of them.
    if (threads === 1) return readOne(pid, pid);
    const all = proc.list(`${pid}/task`);
    if (typeof all === 'string') return all;
    const children: number[] = [];
    for (const thread of all) {
      const some = readOne(pid, thread);
      if (typeof some !== 'string') children.push(...some);
      else if (some !== 'gone') return some;
    }
    return children;
  };
}

/** Lists children by who names whom as parent, for a kernel without such a file. */
export function childrenFromScan(stats: Iterable<ProcStat>): ListChildren {
  const byParent = new Map<number, number[]>();
  for (const { pid, ppid } of stats) {
    const siblings = byParent.get(ppid);
    if (siblings) siblings.push(pid);
    else byParent.set(ppid, [pid]);
  }
  return (pid) => byParent.get(pid) ?? [];
}
