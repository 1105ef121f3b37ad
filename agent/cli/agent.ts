import { setTimeout as wait } from 'node:timers/promises';
import type { Credentials } from '../config/credentials';
import type { Settings } from '../config/settings';
import type { ReportingDependencies } from '../delivery/dependencies';
import { startReporting, type Waiting } from '../delivery/reporting';
import { logAnswer, replyKind } from '../mqtt/answers';
import { openBrokerLink } from '../mqtt/broker-link';
import { type ContainmentWatch, containmentTopic, readNotice } from '../mqtt/containment';
import { encodeReport } from '../report/encoding';
import type { Report } from '../report/report';
import { type Destination, type Topics, topicsFor } from '../topics';

/** How long a stop waits for reports that can be delivered at once. */
const lastWordsMs = 1500;

export interface AgentDependencies extends ReportingDependencies {
  /** Reads them again at each connect, so a renewed certificate needs no restart. */
  readonly readCredentials: () => Credentials;
  readonly containment: ContainmentWatch;
  readonly random: () => number;
  readonly onConnection?: (text: string) => void;
  /** Tests replace the link to the broker. */
  readonly openLink?: typeof openBrokerLink;
}

export interface Agent {
  /** Returns the reports that could not be delivered. */
  stop(): Promise<Waiting>;
}

/** Samples and reports over MQTT until stopped. Delivers `waiting` first. */
export function startAgent(settings: Settings, dependencies: AgentDependencies, waiting?: Waiting): Agent {
  const { connection } = settings;
  if (!connection) throw new Error('an agent that reports needs a connection');
  const { thingName, endpoint } = connection;
  const topics = new Map<Destination, Topics>(
    settings.destinations.map((one) => [one, topicsFor(one, thingName, settings.format)]),
  );
  const noticeTopic = topics.has('cordon') ? containmentTopic(thingName) : undefined;
  const link = (dependencies.openLink ?? openBrokerLink)(
    connection,
    dependencies.readCredentials,
    [
      ...[...topics.values()].flatMap(({ accepted, rejected }) => [accepted, rejected]),
      ...(noticeTopic === undefined ? [] : [noticeTopic]),
    ],
    {
      onConnected: () => {
        dependencies.onConnection?.(`connected to ${endpoint.host}:${endpoint.port}`);
        reporting.flush();
      },
      onEnded: (reason) => dependencies.onConnection?.(`not connected: ${reason}`),
      onMessage: (topic, payload) => {
        if (topic === noticeTopic) return dependencies.containment.note(readNotice(payload));
        for (const [destination, of] of topics) {
          const kind = replyKind(of, topic);
          if (kind) logAnswer(dependencies.log, destination, settings.format, kind, payload);
        }
      },
    },
    dependencies,
  );
  const delivery = {
    isReady: link.isConnected,
    deliver: (destination: Destination, report: Report) =>
      link.publish(
        topics.get(destination)?.report ?? '',
        encodeReport(report, settings.format, settings.names),
      ),
  };
  const reporting = startReporting(settings, dependencies, delivery, waiting);
  return {
    stop: async () => {
      reporting.stop();
      await Promise.race([reporting.settled(), wait(lastWordsMs, undefined, { ref: false })]);
      await link.close();
      return reporting.waiting();
    },
  };
}

/** Samples and prints the reports until stopped. */
export function startDryRun(
  settings: Settings,
  dependencies: ReportingDependencies,
  print: (report: Report) => void,
): Agent {
  const reporting = startReporting(settings, dependencies, {
    isReady: () => true,
    deliver: async (_destination, report) => {
      print(report);
      return 'acknowledged';
    },
  });
  return { stop: async () => reporting.stop() };
}
