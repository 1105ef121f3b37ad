import type { Report } from '../report/report';
import { createWaitingReports, type ReportStorage, type WaitingRules } from './waiting-reports';

export interface OutboxRules extends WaitingRules {
  /** How long to wait after a report that failed. */
  readonly retryMs: number;
}

export interface OutboxDependencies extends ReportStorage {
  readonly deliver: (report: Report) => Promise<'acknowledged' | 'failed'>;
  readonly onAcknowledged: (report: Report) => void;
  readonly onFailed: (report: Report) => void;
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

export function createOutbox(rules: OutboxRules, dependencies: OutboxDependencies): Outbox {
  const waiting = createWaitingReports(rules, dependencies);
  let isDelivering = false;
  let delivery: Promise<void> = Promise.resolve();
  let retryAt = Number.NEGATIVE_INFINITY;

  /** A report in delivery is not changed: it may already have arrived under its id. */
  const fold = (): void => waiting.foldFrom(isDelivering ? 1 : 0);
  const deliverAll = async (): Promise<void> => {
    for (let [report] = waiting.list(); report; [report] = waiting.list()) {
      if ((await dependencies.deliver(report)) === 'failed') {
        retryAt = dependencies.clock() + rules.retryMs;
        waiting.keepAll();
        return dependencies.onFailed(report);
      }
      waiting.removeFirst();
      dependencies.onAcknowledged(report);
    }
  };

  return {
    put: (report, isUrgent) => {
      waiting.add(report, isUrgent);
      fold();
    },
    take: (reports) => {
      for (const report of reports) waiting.addStored(report);
      fold();
    },
    flush: () => {
      if (isDelivering || waiting.list().length === 0 || dependencies.clock() < retryAt) return;
      isDelivering = true;
      delivery = deliverAll().finally(() => {
        isDelivering = false;
      });
    },
    keepAll: waiting.keepAll,
    settled: () => delivery,
    waiting: waiting.list,
  };
}
