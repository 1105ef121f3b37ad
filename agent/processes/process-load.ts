import type { ProcReader } from '../proc/proc-reader';
import { parseResidentKilobytes } from '../proc/proc-stat';
import type { Family } from './family';

/** Ticks that were run, and that could have been run, up to now. */
interface Use {
  readonly used: number;
  readonly of: number;
}

export type ReadUse = (family: Family, now: number) => Use;

/** USER_HZ, as in evidence. */
const tickMs = 10;

/**
 * Adds up the ticks of a family, as a share of one core. The ticks of a child that its parent waited for pass to the
 * parent (proc_pid_stat(5), fields 16 and 17), so the sum stays continuous. The ticks before a process was watched do
 * not count, and those of a child without a waiting parent are lost at its end.
 */
export function createUseReader(): ReadUse {
  let last: { readonly at: number; readonly ticks: ReadonlyMap<string, number> } | undefined;
  let used = 0;
  let of = 0;
  return (family, now) => {
    const ticks = new Map<string, number>();
    for (const [pid, { startTicks, usedTicks }] of [...family.instances, ...family.children])
      ticks.set(`${pid} ${startTicks}`, usedTicks);
    if (last) {
      of += (now - last.at) / tickMs;
      used += Math.max(0, sumOf(ticks) - sumOf(last.ticks) - sumOf(ranBefore(family, last.ticks, ticks)));
    }
    last = { at: now, ticks };
    return { used, of };
  };
}

/** The use of newly watched instances before this sample. The past of a child was seen from its start. */
function ranBefore(
  { instances }: Family,
  before: ReadonlyMap<string, number>,
  ticks: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const joined = [...instances].map(([pid, { startTicks }]) => `${pid} ${startTicks}`);
  return new Map(joined.flatMap((key) => (before.has(key) ? [] : [[key, ticks.get(key) ?? 0] as const])));
}

function sumOf(ticks: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const one of ticks.values()) sum += one;
  return sum;
}

/** Resident bytes of a family, undefined if one of it can't be read; pages that several share count for each. */
export function readResidentBytes(proc: ProcReader, family: Family): number | undefined {
  let kilobytes = 0;
  for (const pid of new Set([...family.instances.keys(), ...family.children.keys()])) {
    const bytes = proc.read(`${pid}/status`);
    if (typeof bytes !== 'string') kilobytes += parseResidentKilobytes(bytes);
    else if (bytes !== 'gone') return undefined;
  }
  return kilobytes * 1024;
}

/** Ticks of all cores from /proc/stat (proc_stat(5)); waiting for a disk is no work. */
export function readMachineUse(proc: ProcReader): Use | undefined {
  const bytes = proc.read('stat');
  const match = typeof bytes === 'string' ? null : /^cpu +([\d ]+)/.exec(bytes.toString('latin1'));
  if (!match) return undefined;
  const fields = match[1]?.trim().split(' ').slice(0, 8).map(Number) ?? [];
  const of = fields.reduce((sum, field) => sum + field, 0);
  return { used: of - (fields[3] ?? 0) - (fields[4] ?? 0), of };
}

/** Bytes that are not available to programs (`MemTotal` minus `MemAvailable`, proc_meminfo(5)). */
export function readMachineMemory(proc: ProcReader): number | undefined {
  const bytes = proc.read('meminfo');
  if (typeof bytes === 'string') return undefined;
  const text = bytes.toString('latin1');
  const total = /^MemTotal: +(\d+) kB/m.exec(text);
  const available = /^MemAvailable: +(\d+) kB/m.exec(text);
  return total && available ? (Number(total[1]) - Number(available[1])) * 1024 : undefined;
}
