import { foldReports } from '../report/fold-reports';
import type { Report } from '../report/report';

export interface OutboxRules {
  /** Over either of these, the oldest is folded into the one after it. */
  readonly mostReports: number;
  readonly mostBytes: number;
  /** How long to wait after a report that failed. */
  readonly retryMs: number;
  /** Metrics whose highest value must not get lost. */
  readonly peaks: ReadonlySet<string>;
}

export interface OutboxDependencies {
  readonly deliver: (report: Report) => Promise<'acknowledged' | 'failed'>;
  readonly onAcknowledged: (report: Report) => void;
  readonly onFailed: (report: Report) => void;
  /** Keeps a report beyond the end of the agent; `isUrgent`: of a power cut too. */
  readonly keep: (report: Report, isUrgent: boolean) => void;
  /** It need not be kept any longer. */
  readonly drop: (report: Report) => void;
  /** A report could not be kept by itself any longer. */
  readonly onFolded: (report: Report) => void;
  /** Milliseconds that go on evenly. */
  readonly clock: () => number;
}

/** Reports that are on their way, in order. Each keeps its id, so one that arrives twice counts once. */
export interface Outbox {
  /** `isUrgent`: it is kept through whatever happens before it is delivered. */
  put(report: Report, isUrgent: boolean): void;
  /** Takes up what an earlier run kept. */
  take(reports: readonly Report[]): void;
  /** Delivers what waits, oldest first and one at a time, until all is acknowledged or one fails. */
  flush(): void;
  /** Keeps all that waits. */
  keepAll(): void;
  /** Resolves when nothing is on its way. */
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
  /** What is being delivered now stays as it is: under its id it may have arrived. */
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
