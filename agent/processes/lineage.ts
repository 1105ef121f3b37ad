import { isInGroup, purposeOf, readCgroup } from '../proc/cgroup';
import type { ProcReader } from '../proc/proc-reader';
import { type ProcStat, parseNamespaceDepth } from '../proc/proc-stat';
import { isThere, readStat } from '../proc/read-stat';
import type { Family } from './family';
import { isManagers, isRunBySystemd } from './unit-role';
import type { UnitStates } from './unit-state';

/**
 * Shows that a process descends from the watched ones although its parent is gone: the session that one of
 * them began, which is inherited at fork and can't be joined, and a cgroup that is known to be theirs alone.
 */
export interface LineageWatch {
  /** Each with the start of the process that began it. */
  sessions: ReadonlyMap<number, number>;
  readonly cgroups: Map<string, OwnCgroup>;
}

interface OwnCgroup {
  /** Whose it is, if it is. */
  readonly owner: ProcStat;
  /** Unknown until systemd has answered. */
  verdict: 'own' | 'shared' | 'asking';
  readonly isAlone: boolean;
  readonly unit?: string;
  readonly seenAt: number;
  /**
   * The processes that adopt what its members leave behind, as the kernel or a manager does: pid to start, if that
   * can be seen.
   */
  readonly ancestors: ReadonlyMap<number, number | undefined>;
}

const mostAncestors = 32;
const mostCgroups = 64;

/** Adds the sessions of a watched process. */
export function addLineage(
  proc: ProcReader,
  lineage: LineageWatch,
  stat: ProcStat,
  pids: Iterable<number>,
  now: number,
): void {
  const { pid, session } = stat;
  if (session === pid) lineage.sessions = new Map([...lineage.sessions, [pid, stat.startTicks]]);
  const path = readPath(proc, pid);
  const purpose = path === undefined ? undefined : purposeOf(path);
  if (path === undefined || !purpose) return;
  const last = lineage.cgroups.get(path);
  if (last ? isThere(readStat(proc, last.owner.pid), last.owner) : lineage.cgroups.size >= mostCgroups)
    return;
  if (last?.verdict === 'own') {
    // Restarted since the look before, so it replaces the one that ended.
    lineage.cgroups.set(path, {
      ...last,
      owner: stat,
      seenAt: now,
      ancestors: listAncestors(proc, stat.ppid),
    });
    return;
  }
  const isSystemUnit = purpose === 'service' && !path.includes('/user@') && isRunBySystemd(proc);
  const isAlone = !hasOthers(proc, path, pid, pids);
  lineage.cgroups.set(path, {
    owner: stat,
    verdict: isSystemUnit ? 'asking' : isAlone ? 'own' : 'shared',
    isAlone,
    ...(isSystemUnit && { unit: path.slice(path.lastIndexOf('/') + 1) }),
    seenAt: now,
    ancestors: listAncestors(proc, stat.ppid),
  });
}

export function readPath(proc: ProcReader, pid: number): string | undefined {
  const group = readCgroup(proc, pid);
  return typeof group === 'string' ? undefined : group.path;
}

function hasOthers(proc: ProcReader, path: string, own: number, pids: Iterable<number>): boolean {
  for (const pid of pids) {
    if (pid === own) continue;
    const group = readCgroup(proc, pid);
    // A process whose cgroup can't be read may be in it.
    if (
      typeof group === 'string' ? group !== 'gone' : group.path !== undefined && isInGroup(group.path, path)
    )
      return true;
  }
  return false;
}

function listAncestors(proc: ProcReader, from: number): ReadonlyMap<number, number | undefined> {
  const ancestors = new Map<number, number | undefined>([[1, undefined]]);
  let pid = from;
  while (pid > 1 && ancestors.size < mostAncestors) {
    const stat = readStat(proc, pid);
    const isSeen = typeof stat !== 'string';
    ancestors.set(pid, isSeen ? stat.startTicks : undefined);
    if (!isSeen) break;
    pid = stat.ppid;
  }
  return ancestors;
}

/** Adds systemd's answers since the last look, and says whether one of them identified an own cgroup. */
export function judgeCgroups({ cgroups }: LineageWatch, units: UnitStates, now: number): boolean {
  let isNew = false;
  for (const group of cgroups.values()) {
    if (group.verdict !== 'asking' || group.unit === undefined) continue;
    const state = units.look(group.unit, group.seenAt, now);
    if (state === 'asking') continue;
    const isMain = state?.mainPid === group.owner.pid;
    const isOthers = state !== undefined && state.mainPid > 0 && !isMain;
    group.verdict = isMain || (group.isAlone && !isOthers) ? 'own' : 'shared';
    isNew ||= group.verdict === 'own';
  }
  return isNew;
}

/**
 * Keeps what still has a member, because the number of a session is free again once its last process ended, and adds
 * the sessions that children began. A cgroup is its owner's while anything of the family is alive.
 */
export function renewLineage(lineage: LineageWatch, { instances, children }: Family): void {
  const sessions = new Map<number, number>();
  for (const [pid, { session, startTicks }] of [...instances, ...children]) {
    const began = session === pid ? startTicks : lineage.sessions.get(session);
    if (began !== undefined) sessions.set(session, began);
  }
  lineage.sessions = sessions;
  for (const [path, { owner, verdict }] of lineage.cgroups) {
    const isOwnerAlive = instances.get(owner.pid)?.startTicks === owner.startTicks;
    const hasMembers = [...children.values()].some(({ relatedBy }) => relatedBy === path);
    if (!isOwnerAlive && !(verdict === 'own' && hasMembers)) lineage.cgroups.delete(path);
  }
}

/** The cgroups whose leftovers can't be attributed. */
export function listShared({ cgroups }: LineageWatch): readonly string[] {
  return [...cgroups].flatMap(([path, { verdict }]) => (verdict === 'shared' ? [path] : []));
}

/** How a process is related to the app: by `session` or by a cgroup; `asking` while that is unknown. */
export type Lineage = 'session' | 'asking' | { readonly cgroup: string } | undefined;

export function findLineage(
  proc: ProcReader,
  lineage: LineageWatch,
  stat: ProcStat,
  units: UnitStates,
  now: number,
  seenAt: number,
  path = readPath(proc, stat.pid),
): Lineage {
  const { pid, session } = stat;
  // A process that began its session itself did not inherit it, even if another process had its number before.
  if (session !== pid && isInSession(proc, lineage, session)) return 'session';
  if (lineage.cgroups.size === 0 || path === undefined) return undefined;
  for (const [own, cgroup] of lineage.cgroups) {
    if (cgroup.verdict !== 'own' || !isInGroup(path, own) || isPutIn(proc, cgroup, stat)) continue;
    if (cgroup.unit === undefined) return { cgroup: own };
    const isIts = isManagers({ proc, units, unit: cgroup.unit, seenAt, now }, stat);
    if (isIts === 'asking') return 'asking';
    return isIts ? undefined : { cgroup: own };
  }
  return undefined;
}

/**
 * The number of a session is free once its last process has ended, so since the last look another session may have
 * begun with that number.
 */
function isInSession(proc: ProcReader, { sessions }: LineageWatch, session: number): boolean {
  const began = sessions.get(session);
  if (began === undefined) return false;
  const first = readStat(proc, session);
  return typeof first === 'string' || first.startTicks === began;
}

/**
 * Whether somebody else put the process into the cgroup, such as a container manager that runs a health check. A
 * process that a member leaves behind is adopted by an ancestor of the owner; in a container with its own pid
 * namespace, by a process in the container.
 */
function isPutIn(proc: ProcReader, { ancestors }: OwnCgroup, { pid, ppid }: ProcStat): boolean {
  if (!ancestors.has(ppid)) return true;
  // Months later another process may have an ancestor's number.
  const began = ancestors.get(ppid);
  const parent = readStat(proc, ppid);
  if (typeof parent !== 'string' && began !== undefined && began !== parent.startTicks) return true;
  const own = readDepth(proc, pid);
  const parents = readDepth(proc, ppid);
  return own !== undefined && parents !== undefined && own > parents;
}

function readDepth(proc: ProcReader, pid: number): number | undefined {
  const bytes = proc.read(`${pid}/status`);
  return typeof bytes === 'string' ? undefined : parseNamespaceDepth(bytes);
}

/** Whether the reason for which a process counts as a child still holds. */
export function isStillRelated(
  proc: ProcReader,
  { cgroups }: LineageWatch,
  pid: number,
  cgroup: string,
): boolean {
  const group = readCgroup(proc, pid);
  if (typeof group === 'string') return group !== 'gone';
  const own = cgroups.get(cgroup);
  return own?.verdict === 'own' && group.path !== undefined && isInGroup(group.path, cgroup);
}
