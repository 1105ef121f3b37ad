import type { Settings } from '../config/settings';
import type { Report } from '../report/report';
import type { Baseline } from '../report/report-lists';
import type { Due } from '../report/report-window';
import type { Destination } from '../topics';
import type { ReportingDependencies } from './dependencies';
import { startLooking } from './looks';
import { createReport, type Delivery, openRoute, type Route } from './route';

/** Without a watched process, the tick still keeps the interval and counts traffic: a modem can appear and disappear within a second. */
const idleTickMs = 200;
/** Reports are made at the interval though the next look is far off. */
const mostQuietMs = 10_000;

/** The state that the thing's next agent takes over: undelivered reports, and the values to compare with. */
interface Carried {
  readonly reports: readonly Report[];
  readonly before?: Baseline;
}

export type Waiting = ReadonlyMap<Destination, Carried>;

export interface Reporting {
  flush(): void;
  /** Stops sampling, makes a last report, and returns what waits for delivery. */
  stop(): Waiting;
  /** Resolves when no report is in delivery. */
  settled(): Promise<void>;
  /** The reports that wait for delivery. */
  waiting(): Waiting;
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

  const put = (route: Route, due: Due): void => {
    const looks = { wantedMs: tickMs, intervalMs: settings.intervalMs };
    const { report, isUrgent } = createReport(route, due, dependencies, looks);
    route.outbox.put(report, isUrgent);
    if (!delivery.isReady()) route.outbox.keepAll();
  };
  const flush = (): void => {
    for (const route of routes) {
      const { window, outbox, byException } = route;
      // Waiting reports go first. Over a slow connection, changes become one report instead of a queue.
      const isBusy = delivery.isReady() && route.mayFlush && outbox.waiting().length > 0;
      const isGap = byException && route.stoodStillMs > 0;
      const due = isBusy ? undefined : (window.due(clock()) ?? (isGap ? 'change' : undefined));
      if (due) put(route, due);
      if (byException || due === 'interval') route.mayFlush = true;
      if (delivery.isReady() && route.mayFlush) outbox.flush();
    }
  };
  const look = (now: number): void => {
    meter?.look(now);
    const samples = sampler.sample(now);
    for (const { window } of routes) window.observe(samples, now);
    flush();
    dependencies.onTick?.();
  };
  const listWaiting = (): Waiting =>
    new Map(
      routes.map(({ destination, outbox, before }) => [
        destination,
        { reports: outbox.waiting(), ...(before && { before }) },
      ]),
    );
  const stopLooking = startLooking({
    look,
    meanwhile: () => {
      flush();
      dependencies.onTick?.();
    },
    mostQuietMs: Math.min(settings.intervalMs, mostQuietMs),
    restAfter: (now, tookMs) => {
      const restMs = Math.max(tickMs - tookMs, 0);
      return budget ? budget.restAfter(now, restMs) : Math.max(restMs, tookMs);
    },
    clock,
    onStandstill: (ms) => {
      for (const route of routes) route.stoodStillMs = Math.max(route.stoodStillMs, ms);
    },
  });
  return {
    flush,
    stop: () => {
      stopLooking();
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
