import type { ChildException } from '../config/metric-definition';
import { type ProcReader, smallFileBytes } from '../proc/proc-reader';
import { parseCommandLine } from '../proc/proc-stat';
import { hasInjectedCode } from './injected-code';
import { programOf } from './process-name';
import { isTrustedFile } from './trusted-file';

/** Finds the exception that a child is, if any. Called at each look, since a process may become another program. */
export type FindException = (pid: number, startTicks: number, now: number) => ChildException | undefined;

/** The check for injected code is costly, so its result is kept this long. */
const trustForMs = 1000;

/**
 * Recognizes an exception by the file that runs, not by the name of the process: the file of the configuration (by device
 * and inode, since a process in its own mount namespace can have any file at that path), root's, and writable by root
 * only. A process that may run injected code is no exception.
 */
export function createExceptions(
  proc: ProcReader,
  exceptions: readonly ChildException[],
  ownPid: number,
): FindException {
  /** When each process was last seen to run nothing but its own program. */
  const trusted = new Map<string, number>();
  const isTrusted = (pid: number, startTicks: number, program: string, now: number): boolean => {
    for (const [key, at] of trusted) if (now - at >= trustForMs) trusted.delete(key);
    const key = `${pid} ${startTicks} ${program}`;
    if (trusted.has(key)) return true;
    if (hasInjectedCode(proc, pid, program, ownPid)) return false;
    trusted.set(key, now);
    return true;
  };
  return (pid, startTicks, now) => {
    const program = programOf(proc, pid);
    if (program === undefined) return undefined;
    const exception = exceptions.find(
      (one) =>
        isTrustedFile(proc.pathOf(`${pid}/exe`), one.executable) && hasArguments(proc, pid, one.arguments),
    );
    return exception && isTrusted(pid, startTicks, program, now) ? exception : undefined;
  };
}

/** Each argument after the program's own name as it is given; `*` alone is any one. */
function hasArguments(proc: ProcReader, pid: number, wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined) return true;
  const bytes = proc.read(`${pid}/cmdline`);
  if (typeof bytes !== 'string' && bytes.length >= smallFileBytes) return false;
  const args = typeof bytes === 'string' ? [] : parseCommandLine(bytes).slice(1);
  return args.length === wanted.length && wanted.every((one, index) => one === '*' || one === args[index]);
}

export function describeException({ executable, arguments: args }: ChildException): string {
  return [executable, ...(args ?? ['(any arguments)'])].join(' ');
}
