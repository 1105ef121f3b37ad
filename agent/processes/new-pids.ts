import type { ProcReader } from '../proc/proc-reader';
import { parseNewestPid } from '../proc/proc-stat';

/** What the kernel reports about new processes in one sample: /proc/loadavg has the newest number. */
interface NewPids {
  /** The numbers given to processes and threads since the look before; undefined if they are unknown, or too many. */
  readonly pids: readonly number[] | undefined;
  /** True if the kernel's report was reliable in all tests so far. */
  readonly isTrusted: boolean;
}

export interface PidAnnouncements {
  look(now: number): NewPids;
  /** Gives the pids of the scan of this look, and of the scan before. */
  judge(pids: ReadonlySet<number>, before: ReadonlySet<number> | undefined): void;
  areTrusted(): boolean;
}

const mostNewPids = 256;
/** If /proc/loadavg does not change while processes start (lxcfs, gVisor), scans have to find them. */
const distrustForMs = 600_000;

/** Reads which numbers were assigned, and tests whether the kernel reports all of them. */
export function createPidAnnouncements(proc: ProcReader, ownPid: number): PidAnnouncements {
  let newest: number | undefined;
  let newestBefore: number | undefined;
  let distrustUntil = Number.NEGATIVE_INFINITY;
  /**
   * Whether the pids restarted since the last scan. A process from before that may have a high number, which shows no
   * fault.
   */
  let hasBegunAnew = false;
  /** The newest number that a scan found before it was announced. */
  let suspect: number | undefined;

  return {
    areTrusted: () => distrustUntil === Number.NEGATIVE_INFINITY,
    look: (now) => {
      newestBefore = newest;
      newest = readNewestPid(proc);
      // A process that the scan before found is older than this look's number, unless nothing announces them.
      const isLate = suspect !== undefined && newest !== undefined && suspect > newest;
      // Pids restart when they are used up, which a lower newest pid shows.
      const beganAnew = newest !== undefined && newestBefore !== undefined && newest < newestBefore;
      if (beganAnew) hasBegunAnew = true;
      if ((isLate && !beganAnew) || newest === undefined) distrustUntil = now + distrustForMs;
      suspect = undefined;
      const isTrusted = now >= distrustUntil;
      if (isTrusted) distrustUntil = Number.NEGATIVE_INFINITY;
      return { pids: numbersAfter(newestBefore, newest), isTrusted };
    },
    judge: (pids, before) => {
      const isComparable = newest !== undefined && newestBefore !== undefined && newest >= newestBefore;
      if (before && !hasBegunAnew && isComparable) suspect = findSuspect(pids, before, newest ?? 0, ownPid);
      hasBegunAnew = false;
    },
  };
}

function findSuspect(
  pids: ReadonlySet<number>,
  before: ReadonlySet<number>,
  newest: number,
  ownPid: number,
): number | undefined {
  let most = 0;
  for (const pid of pids) if (pid > most && pid !== ownPid && !before.has(pid)) most = pid;
  return most > newest ? most : undefined;
}

function numbersAfter(last: number | undefined, newest: number | undefined): readonly number[] | undefined {
  if (last === undefined || newest === undefined) return undefined;
  const count = newest - last;
  // Fewer: the pids restarted at the lowest free one (proc_sys_kernel(5), pid_max).
  if (count < 0 || count > mostNewPids) return undefined;
  return Array.from({ length: count }, (_, index) => last + 1 + index);
}

function readNewestPid(proc: ProcReader): number | undefined {
  const bytes = proc.readAgain('loadavg');
  return typeof bytes === 'string' ? undefined : parseNewestPid(bytes);
}
