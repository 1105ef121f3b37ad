import type { ProcReader, ReadFailure } from './proc-reader';
import { isAlive, type ProcStat, parseStat } from './proc-stat';

export function readStat(proc: ProcReader, pid: number): ProcStat | ReadFailure {
  return toStat(proc.read(`${pid}/stat`));
}

/** The same of a process that is watched. */
export function readStatAgain(proc: ProcReader, pid: number): ProcStat | ReadFailure {
  return toStat(proc.readAgain(`${pid}/stat`));
}

function toStat(bytes: Buffer | ReadFailure): ProcStat | ReadFailure {
  return typeof bytes === 'string' ? bytes : (parseStat(bytes) ?? 'unreadable');
}

/** Another process may have the number by now: the start time shows it. */
export function isSame(
  stat: ProcStat | ReadFailure,
  before: { readonly startTicks: number } | undefined,
): boolean {
  return typeof stat !== 'string' && stat.startTicks === before?.startTicks;
}

/** A process that can't be read now has not ended. */
export function isThere(stat: ProcStat | ReadFailure, before: { readonly startTicks: number }): boolean {
  return typeof stat === 'string' ? stat !== 'gone' : isSame(stat, before) && isAlive(stat);
}
