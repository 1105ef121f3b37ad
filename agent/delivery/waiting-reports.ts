import { foldReports } from '../report/fold-reports';
import type { Report } from '../report/report';

export interface WaitingRules {
  /** Above either limit, the oldest report is folded into the next. */
  readonly mostReports: number;
  readonly mostBytes: number;
  /** Metrics whose highest value must not be lost. */
  readonly peaks: ReadonlySet<string>;
}

export interface ReportStorage {
  /** Stores a report so it survives the agent, and with `isUrgent` also a power cut. Says whether it could. */
  readonly keep: (report: Report, isUrgent: boolean) => boolean;
  /** The report need not be stored any longer. */
  readonly drop: (report: Report) => void;
  /** A report was folded into another. */
  readonly onFolded: (report: Report) => void;
}

/** Reports that wait for their delivery, oldest first, and what is stored of them. */
export interface WaitingReports {
  /** Adds a report; one that `isUrgent` is stored at once. */
  add(report: Report, isUrgent: boolean): void;
  /** Adds a report that an earlier run stored. */
  addStored(report: Report): void;
  /** Folds the oldest reports from the index `first` on until the limits hold. */
  foldFrom(first: 0 | 1): void;
  /** Stores all that are not. */
  keepAll(): void;
  /** Removes the oldest, and what is stored of it. */
  removeFirst(): void;
  list(): readonly Report[];
}

interface Entry {
  readonly report: Report;
  readonly bytes: number;
  /**
   * `maybe`: storing it failed and is tried again, but part of it may be on disk. `before`: the same, and the file
   * under its id has the report from before another one was folded into it.
   */
  onDisk: 'no' | 'maybe' | 'before' | 'yes';
  /**
   * Stored reports that were folded into this one. They stay on disk until this one is stored, so that a crash loses
   * none of them.
   */
  folded: readonly Report[];
}

export function createWaitingReports(rules: WaitingRules, storage: ReportStorage): WaitingReports {
  const entries: Entry[] = [];
  let bytes = 0;

  const keep = (entry: Entry, isUrgent: boolean): void => {
    if (storage.keep(entry.report, isUrgent)) {
      entry.onDisk = 'yes';
      dropFolded(entry);
    } else if (entry.onDisk === 'no') entry.onDisk = 'maybe';
  };
  const dropFolded = (entry: Entry): void => {
    for (const report of entry.folded) storage.drop(report);
    entry.folded = [];
  };
  const addAt = (at: number, report: Report, kept: Pick<Entry, 'onDisk' | 'folded'>): Entry => {
    const entry = { report, bytes: Buffer.byteLength(JSON.stringify(report)), ...kept };
    entries.splice(at, 0, entry);
    bytes += entry.bytes;
    return entry;
  };

  return {
    add: (report, isUrgent) => {
      const entry = addAt(entries.length, report, { onDisk: 'no', folded: [] });
      if (isUrgent) keep(entry, true);
    },
    addStored: (report) => {
      addAt(entries.length, report, { onDisk: 'yes', folded: [] });
    },
    foldFrom: (first) => {
      while (entries.length - first > 1 && (entries.length > rules.mostReports || bytes > rules.mostBytes)) {
        const [older, newer] = entries.splice(first, 2);
        if (!older || !newer) return;
        bytes -= older.bytes + newer.bytes;
        if (older.onDisk === 'maybe') storage.drop(older.report);
        const folded = [...older.folded, ...newer.folded, ...(isStored(older) ? [older.report] : [])];
        const report = foldReports(older.report, newer.report, rules.peaks);
        const entry = addAt(first, report, { onDisk: isStored(newer) ? 'before' : newer.onDisk, folded });
        if (older.onDisk !== 'no' || newer.onDisk !== 'no') keep(entry, true);
        storage.onFolded(older.report);
      }
    },
    keepAll: () => {
      for (const entry of entries) if (entry.onDisk !== 'yes') keep(entry, false);
    },
    removeFirst: () => {
      const entry = entries.shift();
      if (!entry) return;
      bytes -= entry.bytes;
      if (entry.onDisk !== 'no') storage.drop(entry.report);
      dropFolded(entry);
    },
    list: () => entries.map(({ report }) => report),
  };
}

function isStored({ onDisk }: Entry): boolean {
  return onDisk === 'yes' || onDisk === 'before';
}
