import { foldReports } from './fold-reports';
import type { Report } from './report';

export interface OutboxRules {
  /** Over either of these, the oldest is folded into the one after it. */
  readonly mostReports: number;
  readonly mostBytes: number;
  /** How long to wait after a report that failed. */
  readonly retryMs: number;
  /** Metrics whose highest value must not get lost. */
  readonly peaks: ReadonlySet<string>;
}

export interface OutboxSurroundings {
  readonly deliver: (report: Report) => Promise<'acknowledged' | 'failed'>;
  readonly onAcknowledged: (report: Report) => void;
  readonly onFailed: (report: Report) => void;
  /** A report could not be kept by itself any longer. */
  readonly onFolded: (report: Report) => void;
  /** Milliseconds that go on evenly. */
  readonly clock: () => number;
}

/** Reports that are on their way, in order. Each keeps its id, so one that arrives twice counts once. */
export interface Outbox {
  put(report: Report): void;
  /** Delivers what waits, oldest first and one at a time, until all is acknowledged or one fails. */
  flush(): void;
  waiting(): readonly Report[];
}

interface Entry {
  readonly report: Report;
  readonly bytes: number;
}

export function createOutbox(rules: OutboxRules, surroundings: OutboxSurroundings): Outbox {
  const entries: Entry[] = [];
  let bytes = 0;
  let isDelivering = false;
  let retryAt = Number.NEGATIVE_INFINITY;

  const add = (report: Report, at: number): void => {
    const entry = { report, bytes: Buffer.byteLength(JSON.stringify(report)) };
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
      add(foldReports(older.report, newer.report, rules.peaks), first);
      surroundings.onFolded(older.report);
    }
  };
  const deliverAll = async (): Promise<void> => {
    for (let entry = entries[0]; entry; entry = entries[0]) {
      if ((await surroundings.deliver(entry.report)) === 'failed') {
        retryAt = surroundings.clock() + rules.retryMs;
        return surroundings.onFailed(entry.report);
      }
      entries.shift();
      bytes -= entry.bytes;
      surroundings.onAcknowledged(entry.report);
    }
  };

  return {
    put: (report) => {
      add(report, entries.length);
      fold();
    },
    flush: () => {
      if (isDelivering || entries.length === 0 || surroundings.clock() < retryAt) return;
      isDelivering = true;
      void deliverAll().finally(() => {
        isDelivering = false;
      });
    },
    waiting: () => entries.map(({ report }) => report),
  };
}
