import { resolve } from 'node:path';
import { belongsToUnit, readCgroup } from './cgroup';
import type { ProcessSelector } from './definition';
import type { ProcReader } from './proc-reader';
import { parseCommandLine } from './proc-stat';

/** TASK_COMM_LEN of the kernel is 16 with the closing NUL. */
const commLength = 15;

/** An interpreter's own options come before the script, and few have that many. */
const mostScriptArguments = 16;
const deletedMark = ' (deleted)';

export function isSelected(proc: ProcReader, pid: number, comm: string, selector: ProcessSelector): boolean {
  if ('name' in selector) return isNamed(proc, pid, comm, selector.name);
  if ('executable' in selector) return programOf(proc, pid) === selector.executable;
  if ('script' in selector) return runsScript(proc, pid, selector.script);
  const group = readCgroup(proc, pid);
  return group !== undefined && belongsToUnit(group, selector.unit);
}

/** The path of a process's program, also when its file was replaced since; undefined for one that can't be seen. */
export function programOf(proc: ProcReader, pid: number): string | undefined {
  const path = proc.readLink(`${pid}/exe`);
  if (path === 'gone' || path === 'denied') return undefined;
  return path.endsWith(deletedMark) ? path.slice(0, -deletedMark.length) : path;
}

/** By file name, or by absolute path, to which a relative argument is made from the process's folder. */
function runsScript(proc: ProcReader, pid: number, script: string): boolean {
  const bytes = proc.read(`${pid}/cmdline`);
  const args = typeof bytes === 'string' ? [] : parseCommandLine(bytes).slice(1, 1 + mostScriptArguments);
  const name = fileNameOf(script);
  const paths = args.filter((arg) => fileNameOf(arg) === name);
  if (!script.startsWith('/')) return paths.length > 0;
  if (paths.includes(script)) return true;
  const folder = paths.length > 0 ? proc.readLink(`${pid}/cwd`) : 'gone';
  return folder !== 'gone' && folder !== 'denied' && paths.some((path) => resolve(folder, path) === script);
}

/**
 * Says whether a process goes by `name`: by kernel name, file name of its program, or file name of argv[0].
 * A kernel name is cut at 15 bytes, so for a longer name it only counts with a second witness, or where there is none.
 */
function isNamed(proc: ProcReader, pid: number, comm: string, name: string): boolean {
  if (name.length <= commLength && comm === name) return true;
  const program = programOf(proc, pid);
  if (program !== undefined && fileNameOf(program) === name) return true;
  const bytes = proc.read(`${pid}/cmdline`);
  const args = typeof bytes === 'string' ? [] : parseCommandLine(bytes);
  if (args[0] !== undefined && fileNameOf(args[0]) === name) return true;
  if (name.length <= commLength || comm !== name.slice(0, commLength)) return false;
  // A script run by its `#!` line has its own kernel name, and its path as argv[1].
  return args.length === 0 || (args[1] !== undefined && fileNameOf(args[1]) === name);
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
