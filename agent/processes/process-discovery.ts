import type { ProcessSelector } from '../config/metric-definition';
import { hidesProcesses } from '../proc/hidden-processes';
import type { ProcReader, ReadFailure } from '../proc/proc-reader';
import { isStill, type ProcStat, parseStat } from '../proc/proc-stat';
import { readStat } from '../proc/read-stat';
import { createKnownProcesses, type Finds, type KnownProcess } from './known-processes';
import { createPidAnnouncements } from './new-pids';
import { createScanSchedule } from './scan-schedule';

/** The result of a scan of all of /proc. */
export interface ProcessScan {
  readonly pids: Set<number>;
  /** The stats of every process if each look is such a scan; else empty, for what was there before is not read in full again. */
  readonly stats: readonly ProcStat[];
  /** Something is hidden from this user: by `hidepid` (proc(5)) or by permission. */
  readonly hidden: boolean;
  /** The list itself could not be read; the rest is of the scan before. */
  readonly isFailed: boolean;
  /** A process that is there and could not be read for another reason than permission. */
  readonly unread: number | undefined;
}

export interface Discovered {
  /** For each selector, the processes that it selects and that were not reported before, oldest first. */
  readonly selected: readonly (readonly ProcStat[])[];
  /** The processes that are new at this look. */
  readonly fresh: readonly ProcStat[];
  /** At this look all of /proc was read. */
  readonly isScan: boolean;
  /** No process was made since the look before. */
  readonly isQuiet: boolean;
}

export interface ProcessDiscovery {
  /** `scanAlways` is for a kernel without `children` files, where the scan is the process tree. */
  look(now: number, vanished: boolean, scanAlways: boolean): Discovered;
  /** The newest scan; undefined before the first look. */
  lastScan(): ProcessScan | undefined;
  /** True if the kernel reported all new processes in the tests so far. */
  announcesPids(): boolean;
  /** Whether a selector selects a process as it is now. */
  selects(selector: number, pid: number, comm: string): boolean | 'unknown';
  /** Finds the process again at the next scan. */
  forget(pid: number): void;
  /** A process for which the agent can't see whether the selector selects it. */
  unknownTo(selector: number): number | undefined;
}

/** Between its fork and its exec a process has the old name: it is looked at again for a while. */
const youngForMs = 5000;
const youngEveryMs = 1000;

/** Finds processes. */
export function createProcessDiscovery(
  proc: ProcReader,
  selectors: readonly ProcessSelector[],
  ownPid: number,
): ProcessDiscovery {
  const known = createKnownProcesses(proc, selectors, ownPid);
  const announcements = createPidAnnouncements(proc, ownPid);
  const schedule = createScanSchedule();
  let scan: ProcessScan | undefined;
  /** Numbers that were given away before their process could be seen, if it still can. */
  let unseen: readonly number[] = [];
  /** When each was seen first. */
  const young = new Map<number, number>();
  let youngLookedAt = Number.NEGATIVE_INFINITY;

  let hadNone = false;

  const scanAll = (finds: Finds, scanAlways: boolean): ProcessScan => {
    const next = new Map<number, KnownProcess>();
    const pids = new Set<number>();
    const stats: ProcStat[] = [];
    const entries = proc.list('.');
    if (typeof entries === 'string') {
      return { ...(scan ?? noScan()), isFailed: true };
    }
    let hidden = false;
    let unread: number | undefined;
    const noteFailure = (pid: number, failure: ReadFailure): void => {
      if (failure === 'gone') return;
      if (failure === 'denied') hidden = true;
      else unread ??= pid;
      pids.add(pid);
      const before = known.get(pid);
      if (before) next.set(pid, before);
    };
    readAllStats(proc, entries, noteFailure, (pid, bytes) => {
      const before = known.get(pid);
      if (!scanAlways && before?.isSettled && isStill(bytes, before)) {
        pids.add(pid);
        next.set(pid, before);
        return;
      }
      const stat = parseStat(bytes);
      if (!stat) return;
      pids.add(pid);
      if (scanAlways) stats.push(stat);
      known.examine(stat, finds, next, scan === undefined);
    });
    known.replace(next, pids);
    proc.forgetOthers(pids);
    hidden ||= !pids.has(1) || hidesProcesses(proc, ownPid);
    return { pids, stats, hidden, isFailed: false, unread };
  };

  const lookAtNew = (finds: Finds, pids: readonly number[], now: number): readonly number[] =>
    pids.filter((pid) => {
      const stat = readStat(proc, pid);
      // The numbers of threads have a folder too, which only a listing of /proc leaves out.
      if (typeof stat === 'string') return true;
      if (isThread(proc, pid)) return false;
      young.set(pid, now);
      scan?.pids.add(pid);
      known.examine(stat, finds);
      return false;
    });

  const lookAtYoung = (finds: Finds, now: number): void => {
    if (now - youngLookedAt < youngEveryMs) return;
    youngLookedAt = now;
    for (const [pid, seenAt] of young) {
      const stat = readStat(proc, pid);
      if (typeof stat !== 'string') known.examine(stat, finds);
      if (typeof stat === 'string' || now - seenAt >= youngForMs) young.delete(pid);
    }
  };

  return {
    lastScan: () => scan,
    unknownTo: known.unknownTo,
    selects: known.selects,
    forget: known.forget,
    announcesPids: () => announcements.areTrusted(),
    look: (now, vanished, scanAlways) => {
      const finds: Finds = { selected: selectors.map(() => []), fresh: [] };
      const { pids, isTrusted } = announcements.look(now);
      // A thread may have the number of one that ended, whose open file of children stays empty without an error.
      if (!pids || !isTrusted) proc.close();
      // A number is given away a moment before its process can be seen: quiet is what has been so for two looks.
      const hasNone = isTrusted && scan !== undefined && pids !== undefined && pids.length === 0;
      const isQuiet = hasNone && hadNone;
      hadNone = hasNone;
      const isDue = schedule.isDue(now, { vanished, isMissed: !pids, isTrusted });
      const isTree = scanAlways && !isQuiet;
      const isScan = isTree || isDue;
      if (isScan) {
        const isFirst = scan === undefined || scan.isFailed;
        const before = scan?.pids;
        const startedAt = performance.now();
        scan = scanAll(finds, scanAlways);
        const tookMs = scan.isFailed ? undefined : performance.now() - startedAt;
        const { pids: all } = scan;
        // At the first scan, a process between its fork and its exec is not known to be young.
        schedule.noteScan(now, tookMs, isFirst || scan.isFailed);
        announcements.judge(all, isFirst ? undefined : before);
        for (const pid of pids ?? []) if (all.has(pid)) young.set(pid, now);
        unseen = (pids ?? []).filter((pid) => !all.has(pid));
      } else {
        lookAtYoung(finds, now);
        const gone = lookAtNew(finds, [...unseen, ...(pids ?? [])], now);
        unseen = gone.filter((pid) => !unseen.includes(pid));
      }
      for (const stats of finds.selected) stats.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
      return { ...finds, isScan, isQuiet: isQuiet && !isScan };
    },
  };
}

function noScan(): ProcessScan {
  return { pids: new Set(), stats: [], hidden: false, isFailed: false, unread: undefined };
}

/** Gives the stat line of each process; the bytes are valid only within the call. */
function readAllStats(
  proc: ProcReader,
  entries: readonly string[],
  noteFailure: (pid: number, failure: ReadFailure) => void,
  take: (pid: number, bytes: Buffer) => void,
): void {
  for (const entry of entries) {
    const first = entry.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const bytes = proc.read(`${entry}/stat`);
    if (typeof bytes === 'string') noteFailure(Number(entry), bytes);
    else take(Number(entry), bytes);
  }
}

function isThread(proc: ProcReader, pid: number): boolean {
  const bytes = proc.read(`${pid}/status`);
  if (typeof bytes === 'string') return true;
  const match = /^Tgid:\t(\d+)/m.exec(bytes.toString('latin1'));
  return match !== null && Number(match[1]) !== pid;
}
