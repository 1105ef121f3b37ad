import type { ProcReader } from './proc-reader';
import { isAlive, type ProcStat, parseNewestPid, parseStat } from './proc-stat';
import { isNamed } from './process-name';

/** One process for good: a pid alone is used again. */
interface ProcessId {
  readonly pid: number;
  readonly startTicks: number;
}

/** What a look at all of /proc found. */
export interface ProcessScan {
  readonly stats: ReadonlyMap<number, ProcStat>;
  /** Something is hidden from this user: by `hidepid` (proc(5)) or by permission. */
  readonly hidden: boolean;
}

export interface ProcessDiscovery {
  /** Reports the processes that go by `name` and were not reported before. */
  look(now: number, vanished: boolean): ReadonlyMap<string, readonly ProcessId[]>;
  /** The newest scan; undefined before the first look. */
  lastScan(): ProcessScan | undefined;
}

const scanEveryMs = 1000;
/** With no new process since, only an exec in an old one can bring a new name. */
const scanQuietEveryMs = 5000;
const mostNewPids = 64;

interface Known {
  readonly startTicks: number;
  readonly comm: string;
  readonly names: readonly string[];
}

/** Finds processes by name. `scanAlways` is for a kernel without `children` files, where the scan is the process tree. */
export function createProcessDiscovery(
  proc: ProcReader,
  names: readonly string[],
  ownPid: number,
  scanAlways: boolean,
): ProcessDiscovery {
  let known = new Map<number, Known>();
  let scan: ProcessScan | undefined;
  let newestPid: number | undefined;
  const schedule = createScanSchedule();

  const examine = (stat: ProcStat, found: Map<string, ProcessId[]>, into: Map<number, Known>): void => {
    if (stat.pid === ownPid || !isAlive(stat)) return;
    const before = known.get(stat.pid);
    if (before && before.startTicks === stat.startTicks && before.comm === stat.comm) {
      into.set(stat.pid, before);
      return;
    }
    const { pid, startTicks, comm } = stat;
    const matching = names.filter((name) => isNamed(proc, pid, comm, name));
    into.set(pid, { startTicks, comm, names: matching });
    for (const name of matching) found.set(name, [...(found.get(name) ?? []), { pid, startTicks }]);
  };

  const scanAll = (found: Map<string, ProcessId[]>): void => {
    scan = scanProcesses(proc);
    const next = new Map<number, Known>();
    for (const stat of scan.stats.values()) examine(stat, found, next);
    known = next;
  };

  const lookAtNew = (found: Map<string, ProcessId[]>, from: number, to: number): void => {
    for (let pid = from + 1; pid <= to; pid += 1) {
      const stat = readStat(proc, pid);
      // The numbers of threads have a folder too, which only a listing of /proc leaves out.
      if (stat && !isThread(proc, pid)) examine(stat, found, known);
    }
  };

  return {
    lastScan: () => scan,
    look: (now, vanished) => {
      const found = new Map<string, ProcessId[]>();
      const newest = readNewestPid(proc);
      if (scanAlways || vanished || schedule.isDue(now, newest)) {
        schedule.note(now, newest);
        scanAll(found);
      } else if (newest !== undefined && newestPid !== undefined && newest - newestPid <= mostNewPids) {
        lookAtNew(found, newestPid, newest);
      }
      newestPid = newest;
      return found;
    },
  };
}

/** Says when all of /proc is to be looked at again. */
function createScanSchedule(): {
  isDue(now: number, newest: number | undefined): boolean;
  note(now: number, newest: number | undefined): void;
} {
  let scannedAt: number | undefined;
  let newestScanned: number | undefined;
  /** A process seen between its fork and its exec still had the old name: look once more. */
  let isUnsettled = true;
  const isNew = (newest: number | undefined): boolean => newest === undefined || newest !== newestScanned;
  return {
    isDue: (now, newest) => {
      const everyMs = isUnsettled || isNew(newest) ? scanEveryMs : scanQuietEveryMs;
      return scannedAt === undefined || now - scannedAt >= everyMs;
    },
    note: (now, newest) => {
      isUnsettled = isNew(newest);
      newestScanned = newest;
      scannedAt = now;
    },
  };
}

export function readStat(proc: ProcReader, pid: number): ProcStat | undefined {
  const bytes = proc.read(`${pid}/stat`);
  return typeof bytes === 'string' ? undefined : parseStat(bytes);
}

function scanProcesses(proc: ProcReader): ProcessScan {
  const stats = new Map<number, ProcStat>();
  const entries = proc.list('.');
  let denied = typeof entries === 'string';
  for (const entry of typeof entries === 'string' ? [] : entries) {
    const first = entry.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const bytes = proc.read(`${entry}/stat`);
    if (bytes === 'denied') denied = true;
    const stat = typeof bytes === 'string' ? undefined : parseStat(bytes);
    if (stat) stats.set(stat.pid, stat);
  }
  return { stats, hidden: denied || !stats.has(1) };
}

function isThread(proc: ProcReader, pid: number): boolean {
  const bytes = proc.read(`${pid}/status`);
  if (typeof bytes === 'string') return true;
  const match = /^Tgid:\t(\d+)/m.exec(bytes.toString('latin1'));
  return match !== null && Number(match[1]) !== pid;
}

function readNewestPid(proc: ProcReader): number | undefined {
  const bytes = proc.read('loadavg');
  return typeof bytes === 'string' ? undefined : parseNewestPid(bytes);
}
