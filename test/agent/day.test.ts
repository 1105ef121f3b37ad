import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { jest } from '@jest/globals';
import type { Settings } from '../../agent/config/settings';
import { type Reporting, startReporting, type Waiting } from '../../agent/delivery/reporting';
import type { Report } from '../../agent/report/report';
import { openReportIds } from '../../agent/report/report-id';
import { aChildSample, aSampler, metric, noProblems } from './builders';
import { memoryFolder } from './system';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Bytes that the only interface receives in a second. */
const bytesASecond = 1000;
/** How often a child appears, which lives for one look. */
const childEveryMs = 7 * minuteMs;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A broker out of reach for ten minutes in each hour, and for four hours at night. */
function isReachable(now: number): boolean {
  const isNight = now >= 2 * hourMs && now < 6 * hourMs;
  return !isNight && now % hourMs >= 10 * minuteMs;
}

describe('a day of the agent', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(memoryFolder, 'cordon-day-'));
    jest.useFakeTimers({ now: 1_700_000_000_000, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
    rmSync(directory, { recursive: true, force: true });
  });

  it('loses no report and repeats none through outages, reloads and a clock set back, and its memory does not grow', async () => {
    const bornAt = performance.now();
    const age = (): number => performance.now() - bornAt;
    const received = new Map<number, Report>();
    const issued: number[] = [];
    const folded: number[] = [];
    let arrivals = 0;
    let clockSetBackMs = 0;

    const start = (waiting?: Waiting): Reporting => {
      const ids = openReportIds(directory, 'mything1', noProblems());
      const settings = {
        destinations: ['cordon'],
        metrics: [{ metric, collect: 'children', of: { name: 'myapp' } }],
        intervalMs: 5 * minuteMs,
        sampleIntervalMs: 1000,
      } as unknown as Settings;
      return startReporting(
        settings,
        {
          sampler: aSampler(() => [aChildSample({ children: age() % childEveryMs < 1000 ? 1 : 0 })]),
          sampleSystem: () => ({
            listeningTcp: [],
            listeningUdp: [],
            established: [],
            traffic: countersAt(age()),
            interfaces: new Map(),
            failures: {},
          }),
          problems: noProblems(),
          reportIds: {
            next: (now) => {
              const id = ids.next(now);
              issued.push(id);
              return id;
            },
          },
          log: (_level, event, fields) => {
            if (event === 'report-folded') folded.push(Number(fields?.reportId));
          },
          clock: () => performance.now(),
          wallClock: () => Date.now() - clockSetBackMs,
        },
        {
          isReady: () => isReachable(age()),
          deliver: async (_destination, report) => {
            if (!isReachable(age())) return 'failed';
            arrivals += 1;
            received.set(report.header.report_id, report);
            // Every tenth report arrives, but its acknowledgement is lost.
            return arrivals % 10 === 0 ? 'failed' : 'acknowledged';
          },
        },
        waiting,
      );
    };

    let reporting = start();
    let usedEarly = 0;
    for (let hour = 1; hour <= 24; hour += 1) {
      await jest.advanceTimersByTimeAsync(hourMs);
      if (hour % 6 === 0) reporting = start(reporting.stop());
      if (hour === 12) clockSetBackMs = hourMs;
      if (hour === 7) {
        collectGarbage();
        usedEarly = process.memoryUsage().heapUsed;
      }
    }
    // The reports of the last outage are delivered, and so is the report of the last interval.
    await jest.advanceTimersByTimeAsync(15 * minuteMs);
    reporting.stop();
    collectGarbage();
    const grownBytes = process.memoryUsage().heapUsed - usedEarly;

    const reports = [...received.values()];
    const ids = [...received.keys()];
    expect(ids).toEqual([...issued].filter((id) => !folded.includes(id)));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    expect(arrivals).toBeGreaterThan(ids.length);
    const rises = reports.filter(
      (report) => Object.values(report.custom_metrics?.[metric]?.[0] ?? {})[0] === 1,
    );
    expect(rises.length).toBeGreaterThanOrEqual(Math.floor(dayMs / childEveryMs));
    const bytes = reports.reduce((sum, { metrics }) => sum + (metrics?.network_stats?.bytes_in ?? 0), 0);
    // After each start, the agent reports the traffic since its own first report.
    expect(bytes).toBeGreaterThan((dayMs / 1000) * bytesASecond * 0.95);
    expect(bytes).toBeLessThanOrEqual((age() / 1000) * bytesASecond);
    // A report is some 300 bytes, and this test keeps each of some 900.
    expect(grownBytes).toBeLessThan(3_000_000);
  }, 120_000);
});

function countersAt(ageMs: number) {
  const bytesIn = Math.floor(ageMs / 1000) * bytesASecond;
  return { bytesIn, bytesOut: 0, packetsIn: 0, packetsOut: 0 };
}
