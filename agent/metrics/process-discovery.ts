import type { ProcessSelector } from './definition';
import type { ProcReader } from './proc-reader';
import { isAlive, type ProcStat, parseNewestPid, parseStat } from './proc-stat';
import { isSelected } from './process-name';

/** What a look at all of /proc found. */
export interface ProcessScan {
  readonly stats: ReadonlyMap<number, ProcStat>;
  /** Something is hidden from this user: by `hidepid` (proc(5)) or by permission. */
  readonly hidden: boolean;
}

export interface Discovered {
  /** For each selector, the processes that it selects and that were not reported before, oldest first. */
  readonly selected: readonly (readonly ProcStat[])[];
  /** The processes that are new at this look. */
  readonly fresh: readonly ProcStat[];
  /** At this look all of /proc was read. */
  readonly isScan: boolean;
}

export interface ProcessDiscovery {
  look(now: number, vanished: boolean): Discovered;
  /** The newest scan; undefined before the first look. */
  lastScan(): ProcessScan | undefined;
}

const scanEveryMs = 1000;
/** With no new process since, only an exec in an old one can bring a new name. */
const scanQuietEveryMs = 5000;
const mostNewPids = 256;

interface Known {
  readonly startTicks: number;
  readonly comm: string;
  /** Seen at two looks: what it was between fork and exec is over. */
  readonly isSettled: boolean;
  readonly selectedBy: ReadonlySet<number>;
}

interface Finds {
  readonly selected: ProcStat[][];
  readonly fresh: ProcStat[];
}

/** Finds processes. `scanAlways` is for a kernel without `children` files, where the scan is the process tree. */
export function createProcessDiscovery(
  proc: ProcReader,
  selectors: readonly ProcessSelector[],
  ownPid: number,
  scanAlways: boolean,
): ProcessDiscovery {
  let known = new Map<number, Known>();
  let scan: ProcessScan | undefined;
  let newestPid: number | undefined;
  const schedule = createScanSchedule();

  const examine = (stat: ProcStat, finds: Finds, into: Map<number, Known>): void => {
    if (stat.pid === ownPid || !isAlive(stat)) return;
    const { pid, startTicks, comm } = stat;
    const last = known.get(pid);
    const before = last?.startTicks === startTicks ? last : undefined;
    if (before?.isSettled && before.comm === comm) {
      into.set(pid, before);
      return;
    }
    const matching = selectors.flatMap((selector, index) =>
      isSelected(proc, pid, comm, selector) ? [index] : [],
    );
    const isSettled = before?.comm === comm || scan === undefined;
    into.set(pid, { startTicks, comm, isSettled, selectedBy: new Set(matching) });
    if (!before) finds.fresh.push(stat);
    // What it was selected by before, with the same kernel name, was told before.
    const isTold = (index: number): boolean => before?.comm === comm && before.selectedBy.has(index);
    for (const index of matching) if (!isTold(index)) finds.selected[index]?.push(stat);
  };

  const scanAll = (finds: Finds): void => {
    const next = new Map<number, Known>();
    const { stats, hidden } = scanProcesses(proc);
    for (const stat of stats.values()) examine(stat, finds, next);
    scan = { stats, hidden };
    known = next;
  };

  const lookAtNew = (finds: Finds, from: number, to: number): void => {
    for (let pid = from + 1; pid <= to; pid += 1) {
      const stat = readStat(proc, pid);
      // The numbers of threads have a folder too, which only a listing of /proc leaves out.
      if (stat && !isThread(proc, pid)) examine(stat, finds, known);
    }
  };

  return {
    lastScan: () => scan,
    look: (now, vanished) => {
      const finds: Finds = { selected: selectors.map(() => []), fresh: [] };
      const newest = readNewestPid(proc);
      const isScan = scanAlways || vanished || schedule.isDue(now, newest);
      if (isScan) {
        schedule.note(now, newest);
        scanAll(finds);
      } else if (newest !== undefined && newestPid !== undefined && newest - newestPid <= mostNewPids) {
        lookAtNew(finds, newestPid, newest);
      }
      newestPid = newest;
      for (const stats of finds.selected) stats.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
      return { ...finds, isScan };
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
