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
  /** `maybe`: it could not be stored, and is tried again; something of it may be there all the same. */
  onDisk: 'no' | 'maybe' | 'yes';
}

export function createOutbox(rules: OutboxRules, dependencies: OutboxDependencies): Outbox {
  const entries: Entry[] = [];
  let bytes = 0;
  let isDelivering = false;
  let delivery: Promise<void> = Promise.resolve();
  let retryAt = Number.NEGATIVE_INFINITY;

  const keep = (report: Report, isUrgent: boolean): Entry['onDisk'] =>
    dependencies.keep(report, isUrgent) ? 'yes' : 'maybe';
  const add = (report: Report, at: number, onDisk: Entry['onDisk']): void => {
    const entry = { report, bytes: Buffer.byteLength(JSON.stringify(report)), onDisk };
    entries.splice(at, 0, entry);
    bytes += entry.bytes;
  };
  /** A report in delivery is not changed: it may already have arrived under its id. */
  const fold = (): void => {
    const first = isDelivering ? 1 : 0;
    while (entries.length - first > 1 && (entries.length > rules.mostReports || bytes > rules.mostBytes)) {
      const [older, newer] = entries.splice(first, 2);
      if (!older || !newer) return;
      bytes -= older.bytes + newer.bytes;
      const folded = foldReports(older.report, newer.report, rules.peaks);
      const wasKept = older.onDisk !== 'no' || newer.onDisk !== 'no';
      add(folded, first, wasKept ? keep(folded, true) : 'no');
      if (older.onDisk !== 'no') dependencies.drop(older.report);
      dependencies.onFolded(older.report);
    }
  };
  const keepAll = (): void => {
    for (const entry of entries) {
      if (entry.onDisk !== 'yes') entry.onDisk = keep(entry.report, false);
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
      dependencies.onAcknowledged(entry.report);
    }
  };

  return {
    put: (report, isUrgent) => {
      add(report, entries.length, isUrgent ? keep(report, true) : 'no');
      fold();
    },
    take: (reports) => {
      for (const report of reports) add(report, entries.length, 'yes');
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
