/** New numbers don't show everything: an exec in an old process gives it a new name. */
const scanEveryMs = 10_000;
/** A scan of thousands of processes is slow. Scans must not take more than this share of the time. */
const mostScanShare = 1 / 400;
const scanEveryAtMostMs = 60_000;
/** A watched process ended, or one look found too many new numbers. */
const scanSoonMs = 1000;
/** Where the kernel does not announce new processes, scans have to find them. */
const mostFrequentScanShare = 1 / 100;

interface ScanNeed {
  /** A watched process ended. */
  readonly vanished: boolean;
  /** There were more new numbers than are known. */
  readonly isMissed: boolean;
  /** The kernel announces new processes. */
  readonly isTrusted: boolean;
}

/** When all of /proc is read again. Each look asks once. */
export function createScanSchedule() {
  let scannedAt: number | undefined;
  let scanTookMs = 0;
  let isScanSoon = false;
  /** An app that restarts all the time must not cause a scan each time. */
  let vanishedAt = Number.NEGATIVE_INFINITY;

  return {
    isDue(now: number, { vanished, isMissed, isTrusted }: ScanNeed): boolean {
      if (vanished || isMissed) isScanSoon = true;
      const isAtOnce = vanished && now - vanishedAt >= scanSoonMs;
      if (vanished) vanishedAt = now;
      const restMs = Math.min(scanTookMs / mostScanShare, scanEveryAtMostMs);
      const usualMs = isTrusted
        ? Math.max(scanEveryMs, restMs)
        : Math.max(scanSoonMs, scanTookMs / mostFrequentScanShare);
      const everyMs = isScanSoon ? scanSoonMs : usualMs;
      return scannedAt === undefined || isAtOnce || now - scannedAt >= everyMs;
    },
    /** `tookMs` is undefined if the list could not be read; `isSoon`: the next scan must not wait for its usual time. */
    noteScan(now: number, tookMs: number | undefined, isSoon: boolean): void {
      scannedAt = now;
      scanTookMs = tookMs ?? scanTookMs;
      isScanSoon = isSoon;
    },
  };
}
