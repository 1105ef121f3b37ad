import type { ProcReader } from '../proc/proc-reader';
import type { Trace } from './child-walk';
import { decodeName } from './evidence';
import type { Family } from './family';
import { programNameOf } from './process-name';

const longestName = 128;

/**
 * Gives the names of the children of a family: the file name of the program, which a process can't choose as freely as
 * its kernel name; the kernel name if the program can't be seen, or if only a zombie is left. A name is looked
 * up once for each child and kernel name.
 */
export function createNameReader(
  proc: ProcReader,
): (family: Pick<Family, 'children'>, traces: readonly Trace[]) => readonly string[] {
  let known = new Map<string, string>();
  return ({ children }, traces) => {
    const next = new Map<string, string>();
    for (const [pid, { startTicks, comm }] of children) {
      const key = `${pid} ${startTicks} ${comm}`;
      next.set(key, known.get(key) ?? nameOf(proc, pid, comm));
    }
    known = next;
    const unseen = traces.flatMap((trace) => (trace.kind === 'zombie' ? [cleanName(trace.stat.comm)] : []));
    return [...new Set([...next.values(), ...unseen])];
  };
}

function nameOf(proc: ProcReader, pid: number, comm: string): string {
  return cleanName(programNameOf(proc, pid) ?? decodeName(comm));
}

/** Device Defender accepts a string with other characters, but does not keep it (docs/facts.md#reports). */
function cleanName(name: string): string {
  return name.slice(0, longestName).replace(/[^a-zA-Z0-9:_./-]/g, '_') || '_';
}
