import type { Settings } from '../config/flags';
import type { MetricDefinition } from '../config/metric-definition';
import type { Log } from '../log';
import type { MetricSampler } from '../metrics/metric-sampler';
import type { SystemSample } from '../metrics/system';
import type { TrafficMeter } from '../metrics/traffic';
import type { Problems } from '../problems';
import type { CpuBudget } from '../processes/cpu-budget';
import type { Caveat } from '../processes/metric-sample';
import { baselineOf } from '../report/baseline';
import { describeHealth, type Health } from '../report/health';
import { buildReport, type Report } from '../report/report';
import type { ReportIds } from '../report/report-id';
import type { Baseline } from '../report/report-lists';
import { createReportWindow, type Due, type ReportWindow } from '../report/report-window';
import type { Destination } from '../topics';
import { createOutbox, type Outbox } from './outbox';
import type { Restarts } from './restarts';
import type { Spool } from './spool';

/** Cordon's detector takes a hundred reports of one certificate at once. */
const mostWaitingReports = 90;
/** At most five reports of a change a second. */
const changeGapMs = 200;
/** A rise is told at once, a fall when it lasted. */
const fallHoldMs = 1000;
/** A Device Defender report that its policy denies costs the connection: not at once again. */
const defenderRetryMs = 60_000;
/** With no process to watch, there are the interval to keep and the traffic to count: a modem can come and go within a second. */
const idleTickMs = 200;
/** Reports that wait for a connection, as JSON: days of reports at the interval, or minutes of constant change. */
const mostWaitingBytes = 128 * 1024;

export interface ReportingDependencies {
  readonly sampler: MetricSampler;
  readonly sampleSystem: () => SystemSample;
  /** Adds up traffic between the reports. */
  readonly meter?: TrafficMeter;
  readonly reportIds: ReportIds;
  readonly problems: Problems;
  /** Without one, what is not delivered is lost at the end. */
  readonly spool?: Spool;
  readonly restarts?: Restarts;
  /** Without one, it looks as often as it is told to. */
  readonly budget?: CpuBudget;
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

/** What goes on in the next agent of the same thing: reports that were not delivered, and what the next one compares with. */
interface Carried {
  readonly reports: readonly Report[];
  readonly before?: Baseline;
}

export type Waiting = ReadonlyMap<Destination, Carried>;

export interface Reporting {
  flush(): void;
  /** Ends the sampling, tells what is still untold, and gives what waits for delivery. */
  stop(): Waiting;
  /** Resolves when no report is on its way. */
  settled(): Promise<void>;
  /** What waits for delivery now. */
  waiting(): Waiting;
}

interface Route {
  readonly destination: Destination;
  readonly window: ReportWindow;
  readonly outbox: Outbox;
  /** Reports are made when there is something to tell, and sent at once. */
  readonly byException: boolean;
  /** What waits may be sent. */
  mayFlush: boolean;
  /** What the last report with the system's state was made from. */
  before?: Baseline;
}

/** Samples the processes, and makes and delivers a report whenever one is due, until stopped. */
export function startReporting(
  settings: Settings,
  dependencies: ReportingDependencies,
  delivery: Delivery,
  waiting: Waiting = new Map(),
): Reporting {
  const { sampler, meter, budget, clock } = dependencies;
  const routes = settings.destinations.map((destination) => {
    const route = openRoute(destination, settings, dependencies, delivery);
    const carried = waiting.get(destination);
    if (carried?.before) route.before = carried.before;
    route.outbox.take(carried?.reports ?? []);
    return route;
  });
  const tickMs = sampler.isWatching ? settings.sampleIntervalMs : idleTickMs;
  let timer: NodeJS.Timeout | undefined;

  const put = (route: Route, due: Due): void => {
    const looks = { wantedMs: tickMs, intervalMs: settings.intervalMs };
    const { report, isUrgent } = makeReport(route, due, dependencies, looks);
    route.outbox.put(report, isUrgent);
    if (!delivery.isReady()) route.outbox.keepAll();
  };
  const flush = (): void => {
    for (const route of routes) {
      const { window, outbox, byException } = route;
      // What is on its way comes first: over a slow connection changes become one report, not a queue.
      const isBusy = delivery.isReady() && route.mayFlush && outbox.waiting().length > 0;
      const due = isBusy ? undefined : window.due(clock());
      if (due) put(route, due);
      if (byException || due === 'interval') route.mayFlush = true;
      if (delivery.isReady() && route.mayFlush) outbox.flush();
    }
  };
  const tick = (): void => {
    const startedAt = clock();
    meter?.look(startedAt);
    const samples = sampler.sample(startedAt);
    for (const { window } of routes) window.observe(samples, startedAt);
    flush();
    dependencies.onTick?.();
    const tookMs = clock() - startedAt;
    const restMs = Math.max(tickMs - tookMs, 0);
    timer = setTimeout(tick, budget ? budget.restAfter(clock(), restMs) : Math.max(restMs, tookMs));
  };
  const listWaiting = (): Waiting =>
    new Map(
      routes.map(({ destination, outbox, before }) => [
        destination,
        { reports: outbox.waiting(), ...(before && { before }) },
      ]),
    );
  tick();
  return {
    flush,
    stop: () => {
      clearTimeout(timer);
      for (const route of routes) {
        if (route.window.hasUntold()) put(route, 'change');
        route.outbox.keepAll();
        if (delivery.isReady()) route.outbox.flush();
      }
      sampler.stop();
      return listWaiting();
    },
    settled: async () => {
      await Promise.all(routes.map(({ outbox }) => outbox.settled()));
    },
    waiting: listWaiting,
  };
}

function openRoute(
  destination: Destination,
  settings: Settings,
  { log, clock, spool, restarts }: ReportingDependencies,
  delivery: Delivery,
): Route {
  const byException = destination === 'cordon';
  const { intervalMs, metrics } = settings;
  const route: Route = {
    destination,
    byException,
    mayFlush: true,
    window: createReportWindow({ intervalMs, byException, changeGapMs, fallHoldMs }),
    outbox: createOutbox(
      {
        // Device Defender takes one report in five minutes, so of those that wait the newest stands for all.
        mostReports: byException ? mostWaitingReports : 1,
        mostBytes: mostWaitingBytes,
        retryMs: byException ? 0 : defenderRetryMs,
        peaks: new Set(metrics.filter(isOfInterval).map(({ metric }) => metric)),
      },
      {
        deliver: (report) => delivery.deliver(destination, report),
        keep: (report, isUrgent) => spool?.keep(destination, report, isUrgent),
        drop: (report) => spool?.drop(destination, report),
        onAcknowledged: (report) => {
          if (!byException) route.mayFlush = false;
          restarts?.noteDelivery();
          log('info', 'reported', {
            destination,
            reportId: report.header.report_id,
            values: valuesOf(report),
            processes: report.processes,
            failures: report.failures,
          });
        },
        onFailed: ({ header }) => log('warn', 'report-failed', { destination, reportId: header.report_id }),
        onFolded: ({ header }) => log('warn', 'report-folded', { destination, reportId: header.report_id }),
        clock,
      },
    ),
  };
  return route;
}

/** The report is the outbox's from here on, so the next one tells only what came after it. */
function makeReport(
  route: Route,
  due: Due,
  dependencies: ReportingDependencies,
  looks: { readonly wantedMs: number; readonly intervalMs: number },
): { readonly report: Report; readonly isUrgent: boolean } {
  const { destination, window } = route;
  const { values, caveats, isRise, ...told } = window.take(due, dependencies.clock());
  const hasValues = Object.values(values).some((value) => value !== undefined);
  // A report must hold metrics or custom metrics; on a change the change alone is enough.
  const system = due === 'interval' || !hasValues ? dependencies.sampleSystem() : undefined;
  const failures = { ...findFailures(dependencies), ...system?.failures, ...told.failures };
  const madeAt = dependencies.wallClock();
  const spool = route.outbox.waiting().length;
  const health = findHealth(dependencies, { ...looks, spool, failures, caveats });
  const report = buildReport({
    reportId: dependencies.reportIds.next(madeAt),
    ...(system && { system }),
    ...(route.before && { before: route.before }),
    values,
    ...(destination === 'cordon' && { extras: { ...told, failures, health, madeAt } }),
  });
  if (system) route.before = baselineOf(system, route.before, report);
  return { report, isUrgent: isRise };
}

/** What can't be seen, and what does not work. */
export function findFailures({ sampler, problems }: ReportingDependencies): Readonly<Record<string, string>> {
  return { ...sampler.problems(), ...problems.all() };
}

export function findHealth(
  { sampler, problems, budget, restarts }: ReportingDependencies,
  rest: {
    readonly wantedMs: number;
    readonly intervalMs?: number;
    readonly spool: number;
    readonly failures: Readonly<Record<string, string>>;
    readonly caveats: readonly Caveat[];
  },
): Health {
  return describeHealth({
    ...sampler.sight(),
    sampleMs: budget?.everyMs(),
    restarts: restarts?.count() ?? 0,
    problems,
    ...rest,
  });
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
