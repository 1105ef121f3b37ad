import type { Settings } from './flags';
import type { Log } from './log';
import type { MetricDefinition } from './metrics/definition';
import type { MetricSampler } from './metrics/metric-sampler';
import type { SystemSample } from './metrics/system';
import { createOutbox, type Outbox } from './outbox';
import type { Problems } from './problems';
import { type Baseline, baselineOf, buildReport, type Report } from './report';
import type { ReportIds } from './report-id';
import { createReportWindow, type Due, type ReportWindow } from './report-window';
import type { Destination } from './topics';

/** At most five reports of a change a second. */
const changeGapMs = 200;
/** A rise is told at once, a fall when it lasted. */
const fallHoldMs = 1000;
/** A Device Defender report that its policy denies costs the connection: not at once again. */
const defenderRetryMs = 60_000;
/** With no process to watch, there is only the interval to keep. */
const idleTickMs = 1000;
/** Reports that wait for a connection, as JSON: days of reports at the interval, or minutes of constant change. */
const mostWaitingBytes = 128 * 1024;

export interface ReportingSurroundings {
  readonly sampler: MetricSampler;
  readonly sampleSystem: () => SystemSample;
  readonly reportIds: ReportIds;
  readonly problems: Problems;
  readonly log: Log;
  /** Milliseconds that go on evenly, whatever happens to the time of day. */
  readonly clock: () => number;
  readonly wallClock: () => number;
  /** Called after each look at the processes: it is what shows that the agent is not stuck. */
  readonly onTick?: () => void;
}

/** Where the reports go. */
export interface Delivery {
  isReady(): boolean;
  deliver(destination: Destination, report: Report): Promise<'acknowledged' | 'failed'>;
}

/** Reports that were not delivered yet. */
export type Waiting = ReadonlyMap<Destination, readonly Report[]>;

export interface Reporting {
  flush(): void;
  /** Ends the sampling, and gives what waits for delivery. */
  stop(): Waiting;
}

interface Route {
  readonly destination: Destination;
  readonly window: ReportWindow;
  readonly outbox: Outbox;
  /** What the last report with the system's state was made from. */
  before?: Baseline;
}

/** Samples the processes, and makes and delivers a report whenever one is due, until stopped. */
export function startReporting(
  settings: Settings,
  surroundings: ReportingSurroundings,
  delivery: Delivery,
  waiting: Waiting = new Map(),
): Reporting {
  const { sampler, clock } = surroundings;
  const routes = settings.destinations.map((destination) => {
    const route = openRoute(destination, settings, surroundings, delivery);
    for (const report of waiting.get(destination) ?? []) route.outbox.put(report);
    return route;
  });
  const tickMs = sampler.isWatching ? settings.sampleIntervalMs : idleTickMs;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    for (const route of routes) {
      // What is on its way comes first: over a slow connection changes become one report, not a queue.
      const mayMake = !delivery.isReady() || route.outbox.waiting().length === 0;
      const due = mayMake ? route.window.due(clock()) : undefined;
      if (due) route.outbox.put(makeReport(route, due, surroundings));
      if (delivery.isReady()) route.outbox.flush();
    }
  };
  const tick = (): void => {
    const startedAt = clock();
    const samples = sampler.sample(startedAt);
    for (const { window } of routes) window.observe(samples, startedAt);
    flush();
    surroundings.onTick?.();
    const tookMs = clock() - startedAt;
    // On a machine that is overwhelmed, never take more than half of the time.
    timer = setTimeout(tick, Math.max(tickMs - tookMs, tookMs));
  };
  tick();
  return {
    flush,
    stop: () => {
      clearTimeout(timer);
      sampler.stop();
      return new Map(routes.map(({ destination, outbox }) => [destination, outbox.waiting()]));
    },
  };
}

function openRoute(
  destination: Destination,
  settings: Settings,
  { log, clock }: ReportingSurroundings,
  delivery: Delivery,
): Route {
  const byException = destination === 'cordon';
  const { intervalMs, metrics } = settings;
  return {
    destination,
    window: createReportWindow({ intervalMs, byException, changeGapMs, fallHoldMs }),
    outbox: createOutbox(
      {
        // Device Defender takes one report in five minutes, so of those that wait the newest stands for all.
        mostReports: byException ? Number.POSITIVE_INFINITY : 1,
        mostBytes: mostWaitingBytes,
        retryMs: byException ? 0 : defenderRetryMs,
        peaks: new Set(metrics.filter(isOfInterval).map(({ metric }) => metric)),
      },
      {
        deliver: (report) => delivery.deliver(destination, report),
        onAcknowledged: (report) =>
          log('info', 'reported', {
            destination,
            reportId: report.header.report_id,
            values: valuesOf(report),
            processes: report.processes,
            failures: report.failures,
          }),
        onFailed: ({ header }) => log('warn', 'report-failed', { destination, reportId: header.report_id }),
        onFolded: ({ header }) => log('warn', 'report-folded', { destination, reportId: header.report_id }),
        clock,
      },
    ),
  };
}

/** The report is the outbox's from here on, so the next one tells only what came after it. */
function makeReport(route: Route, due: Due, surroundings: ReportingSurroundings): Report {
  const { destination, window } = route;
  const { values, ...told } = window.take(due, surroundings.clock());
  const hasValues = Object.values(values).some((value) => value !== undefined);
  // A report must hold metrics or custom metrics; on a change the change alone is enough.
  const system = due === 'interval' || !hasValues ? surroundings.sampleSystem() : undefined;
  const report = buildReport({
    reportId: surroundings.reportIds.next(surroundings.wallClock()),
    ...(system && { system }),
    ...(route.before && { before: route.before }),
    values,
    ...(destination === 'cordon' && {
      extras: { ...told, failures: { ...findFailures(surroundings), ...told.failures } },
    }),
  });
  if (system) route.before = baselineOf(system, route.before);
  return report;
}

/** What can't be seen, and what does not work. */
export function findFailures({ sampler, problems }: ReportingSurroundings): Readonly<Record<string, string>> {
  return { ...sampler.problems(), ...problems.all() };
}

/** What was seen at any time of the interval counts, not only what is now. */
function isOfInterval({ collect }: MetricDefinition): boolean {
  return collect !== 'cpu-percent' && collect !== 'exec';
}

function valuesOf({ custom_metrics: metrics = {} }: Report): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, [value]]) => [name, Object.values(value)[0]]),
  );
}
