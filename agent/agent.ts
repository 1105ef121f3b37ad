import { answerKind, logAnswer } from './answers';
import { type BrokerLink, openBrokerLink } from './broker-link';
import type { Credentials } from './credentials';
import { encodeReport } from './encoding';
import type { Settings } from './flags';
import type { Log } from './log';
import type { ChildSampler } from './metrics/child-sampler';
import type { InterfaceCounters } from './metrics/interface-counters';
import type { SystemSample } from './metrics/system';
import { buildReport, type Report } from './report';
import type { ReportIds } from './report-id';
import { createReportWindow, type Due, type ReportWindow } from './report-window';
import { type Destination, type Topics, topicsFor } from './topics';

/** At most five reports of a change a second. */
const changeGapMs = 200;
/** A rise is told at once, a fall when it lasted. */
const fallHoldMs = 1000;
/** A Device Defender report that its policy denies costs the connection: not at once again. */
const defenderRetryMs = 60_000;
/** With no process to watch, there is only the interval to keep. */
const idleTickMs = 1000;

export interface AgentSurroundings {
  readonly sampler: ChildSampler;
  readonly sampleSystem: () => SystemSample;
  readonly reportIds: ReportIds;
  readonly log: Log;
  /** Milliseconds that go on evenly, whatever happens to the time of day. */
  readonly clock: () => number;
  readonly wallClock: () => number;
  readonly random: () => number;
}

export interface Agent {
  stop(): Promise<void>;
}

interface Route {
  readonly destination: Destination;
  readonly window: ReportWindow;
  counters?: InterfaceCounters;
}

type Deliver = (destination: Destination, report: Report) => Promise<'acknowledged' | 'failed'>;

/** Samples, and reports over MQTT, until stopped. */
export function startAgent(
  settings: Settings,
  credentials: Credentials,
  surroundings: AgentSurroundings,
): Agent {
  const { connection } = settings;
  if (!connection) throw new Error('an agent that reports needs a connection');
  const topics = new Map<Destination, Topics>(
    settings.destinations.map((one) => [one, topicsFor(one, connection.thingName, settings.format)]),
  );
  const topicsOf = [...topics.values()];
  const link: BrokerLink = openBrokerLink(
    connection,
    credentials,
    topicsOf.flatMap(({ accepted, rejected }) => [accepted, rejected]),
    {
      onConnected: () => loop.flush(),
      onMessage: (topic, payload) => {
        for (const [destination, of] of topics) {
          const kind = answerKind(of, topic);
          if (kind) logAnswer(surroundings.log, destination, settings.format, kind, payload);
        }
      },
    },
    surroundings,
  );
  const loop = startLoop(settings, surroundings, link.isConnected, async (destination, report) => {
    const topic = topics.get(destination)?.report ?? '';
    return link.publish(topic, encodeReport(report, settings.format));
  });
  return {
    stop: async () => {
      loop.stop();
      await link.close();
    },
  };
}

/** Samples, and prints the reports, until stopped. */
export function startDryRun(
  settings: Settings,
  surroundings: AgentSurroundings,
  print: (report: Report) => void,
): Agent {
  const loop = startLoop(
    settings,
    surroundings,
    () => true,
    async (_destination, report) => {
      print(report);
      return 'acknowledged';
    },
  );
  return { stop: async () => loop.stop() };
}

function startLoop(
  settings: Settings,
  surroundings: AgentSurroundings,
  isReady: () => boolean,
  deliver: Deliver,
): { flush(): void; stop(): void } {
  const { sampler, clock } = surroundings;
  const routes = settings.destinations.map((destination) => openRoute(destination, settings.intervalMs));
  const tickMs = settings.watched.length > 0 ? settings.sampleIntervalMs : idleTickMs;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    for (const route of routes) {
      const due = isReady() ? route.window.due(clock()) : undefined;
      if (due) void send(route, due, surroundings, deliver);
    }
  };
  const tick = (): void => {
    const startedAt = clock();
    const samples = sampler.sample(startedAt);
    for (const { window } of routes) window.observe(samples, startedAt);
    flush();
    const tookMs = clock() - startedAt;
    // On a machine that is overwhelmed, never take more than half of the time.
    timer = setTimeout(tick, Math.max(tickMs - tookMs, tookMs));
  };
  tick();
  return { flush, stop: () => clearTimeout(timer) };
}

function openRoute(destination: Destination, intervalMs: number): Route {
  const byException = destination === 'cordon';
  const retryMs = byException ? 0 : defenderRetryMs;
  return {
    destination,
    window: createReportWindow({ intervalMs, byException, changeGapMs, fallHoldMs, retryMs }),
  };
}

async function send(
  route: Route,
  due: Due,
  surroundings: AgentSurroundings,
  deliver: Deliver,
): Promise<void> {
  const { destination, window } = route;
  const told = window.take(due, surroundings.clock());
  const hasValues = Object.values(told.values).some((value) => value !== undefined);
  // A report must hold metrics or custom metrics; on a change the change alone is enough.
  const system = due === 'interval' || !hasValues ? surroundings.sampleSystem() : undefined;
  const reportId = surroundings.reportIds.next(surroundings.wallClock());
  const report = buildReport({
    reportId,
    ...(system && { system }),
    ...(route.counters && { countersBefore: route.counters }),
    values: told.values,
    ...(destination === 'cordon' && { extras: { evidence: told.evidence, processes: told.processes } }),
  });
  const outcome = await deliver(destination, report);
  window.settle(outcome, surroundings.clock());
  if (outcome === 'acknowledged') {
    if (system) route.counters = system.counters;
    surroundings.log('info', 'reported', {
      destination,
      reportId,
      peak: told.values,
      processes: told.processes,
    });
  } else {
    surroundings.log('warn', 'report-failed', { destination, reportId });
  }
}
