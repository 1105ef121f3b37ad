import type { ProcReader } from '../proc/proc-reader';
import { isAlive, type ProcStat } from '../proc/proc-stat';
import { readStat, readStatAgain } from '../proc/read-stat';
import { type Child, type Ended, type Family, isOnItsOwn, lookAt, mostChildren } from './family';
import type { ListChildren } from './list-children';

/**
 * A child whose program no look saw. Its own stat if it left a zombie or was seen once, just after the fork; else the
 * stat of the parent that waited for it.
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

interface Step {
  readonly pid: number;
  /** When the known process with this number began; another process may have the number now. */
  readonly startTicks?: number;
  readonly root: number;
  readonly relatedBy: string | undefined;
  readonly isParentKnown: boolean;
}

/**
 * Walks down from the instances, and from children whose parent ended, and brings the family up to date.
 * It reads what a process reaped after its children. So a child that is listed and then waited for counts as seen,
 * and the rise never shows a look later, without the child that explains it.
 * Without `listChildren` there can be no new children, and it looks at the known ones only.
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
      // It was there at the last look, and nothing shows that it ended.
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

/** A child that was seen and has ended explains why the counters of its parent rose. */
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
