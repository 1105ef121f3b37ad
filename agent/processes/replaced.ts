import { isLauncher } from '../config/interpreters';
import { isFailure, type ProcReader } from '../proc/proc-reader';
import { readStat } from '../proc/read-stat';
import { adoptChild, type Instance } from './family';
import { programNameOf } from './process-name';
import type { Watch } from './watch';

/** A program that is no known launcher becomes the app within this time. A shell may wait for a network first, for any time. */
const launchMs = 5_000;

/** The selectors that match a process. */
interface Selection {
  selects(pid: number, comm: string): boolean | 'unknown';
  /** Asks again at the next scan. */
  forget(pid: number): void;
}

/** Identifies it by its file: a process may change its name, and its file may be renamed while it runs. */
export function identifyProgram(proc: ProcReader, pid: number, comm: string): Pick<Instance, 'program'> {
  const file = proc.identify(`${pid}/exe`);
  const name = programNameOf(proc, pid);
  return isFailure(file) || name === undefined ? {} : { program: { file, name, comm } };
}

/**
 * An app that became another program without a child (execve(2)) has ended: what runs in its place counts as what it left
 * behind. A program that is selected as well is a new version of the app; of a unit, which selects all that runs in it, one
 * of the same name.
 */
export function dropReplaced(
  proc: ProcReader,
  watch: Watch,
  selection: Selection,
  isScan: boolean,
  now: number,
): void {
  for (const [pid, before] of watch.instances) {
    const { program: last, seenComm, foundAt } = before;
    if (!isScan && (last === undefined || last.comm === seenComm)) continue;
    const { program } = identifyProgram(proc, pid, seenComm);
    if (!program) continue;
    const isLaunch = last !== undefined && (now - foundAt < launchMs || isLauncher(last.name));
    const isOther = last !== undefined && last.file !== program.file && !isLaunch;
    const isOne = () =>
      'unit' in watch.selector ? last?.name === program.name : selection.selects(pid, seenComm);
    const isSelected = isOther ? isOne() : true;
    const stat = isSelected === false ? readStat(proc, pid) : undefined;
    if (typeof stat === 'object') {
      watch.instances.delete(pid);
      watch.endedComm = before.comm;
      selection.forget(pid);
      adoptChild(watch, stat, undefined);
    } else if (isSelected === true) watch.instances.set(pid, { ...before, program });
  }
}
