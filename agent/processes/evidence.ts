import { type ProcReader, smallFileBytes } from '../proc/proc-reader';
import { type ProcStat, parseCommandLine, parseUptimeSeconds, parseUserId } from '../proc/proc-stat';
import { readStat } from '../proc/read-stat';
import { cutText } from '../text';
import type { Trace } from './child-walk';
import { hasInjectedCode } from './injected-code';
import { programOf } from './process-name';
import { redactCommandLine } from './redact';
import { isTrustedFile } from './trusted-file';

/** What was seen of a child process, with the metric it counts in. */
export interface Evidence {
  readonly metric: string;
  /** Absent for an unseen child, whose pid only the kernel knew. */
  readonly pid?: number;
  readonly ppid: number;
  readonly executable: string;
  readonly commandLine: string;
  /**
   * The number of arguments in `commandLine`, without its first word. Present only if `executable` is verified: the
   * process runs the file at that path, the file is root's and writable by root only, and no other code was injected.
   */
  readonly argumentCount?: number;
  readonly user: string;
  readonly startedAt?: number;
  /** Kernel names of its ancestors, its parent first. */
  readonly parents: readonly string[];
}

/** As much as a report carries. */
export const mostEvidence = 10;

/** Keeps the first ten; a later look at the same process replaces the first. */
export function mergeEvidence(before: readonly Evidence[], next: readonly Evidence[]): readonly Evidence[] {
  if (next.length === 0) return before;
  const merged = [...before];
  for (const one of next) {
    const at = merged.findIndex((other) => isOfSame(one, other));
    if (at < 0) merged.push(one);
    else merged[at] = one;
  }
  return merged.slice(0, mostEvidence);
}

/**
 * Two computed starts of one process differ by this much at most, because the time of day and the time since boot are
 * read separately.
 */
const sameStartMs = 1000;

/** The same process or, for unseen children, the same parent. A pid can be reused within one interval. */
function isOfSame(a: Evidence, b: Evidence): boolean {
  if (a.metric !== b.metric || a.pid !== b.pid) return false;
  if (a.pid === undefined) return a.ppid === b.ppid;
  return Math.abs((a.startedAt ?? 0) - (b.startedAt ?? 0)) < sameStartMs;
}

/** Replaces the command line of a child that left only a trace. */
const exitedUnread = '(exited before it could be read)';

const mostParents = 16;
const longestPath = 512;
/** USER_HZ is 100 on every architecture Node runs on (proc(5), sysconf(_SC_CLK_TCK)). */
const tickMs = 10;

/** Collects the identity of a child. It may end at any moment, so unreadable fields stay empty. */
export function collectEvidence(
  proc: ProcReader,
  metric: string,
  stat: ProcStat,
  users: (id: number) => string,
  now: number,
  ownPid = process.pid,
): Evidence {
  const { pid, ppid } = stat;
  const words = readWords(proc, pid);
  const identity = identify(proc, stat, users, now);
  const evidence = {
    metric,
    pid,
    ppid,
    commandLine: redactCommandLine(words),
    ...(isVouchedFor(proc, pid, identity.executable, words, ownPid) && { argumentCount: words.length - 1 }),
    ...identity,
  };
  return hasItsNumber(proc, stat) ? evidence : unreadOf(proc, metric, stat, now);
}

/** Whether an earlier reading of this pid was of this process: another process may have it by now. */
function hasItsNumber(proc: ProcReader, { pid, startTicks }: ProcStat): boolean {
  const stat = readStat(proc, pid);
  return typeof stat === 'string' || stat.startTicks === startTicks;
}

function unreadOf(proc: ProcReader, metric: string, stat: ProcStat, now: number): Evidence {
  const { pid, ppid } = stat;
  const parents = listParents(proc, ppid);
  const started = startedAt(proc, stat, now);
  return {
    ...{ metric, pid, ppid, executable: '', commandLine: exitedUnread, user: '' },
    ...{ startedAt: started, parents },
  };
}

/** Describes a child that ended before any look, as far as the kernel still knows. */
export function collectTrace(
  proc: ProcReader,
  metric: string,
  trace: Trace,
  users: (id: number) => string,
  now: number,
): Evidence {
  const commandLine = exitedUnread;
  if (trace.kind === 'reaped') {
    const ppid = trace.parent;
    return { metric, ppid, executable: '', commandLine, user: '', parents: listParents(proc, ppid) };
  }
  const { pid, ppid } = trace.stat;
  if (trace.kind === 'forked') return unreadOf(proc, metric, trace.stat, now);
  const evidence = { metric, pid, ppid, commandLine, ...identify(proc, trace.stat, users, now) };
  return hasItsNumber(proc, trace.stat) ? evidence : unreadOf(proc, metric, trace.stat, now);
}

function readWords(proc: ProcReader, pid: number): readonly string[] {
  const bytes = proc.read(`${pid}/cmdline`);
  return typeof bytes === 'string' ? [] : parseCommandLine(bytes);
}

/**
 * A kernel name can look like a path, and a process in its own mount namespace can have any file at a path. A process that
 * has become another program since the look is not verified either.
 */
function isVouchedFor(
  proc: ProcReader,
  pid: number,
  executable: string,
  words: readonly string[],
  ownPid: number,
): boolean {
  return (
    words.length > 0 &&
    proc.read(`${pid}/cmdline`).length < smallFileBytes &&
    programOf(proc, pid) === executable &&
    isTrustedFile(proc.pathOf(`${pid}/exe`), executable) &&
    !hasInjectedCode(proc, pid, executable, ownPid) &&
    readWords(proc, pid).join('\0') === words.join('\0')
  );
}

function identify(
  proc: ProcReader,
  stat: ProcStat,
  users: (id: number) => string,
  now: number,
): Pick<Evidence, 'executable' | 'user' | 'startedAt' | 'parents'> {
  const program = programOf(proc, stat.pid);
  const status = proc.read(`${stat.pid}/status`);
  const userId = typeof status === 'string' ? undefined : parseUserId(status);
  return {
    executable: program === undefined ? decodeName(stat.comm) : cutText(program, longestPath),
    user: userId === undefined ? '' : users(userId),
    startedAt: startedAt(proc, stat, now),
    parents: listParents(proc, stat.ppid),
  };
}
/** Counts back from now, because the boot time in /proc/stat moves when the clock is set. */
function startedAt(proc: ProcReader, stat: ProcStat, now: number): number {
  const bytes = proc.read('uptime');
  const uptimeSeconds = typeof bytes === 'string' ? undefined : parseUptimeSeconds(bytes);
  if (uptimeSeconds === undefined) return now;
  return Math.min(now, Math.round(now - uptimeSeconds * 1000 + stat.startTicks * tickMs));
}

function listParents(proc: ProcReader, from: number): readonly string[] {
  const names: string[] = [];
  let pid = from;
  while (pid > 0 && names.length < mostParents) {
    const stat = readStat(proc, pid);
    if (typeof stat === 'string') break;
    names.push(decodeName(stat.comm));
    pid = stat.ppid;
  }
  return names;
}

/** A kernel name as text; its bytes need not be UTF-8. */
export function decodeName(comm: string): string {
  return Buffer.from(comm, 'latin1').toString('utf8');
}
