import type { MqttClient } from 'mqtt';
import type { Log } from '../log';

/** A network may end a connection at the same place once; twice means the broker. */
const mostEnds = 2;
/** By then, the policy or the broker may have changed. */
const leftAloneMs = 3_600_000;

/** The agent reports even if the policy denies the subscriptions to replies. */
export interface Subscriber {
  /** Subscribes to one topic after the other, on a new connection. */
  subscribe(client: MqttClient): void;
  /** A subscription has no answer yet. */
  isAsking(): boolean;
  /** The connection has ended: by the broker or the network, or by the agent itself because nothing came any more. */
  noteEnd(by: 'broker' | 'agent'): void;
}

/**
 * If a policy denies a subscription, AWS IoT says so or ends the connection. If a subscription has ended the connection
 * twice, the agent does not subscribe to that topic for an hour; otherwise it could never report.
 */
export function createSubscriber(topics: readonly string[], log: Log, clock: () => number): Subscriber {
  const ends = new Map<string, { readonly count: number; readonly at: number }>();
  let asked: string | undefined;
  const refuse = (topic: string): void => log('warn', 'subscribe-refused', { topic });

  const subscribeFrom = (client: MqttClient, at: number): void => {
    const next = topics.findIndex((topic, index) => index >= at && (ends.get(topic)?.count ?? 0) < mostEnds);
    asked = next < 0 ? undefined : topics[next];
    if (asked === undefined) return;
    const topic = asked;
    client.subscribe(topic, { qos: 1 }, (error, _topics, answer) => {
      // An error without an answer comes from the end of the connection.
      if (error && !answer) return;
      if (error) refuse(topic);
      ends.delete(topic);
      subscribeFrom(client, next + 1);
    });
  };
  return {
    subscribe: (client) => {
      for (const [topic, end] of ends) if (clock() - end.at >= leftAloneMs) ends.delete(topic);
      subscribeFrom(client, 0);
    },
    isAsking: () => asked !== undefined,
    noteEnd: (by) => {
      if (asked !== undefined && by === 'broker') {
        const count = (ends.get(asked)?.count ?? 0) + 1;
        ends.set(asked, { count, at: clock() });
        if (count === mostEnds) refuse(asked);
      }
      asked = undefined;
    },
  };
}
