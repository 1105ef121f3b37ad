import type { ProcReader } from './proc-reader';
import { parseCommandLine } from './proc-stat';

/** TASK_COMM_LEN of the kernel is 16 with the closing NUL. */
const commLength = 15;

/**
 * Says whether a process goes by `name`: by kernel name, file name of its program, or file name of argv[0].
 * A kernel name is cut at 15 bytes, so for a longer name it only counts with a second witness, or where there is none.
 */
export function isNamed(proc: ProcReader, pid: number, comm: string, name: string): boolean {
  if (name.length <= commLength && comm === name) return true;
  const program = proc.readLink(`${pid}/exe`);
  if (program !== 'gone' && program !== 'denied' && fileNameOf(program) === name) return true;
  const bytes = proc.read(`${pid}/cmdline`);
  const args = typeof bytes === 'string' ? [] : parseCommandLine(bytes);
  if (args[0] !== undefined && fileNameOf(args[0]) === name) return true;
  if (name.length <= commLength || comm !== name.slice(0, commLength)) return false;
  // A script run by its `#!` line has its own kernel name, and its path as argv[1].
  return args.length === 0 || (args[1] !== undefined && fileNameOf(args[1]) === name);
}

/** The last part of a path; the kernel adds ` (deleted)` to a program whose file was removed or replaced. */
export function fileNameOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.endsWith(' (deleted)') ? name.slice(0, -' (deleted)'.length) : name;
}
