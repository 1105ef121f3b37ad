import type { ProcStat } from '../proc/proc-stat';

/** A watched process. */
export interface Instance {
  readonly startTicks: number;
  readonly threads: number;
  readonly reapedWork: number;
  readonly usedTicks: number;
  readonly session: number;
  /** Its kernel name when it was found. */
  readonly comm: string;
  /** Its kernel name now. */
  readonly seenComm: string;
  readonly foundAt: number;
  /** The file that it runs, if the agent can see it, and its kernel name at that time. */
  readonly program?: { readonly file: string; readonly name: string; readonly comm: string };
  /** It was there at an earlier look, so a child that appears below it is new. */
  readonly isKnown: boolean;
}

export interface Ended {
  readonly startTicks: number;
  readonly ppid: number;
}

export interface Child extends Ended {
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
  /** The cgroup by which it, or an ancestor of it, counts as a descendant; undefined if the kernel lists its parent. */
  readonly relatedBy: string | undefined;
}

/** The watched processes of one selector, and their descendants. */
export interface Family {
  readonly instances: Map<number, Instance>;
  children: Map<number, Child>;
  zombies: ReadonlyMap<number, Ended>;
}

/** A fork bomb shall not take the agent along. */
export const mostChildren = 4096;
/** The names after its fork, after its exec, and one more: a process could change its name for ever. */
const mostLooks = 3;

/** A descendant with the app's name is an instance of its own only after the app has ended. */
export function isOnItsOwn({ instances }: Family, pid: number, root: number): boolean {
  return root === pid || !instances.has(root);
}

/** Adds a process as a child that no walk from a parent finds. The children that it has reaped so far don't count. */
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

/** Removes children that are no longer related to the app, with everything that was found through them. */
export function dropUnrelated(
  family: Family,
  isStillRelated: (pid: number, cgroup: string) => boolean,
): void {
  for (const [pid, { relatedBy }] of family.children)
    if (relatedBy !== undefined && !isStillRelated(pid, relatedBy)) family.children.delete(pid);
}

/** The state of a child after another look. */
export function lookAt(
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
