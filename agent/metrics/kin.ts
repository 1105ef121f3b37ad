import { findOwnCgroup, isInGroup, readCgroup } from './cgroup';
import type { Family } from './child-walk';
import type { ProcReader } from './proc-reader';
import type { ProcStat } from './proc-stat';

/**
 * By what a process can be told to descend from the watched ones though its parent is gone: the session or the
 * cgroup that one of them began. Both are inherited at fork, and only a new session can be left without privileges.
 */
export interface Kinship {
  sessions: ReadonlySet<number>;
  cgroups: ReadonlySet<string>;
}

/** Adds what a watched process began. */
export function addKinship(proc: ProcReader, kinship: Kinship, { pid, ppid, session }: ProcStat): void {
  if (session === pid) kinship.sessions = new Set([...kinship.sessions, pid]);
  const cgroup = findOwnCgroup(proc, pid, ppid);
  if (cgroup !== undefined) kinship.cgroups = new Set([...kinship.cgroups, cgroup]);
}

/**
 * Keeps what still has a member, because the number of a session is free again once its last process ended,
 * and adds the sessions that children began.
 */
export function renewKinship(kinship: Kinship, { instances, children }: Family): void {
  const sessions = new Set<number>();
  for (const [pid, { session }] of [...instances, ...children])
    if (session === pid || kinship.sessions.has(session)) sessions.add(session);
  kinship.sessions = sessions;
  if (instances.size === 0 && children.size === 0) kinship.cgroups = new Set();
}

export function isKin(proc: ProcReader, { sessions, cgroups }: Kinship, { pid, session }: ProcStat): boolean {
  // One that began its session itself did not inherit it, whatever process had its number before.
  if (session !== pid && sessions.has(session)) return true;
  if (cgroups.size === 0) return false;
  const group = readCgroup(proc, pid);
  return group !== undefined && [...cgroups].some((cgroup) => isInGroup(group, cgroup));
}
