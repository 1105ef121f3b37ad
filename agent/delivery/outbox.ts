import { foldReports } from '../report/fold-reports';
import type { Report } from '../report/report';

export interface OutboxRules {
  /** Above either limit, the oldest report is folded into the next. */
  readonly mostReports: number;
  readonly mostBytes: number;
  /** How long to wait after a report that failed. */
  readonly retryMs: number;
  /** Metrics whose highest value must not be lost. */
  readonly peaks: ReadonlySet<string>;
}

export interface OutboxDependencies {
  readonly deliver: (report: Report) => Promise<'acknowledged' | 'failed'>;
  readonly onAcknowledged: (report: Report) => void;
  readonly onFailed: (report: Report) => void;
  /** Stores a report so it survives the agent, and with `isUrgent` also a power cut. Says whether it could. */
  readonly keep: (report: Report, isUrgent: boolean) => boolean;
  /** The report need not be stored any longer. */
  readonly drop: (report: Report) => void;
  /** A report was folded into another. */
  readonly onFolded: (report: Report) => void;
  /** Monotonic clock, in milliseconds. */
  readonly clock: () => number;
}

/** Reports in delivery, in order. Each keeps its id, so one that arrives twice counts once. */
export interface Outbox {
  /** `isUrgent`: the report survives a power cut before its delivery. */
  put(report: Report, isUrgent: boolean): void;
  /** Loads the reports that an earlier run stored. */
  take(reports: readonly Report[]): void;
  /** Delivers waiting reports, oldest first and one at a time, until all are acknowledged or one fails. */
  flush(): void;
  /** Stores all waiting reports. */
  keepAll(): void;
  /** Resolves when nothing is in delivery. */
  settled(): Promise<void>;
  waiting(): readonly Report[];
}

interface Entry {
  readonly report: Report;
  readonly bytes: number;
  /**
   * `maybe`: it could not be stored, and is tried again; something of it may be there all the same. `before`: the same, and what
   * is there under its id is the report that another was folded into.
   */
  onDisk: 'no' | 'maybe' | 'before' | 'yes';
  /** Stored reports that were folded into this one, which a crash would lose with them until it is stored itself. */
  folded: readonly Report[];
}

export function createOutbox(rules: OutboxRules, dependencies: OutboxDependencies): Outbox {
  const entries: Entry[] = [];
  let bytes = 0;
  let isDelivering = false;
  let delivery: Promise<void> = Promise.resolve();
  let retryAt = Number.NEGATIVE_INFINITY;

  const keep = (entry: Entry, isUrgent: boolean): void => {
    if (dependencies.keep(entry.report, isUrgent)) {
      entry.onDisk = 'yes';
      dropFolded(entry);
    } else if (entry.onDisk === 'no') entry.onDisk = 'maybe';
  };
  const dropFolded = (entry: Entry): void => {
    for (const report of entry.folded) dependencies.drop(report);
    entry.folded = [];
  };
  const add = (report: Report, at: number, kept: Pick<Entry, 'onDisk' | 'folded'>): Entry => {
    const entry = { report, bytes: Buffer.byteLength(JSON.stringify(report)), ...kept };
    entries.splice(at, 0, entry);
    bytes += entry.bytes;
    return entry;
  };
  /** A report in delivery is not changed: it may already have arrived under its id. */
  const fold = (): void => {
    const first = isDelivering ? 1 : 0;
    while (entries.length - first > 1 && (entries.length > rules.mostReports || bytes > rules.mostBytes)) {
      const [older, newer] = entries.splice(first, 2);
      if (!older || !newer) return;
      bytes -= older.bytes + newer.bytes;
      if (older.onDisk === 'maybe') dependencies.drop(older.report);
      const folded = [...older.folded, ...newer.folded, ...(isStored(older) ? [older.report] : [])];
      const report = foldReports(older.report, newer.report, rules.peaks);
      const entry = add(report, first, { onDisk: isStored(newer) ? 'before' : newer.onDisk, folded });
      if (older.onDisk !== 'no' || newer.onDisk !== 'no') keep(entry, true);
      dependencies.onFolded(older.report);
    }
  };
  const keepAll = (): void => {
    for (const entry of entries) {
      if (entry.onDisk !== 'yes') keep(entry, false);
    }
  };
  const deliverAll = async (): Promise<void> => {
    for (let entry = entries[0]; entry; entry = entries[0]) {
      if ((await dependencies.deliver(entry.report)) === 'failed') {
        retryAt = dependencies.clock() + rules.retryMs;
        keepAll();
        return dependencies.onFailed(entry.report);
      }
      entries.shift();
      bytes -= entry.bytes;
      if (entry.onDisk !== 'no') dependencies.drop(entry.report);
      dropFolded(entry);
      dependencies.onAcknowledged(entry.report);
    }
  };

  return {
    put: (report, isUrgent) => {
      const entry = add(report, entries.length, { onDisk: 'no', folded: [] });
      if (isUrgent) keep(entry, true);
      fold();
    },
    take: (reports) => {
      for (const report of reports) add(report, entries.length, { onDisk: 'yes', folded: [] });
      fold();
    },
    flush: () => {
      if (isDelivering || entries.length === 0 || dependencies.clock() < retryAt) return;
      isDelivering = true;
      delivery = deliverAll().finally(() => {
        isDelivering = false;
      });
    },
    keepAll,
    settled: () => delivery,
    waiting: () => entries.map(({ report }) => report),
  };
}

function isStored({ onDisk }: Entry): boolean {
  return onDisk === 'yes' || onDisk === 'before';
}
