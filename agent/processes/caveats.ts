import { labelOf, type ProcessSelector } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import { parseIgnoresChildren } from '../proc/proc-stat';
import type { Caveat } from './metric-sample';

/** The limits of the view of a selector's processes, with the cgroups that they share with others. */
export function describeCaveats(
  selector: ProcessSelector,
  sharedCgroups: readonly string[],
  isDeaf: boolean,
): readonly Caveat[] {
  const label = labelOf(selector);
  // A unit is identified by its cgroup, whatever else runs there.
  const shared = 'unit' in selector ? [] : sharedCgroups;
  const caveats = shared.map(
    (path): Caveat => ({
      reason: 'shared-cgroup',
      note: `${label} is not known to be alone in the cgroup ${path}: what leaves its process tree there is not counted`,
    }),
  );
  return isDeaf ? [...caveats, deafTo(label)] : caveats;
}

function deafTo(label: string): Caveat {
  return {
    reason: 'sigchld-ignored',
    note: `${label} ignores SIGCHLD: the kernel keeps no trace of its children that end between two looks, so they are not counted`,
  };
}

/** A process that ignores SIGCHLD waits for no child, so its children's usage is not added to its own (wait(2)). */
export function ignoresChildren(proc: ProcReader, pid: number): boolean {
  const status = proc.read(`${pid}/status`);
  return typeof status !== 'string' && parseIgnoresChildren(status);
}
