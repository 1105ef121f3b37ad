import type { ProcReader } from '../proc/proc-reader';
import { type ProcStat, parseUptimeSeconds } from '../proc/proc-stat';
import { readStat } from '../proc/read-stat';
import type { UnitStates } from './unit-state';

/** A command of systemd for a unit is short; a process that still runs after this time belongs to the app. */
const settledAfterMs = 3000;
const mostAncestors = 32;
/** USER_HZ, as in evidence. */
const tickMs = 10;

export function isRunBySystemd(proc: ProcReader): boolean {
  const first = readStat(proc, 1);
  return typeof first !== 'string' && first.comm === 'systemd';
}

/** The question to systemd about a process, and when the process was first seen. */
interface UnitQuestion {
  readonly proc: ProcReader;
  readonly units: UnitStates;
  readonly unit: string;
  readonly seenAt: number;
  readonly now: number;
}

/** Says whether systemd itself started a process for the unit, or a command of systemd's did. */
export function isManagers(question: UnitQuestion, stat: ProcStat): boolean | 'asking' {
  const { seenAt, now } = question;
  const role = roleOf(question, stat);
  if (role === 'unknown') return now - seenAt >= settledAfterMs ? false : 'asking';
  return role === 'asking' ? role : role === 'main' || role === 'command';
}

/**
 * The role of a process for systemd: the unit's main process, a command for the unit (ExecStartPre=, ExecReload= and
 * similar), or a descendant of such a command. A process that systemd starts begins a session, as an escaping process
 * may do, and its descendants inherit the session.
 */
export function roleOf(
  question: UnitQuestion,
  stat: ProcStat,
): 'main' | 'command' | 'none' | 'asking' | 'unknown' {
  const { proc, units, unit, seenAt, now } = question;
  const first = readStat(proc, 1);
  if (typeof first !== 'string' && stat.session === first.session) {
    // systemd has just forked it: its role is known once it has begun a session.
    const later = readStat(proc, stat.pid);
    const isSame = typeof later !== 'string' && later.startTicks === stat.startTicks;
    return isSame && later.session !== first.session ? roleOf(question, later) : 'asking';
  }
  const leader = stat.session === stat.pid ? stat : readStat(proc, stat.session);
  if (leader === 'gone') return roleOfLeft(question, stat);
  if (typeof leader === 'string' || (leader !== stat && leader.ppid !== 1)) return 'none';
  const state = units.look(unit, seenAt, now);
  if (state === 'asking') return 'asking';
  if (state === undefined) return 'unknown';
  if (state.mainPid === stat.pid) return 'main';
  return state.controlPid === leader.pid ? 'command' : 'none';
}

/**
 * Processes that a command of systemd left running, and their children, are recognized by their session id: systemd keeps
 * the last run of each command of the unit, with its times, and no other process can use that session id meanwhile.
 * A process that began its own session, or was left before the last run, cannot be distinguished from an escape.
 */
function roleOfLeft(question: UnitQuestion, stat: ProcStat): 'command' | 'none' | 'asking' {
  const { proc, units, unit, seenAt, now } = question;
  const eldest = findEldest(proc, stat);
  if (eldest.ppid !== 1) return 'none';
  const state = units.look(unit, seenAt, now);
  if (state === 'asking') return 'asking';
  const beganAt = findBegin(proc, eldest, now);
  const isLeft =
    beganAt !== undefined &&
    state?.commands.some(({ pid, from, to }) => pid === stat.session && from <= beganAt && beganAt <= to);
  return isLeft ? 'command' : 'none';
}

/** Its oldest ancestor in the same session. */
function findEldest(proc: ProcReader, stat: ProcStat): ProcStat {
  let eldest = stat;
  for (let steps = 0; steps < mostAncestors; steps += 1) {
    const parent = readStat(proc, eldest.ppid);
    if (typeof parent === 'string' || parent.session !== stat.session) break;
    eldest = parent;
  }
  return eldest;
}

/** When a process began, by the clock of the looks. */
function findBegin(proc: ProcReader, { startTicks }: ProcStat, now: number): number | undefined {
  const bytes = proc.read('uptime');
  const uptimeSeconds = typeof bytes === 'string' ? undefined : parseUptimeSeconds(bytes);
  return uptimeSeconds === undefined ? undefined : now - uptimeSeconds * 1000 + startTicks * tickMs;
}
