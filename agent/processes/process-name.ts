import { resolve } from 'node:path';
import { scriptArgumentOf } from '../config/interpreters';
import type { ProcessSelector } from '../config/metric-definition';
import { belongsToUnit, readCgroup } from '../proc/cgroup';
import { isFailure, type ProcReader } from '../proc/proc-reader';
import { parseCommandLine } from '../proc/proc-stat';
import { fileNameOf } from '../text';

/** TASK_COMM_LEN of the kernel is 16 with the closing NUL. */
const commLength = 15;
const deletedMark = ' (deleted)';
/** Files that contain many programs; the first argument selects one. */
const multiCall = /^(?:busybox(?:[.-].*)?|bbsuid|toybox(?:[.-].*)?|coreutils|sbase-box|ubase-box|kmod|lvm)$/;

/** Says whether a selector selects a process; `unknown` if what would show it can't be read. */
export type Selects = (proc: ProcReader, pid: number, comm: string) => boolean | 'unknown';

export function createSelects(selector: ProcessSelector, resolvePath: ResolvePath): Selects {
  if ('name' in selector) return (proc, pid, comm) => isNamed(proc, pid, comm, selector.name);
  if ('executable' in selector)
    return (proc, pid, comm) => runsProgram(proc, pid, comm, selector.executable, resolvePath);
  if ('script' in selector)
    return (proc, pid, comm) => runsScript(proc, pid, comm, selector.script, resolvePath);
  return (proc, pid) => {
    const group = readCgroup(proc, pid);
    if (typeof group === 'string') return group === 'gone' ? false : 'unknown';
    return group.path !== undefined && belongsToUnit(group.path, selector.unit);
  };
}

/** Gives the path without symbolic links. */
type ResolvePath = (path: string) => string;

const resolveEveryMs = 10_000;
const mostPaths = 256;

/** Keeps its answers only for a while: `/opt/current` is another folder after an update. */
export function createPathResolver(proc: ProcReader, clock = () => performance.now()): ResolvePath {
  const known = new Map<string, { readonly real: string; readonly at: number }>();
  return (path) => {
    const last = known.get(path);
    if (last && clock() - last.at < resolveEveryMs) return last.real;
    const found = proc.resolve(path);
    // Not there now, or not to be seen: what it was before, or the path itself.
    const real = found.startsWith('/') ? found : (last?.real ?? path);
    if (known.size >= mostPaths) known.clear();
    known.set(path, { real, at: clock() });
    return real;
  };
}

/** The path of a process's program, also when its file was replaced since; undefined for one that can't be seen. */
export function programOf(proc: ProcReader, pid: number): string | undefined {
  const path = proc.readLink(`${pid}/exe`);
  if (isFailure(path)) return undefined;
  return path.endsWith(deletedMark) ? path.slice(0, -deletedMark.length) : path;
}

/** The file name of the running program; for a multi-call program, that of its first argument. */
export function programNameOf(proc: ProcReader, pid: number): string | undefined {
  const program = programOf(proc, pid);
  if (program === undefined) return undefined;
  const name = fileNameOf(program);
  return multiCall.test(name) ? (appletOf(readArguments(proc, pid)) ?? name) : name;
}

/** `sh` of `sh -c id`, of `-sh` (a login shell) and of `busybox sh`. */
function appletOf(args: readonly string[] | undefined): string | undefined {
  const [first = '', second = ''] = args ?? [];
  const name = fileNameOf(first).replace(/^-/, '');
  return (
    (multiCall.test(name) && second !== '' && !second.startsWith('-') ? fileNameOf(second) : name) ||
    undefined
  );
}

function readArguments(proc: ProcReader, pid: number): readonly string[] | undefined {
  const bytes = proc.read(`${pid}/cmdline`);
  if (typeof bytes !== 'string') return parseCommandLine(bytes);
  return bytes === 'gone' ? [] : undefined;
}

function runsProgram(
  proc: ProcReader,
  pid: number,
  comm: string,
  executable: string,
  resolvePath: ResolvePath,
): boolean | 'unknown' {
  const name = fileNameOf(executable);
  const link = proc.readLink(`${pid}/exe`);
  if (link === 'gone') return false;
  if (link === 'denied' || link === 'unreadable') {
    // An ordinary user can't see the programs of many processes; a process with the right name may be the app.
    if (comm === toKernelName(name)) return 'unknown';
    return appletOf(readArguments(proc, pid)) === name ? 'unknown' : false;
  }
  const program = link.endsWith(deletedMark) ? link.slice(0, -deletedMark.length) : link;
  const isIt = program === executable || program === resolvePath(executable);
  if (!isIt || !multiCall.test(fileNameOf(program)) || multiCall.test(name)) return isIt;
  const args = readArguments(proc, pid);
  return args === undefined ? 'unknown' : appletOf(args) === name;
}

/** Compares file names, or absolute paths: a relative argument begins at the process's folder. */
function runsScript(
  proc: ProcReader,
  pid: number,
  comm: string,
  script: string,
  resolvePath: ResolvePath,
): boolean | 'unknown' {
  const args = readArguments(proc, pid);
  if (args === undefined) return 'unknown';
  const argument = findScript(proc, pid, comm, args);
  if (argument === undefined) return false;
  if (!script.startsWith('/')) return fileNameOf(argument) === script;
  if (argument === script) return true;
  if (argument.startsWith('/')) return isSameFile(argument, script, resolvePath);
  const folder = proc.readLink(`${pid}/cwd`);
  if (folder === 'gone') return false;
  if (folder === 'denied' || folder === 'unreadable')
    return fileNameOf(argument) === fileNameOf(script) ? 'unknown' : false;
  return isSameFile(resolve(folder, argument), script, resolvePath);
}

function isSameFile(path: string, script: string, resolvePath: ResolvePath): boolean {
  // Looks at the file system only if the name fits.
  if (path === script) return true;
  const real = resolvePath(script);
  return path === real || (fileNameOf(path) === fileNameOf(script) && resolvePath(path) === real);
}

function findScript(
  proc: ProcReader,
  pid: number,
  comm: string,
  args: readonly string[],
): string | undefined {
  const program = programOf(proc, pid);
  const name = program === undefined ? undefined : fileNameOf(program);
  const isApplet = multiCall.test(name ?? fileNameOf(args[0] ?? ''));
  const applet = appletOf(args) ?? '';
  const words =
    isApplet && fileNameOf(args[0] ?? '') !== applet && !args[0]?.startsWith('-') ? args.slice(1) : args;
  const found = scriptArgumentOf(isApplet ? applet : (name ?? applet), words);
  if (found !== undefined) return found;
  // A script that was started by its `#!` line: the kernel names the process after the script (execve(2)), and passes
  // the path.
  return args.slice(1, 3).find((arg) => toKernelName(fileNameOf(arg)) === comm);
}

/**
 * Says whether a process goes by `name`: by kernel name, file name of its program, or file name of argv[0].
 * A kernel name is cut at 15 bytes, so for a longer name it only counts with a second witness, or if there is none.
 */
function isNamed(proc: ProcReader, pid: number, comm: string, name: string): boolean | 'unknown' {
  const kernelName = toKernelName(name);
  const isCut = Buffer.byteLength(name) > commLength;
  if (!isCut && comm === kernelName) return true;
  const program = programOf(proc, pid);
  const file = program === undefined ? undefined : fileNameOf(program);
  if (file === name && !multiCall.test(file)) return true;
  const args = readArguments(proc, pid);
  if (args === undefined) return comm === kernelName ? true : 'unknown';
  if (args[0] !== undefined && fileNameOf(args[0]) === name) return true;
  if (multiCall.test(file ?? '') && appletOf(args) === name) return true;
  if (!isCut || comm !== kernelName) return false;
  // A script run by its `#!` line has its own kernel name, and its path as argv[1].
  return args.length === 0 || (args[1] !== undefined && fileNameOf(args[1]) === name);
}

/** A name as the kernel has it: its first 15 bytes, one character for each, as `ProcStat.comm`. */
function toKernelName(name: string): string {
  return Buffer.from(name).subarray(0, commLength).toString('latin1');
}
