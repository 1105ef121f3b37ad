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
  /** Stores a report so it survives the agent, and with `isUrgent` also a power cut. */
  readonly keep: (report: Report, isUrgent: boolean) => void;
  /** The report need not be stored any longer. */
  readonly drop: (report: Report) => void;
  /** A report could not be kept by itself any longer. */
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
  isKept: boolean;
}

export function createOutbox(rules: OutboxRules, dependencies: OutboxDependencies): Outbox {
  const entries: Entry[] = [];
  let bytes = 0;
  let isDelivering = false;
  let delivery: Promise<void> = Promise.resolve();
  let retryAt = Number.NEGATIVE_INFINITY;

  const add = (report: Report, at: number, isKept: boolean): void => {
    const entry = { report, bytes: Buffer.byteLength(JSON.stringify(report)), isKept };
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
      const isKept = older.isKept || newer.isKept;
      if (isKept) dependencies.keep(folded, true);
      if (older.isKept) dependencies.drop(older.report);
      add(folded, first, isKept);
      dependencies.onFolded(older.report);
    }
  };
  const keepAll = (): void => {
    for (const entry of entries) {
      if (entry.isKept) continue;
      dependencies.keep(entry.report, false);
      entry.isKept = true;
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
      if (entry.isKept) dependencies.drop(entry.report);
      dependencies.onAcknowledged(entry.report);
    }
  };

  return {
    put: (report, isUrgent) => {
      if (isUrgent) dependencies.keep(report, true);
      add(report, entries.length, isUrgent);
      fold();
    },
    take: (reports) => {
      for (const report of reports) add(report, entries.length, true);
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
