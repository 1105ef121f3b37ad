import { collects, type MetricDefinition } from '../config/metric-definition';
import type { Settings } from '../config/settings';
import { baselineOf } from '../report/baseline';
import { buildReport, type Report } from '../report/report';
import type { Baseline } from '../report/report-lists';
import { createReportWindow, type Due, type ReportWindow } from '../report/report-window';
import type { Destination } from '../topics';
import type { ReportingDependencies } from './dependencies';
import { findFailures, findHealth } from './findings';
import { createOutbox, type Outbox } from './outbox';

/** Cordon's detector accepts a hundred reports of one certificate at once. */
const mostWaitingReports = 90;
/** At most five reports of a change a second, as many as Cordon's detector accepts for long. */
const changeGapMs = 200;
/** A rise is reported at once, a fall after it has lasted. */
const fallHoldMs = 1000;
/** A denied report to Device Defender costs the connection, so it is not retried at once. */
const defenderRetryMs = 60_000;
/** Reports that wait for a connection, as JSON: days of reports at the interval, or minutes of constant change. */
const mostWaitingBytes = 128 * 1024;

/** Where the reports go. */
export interface Delivery {
  isReady(): boolean;
  deliver(destination: Destination, report: Report): Promise<'acknowledged' | 'failed'>;
}

/** The way of the reports to one destination. */
export interface Route {
  readonly destination: Destination;
  readonly window: ReportWindow;
  readonly outbox: Outbox;
  /** Reports are made when there is something to report, and sent at once. */
  readonly byException: boolean;
  /** Waiting reports may be sent. */
  mayFlush: boolean;
  /** The longest that it stood still since the last report. */
  stoodStillMs: number;
  /** What the last report with the system's state was made from. */
  before?: Baseline;
  /** Why metrics could not be seen at the last report. */
  unseen: Readonly<Record<string, string>>;
}

export function openRoute(
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
    stoodStillMs: 0,
    unseen: {},
    window: createReportWindow({ intervalMs, byException, changeGapMs, fallHoldMs }),
    outbox: createOutbox(
      {
        // Device Defender accepts one report in five minutes, so the newest waiting report replaces the others.
        mostReports: byException ? mostWaitingReports : 1,
        mostBytes: mostWaitingBytes,
        retryMs: byException ? 0 : defenderRetryMs,
        peaks: new Set(metrics.filter(isOfInterval).map(({ metric }) => metric)),
      },
      {
        deliver: (report) => delivery.deliver(destination, report),
        keep: (report, isUrgent) => spool?.keep(destination, report, isUrgent) ?? true,
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

/** The outbox owns the report from here on, so the next one covers only what came after it. */
export function createReport(
  route: Route,
  due: Due,
  dependencies: ReportingDependencies,
  looks: { readonly wantedMs: number; readonly intervalMs: number },
): { readonly report: Report; readonly isUrgent: boolean } {
  const { destination, window, stoodStillMs } = route;
  route.stoodStillMs = 0;
  const { values, caveats, isRise, ...told } = window.take(due, dependencies.clock());
  const hasValues = Object.values(values).some((value) => value !== undefined);
  // A report must hold metrics or custom metrics; on a change the change alone is enough.
  const system = due === 'interval' || !hasValues ? dependencies.sampleSystem() : undefined;
  dependencies.problems.retry();
  // Logged, because without a connection nobody sees the report, and a report to Device Defender can't hold it.
  for (const [metric, reason] of Object.entries(told.failures))
    if (!Object.hasOwn(route.unseen, metric))
      dependencies.log('warn', 'metric-unseen', { destination, metric, reason });
  route.unseen = told.failures;
  const failures = { ...findFailures(dependencies), ...system?.failures, ...told.failures };
  const madeAt = dependencies.wallClock();
  const spool = route.outbox.waiting().length;
  const health = findHealth(dependencies, { ...looks, spool, failures, caveats, stoodStillMs });
  const report = buildReport({
    reportId: dependencies.reportIds.next(madeAt),
    ...(system && { system }),
    ...(route.before && { before: route.before }),
    values,
    ...(destination === 'cordon' && {
      extras: { ...told, failures: { ...failures, ...describeStandstill(stoodStillMs) }, health, madeAt },
    }),
  });
  window.noteReported(report.custom_metrics ?? {});
  if (system) route.before = baselineOf(system, route.before, report);
  return { report, isUrgent: isRise || stoodStillMs > 0 };
}

function describeStandstill(ms: number): Readonly<Record<string, string>> {
  if (ms === 0) return {};
  const seconds = Math.round(ms / 1000);
  return { agent: `it stood still for ${seconds} s: stopped (SIGSTOP), or without a processor or a disk` };
}

/** Everything seen during the interval counts, not only the present value. */
function isOfInterval({ collect }: MetricDefinition): boolean {
  return collects[collect].isOfInterval;
}

function valuesOf({ custom_metrics: metrics = {} }: Report): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, [value]]) => [name, Object.values(value)[0]]),
  );
}
