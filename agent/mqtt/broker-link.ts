import { isIP } from 'node:net';
import { type IClientOptions, type MqttClient, connect as mqttConnect } from 'mqtt';
import type { Credentials } from '../config/credentials';
import { familySelection, type LinkTiming } from '../config/link-timing';
import type { ConnectionSettings } from '../config/settings';
import { describeError } from '../describe-error';
import type { Log } from '../log';
import type { Problems } from '../problems';
import { createBackoff } from './backoff';
import { watchRivals } from './rivals';
import { createSubscriber, type Subscriber } from './subscriber';

/** TLS options that MQTT.js has no types for, but passes to tls.connect. */
const socketOptions = { minVersion: 'TLSv1.2', noDelay: true } as const;
const closeTimeoutMs = 1500;
/** AWS IoT's messages have 128 KB at most, and MQTT 3.1.1 lets a broker begin one of 256 MB. */
const largestPacketBytes = 1024 * 1024;
const closed = 'closed by the broker or the network';
const unacknowledged = 'no acknowledgement of a report';

interface MessageEvents {
  readonly onConnected: () => void;
  readonly onMessage: (topic: string, payload: Buffer) => void;
}

export interface BrokerEvents extends MessageEvents {
  /** No connection was established, or it has ended. */
  readonly onEnded: (reason: string) => void;
}

/** A connection that reconnects until it is closed. */
export interface BrokerLink {
  isConnected(): boolean;
  /** Publishes at QoS 1. Does not store the message for later, when it would be outdated. */
  publish(topic: string, payload: Buffer): Promise<'acknowledged' | 'failed'>;
  close(): Promise<void>;
}

export interface LinkDependencies {
  readonly log: Log;
  /** Monotonic clock, in milliseconds. */
  readonly clock: () => number;
  readonly random: () => number;
  readonly problems?: Problems;
}

/**
 * Connects with the present credentials, and again whenever the connection ends, each time with a new client that has
 * no earlier state.
 */
export function openBrokerLink(
  settings: ConnectionSettings,
  readCredentials: () => Credentials,
  subscriptions: readonly string[],
  events: BrokerEvents,
  dependencies: LinkDependencies,
): BrokerLink {
  const { log, clock, random, problems } = dependencies;
  const backoff = createBackoff(random);
  let session: Session | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isClosing = false;

  const subscriber = createSubscriber(subscriptions, log, clock);
  const rivals = watchRivals(settings.clientId, log, clock, problems);

  const open = (): void => {
    const next = openSession(toClientOptions(settings, readCredentials()), {
      timing: settings.timing,
      clock,
      subscriber,
      onMessage: events.onMessage,
      onConnected: () => {
        log('info', 'connected', { host: settings.endpoint.host, port: settings.endpoint.port });
        events.onConnected();
      },
      onEnded: (reason, connectedMs, isUnasked) => {
        session = undefined;
        if (isClosing) return;
        rivals.noteEnd(connectedMs, isUnasked);
        const retryMs = backoff.next(connectedMs ?? 0);
        const event = connectedMs === undefined ? 'connect-failed' : 'disconnected';
        log('warn', event, { reason, retryMs });
        events.onEnded(reason);
        retry = setTimeout(open, retryMs);
      },
    });
    session = next;
  };
  open();

  return {
    isConnected: () => session?.isConnected() ?? false,
    publish: async (topic, payload) => (session ? session.publish(topic, payload) : 'failed'),
    close: async () => {
      isClosing = true;
      clearTimeout(retry);
      await session?.close();
    },
  };
}

/** MQTT with a client certificate shares port 443 by this name (AWS IoT, "Device communication protocols"). */
export function alpnFor(port: number): readonly string[] | undefined {
  return port === 443 ? ['x-amzn-mqtt-ca'] : undefined;
}

export function toClientOptions(settings: ConnectionSettings, credentials: Credentials): IClientOptions {
  const { host, port } = settings.endpoint;
  const alpn = alpnFor(port);
  return {
    protocol: 'mqtts',
    host,
    port,
    ...(isIP(host) === 0 && { servername: host }),
    ...(alpn && { ALPNProtocols: [...alpn] }),
    ca: credentials.ca,
    cert: credentials.cert,
    key: credentials.key,
    ...socketOptions,
    rejectUnauthorized: true,
    protocolVersion: 4,
    clientId: settings.clientId,
    clean: true,
    ...familySelection(settings.timing),
    keepalive: settings.timing.keepAliveSeconds,
    connectTimeout: settings.timing.connectTimeoutMs,
    // The link itself reconnects, with jitter.
    reconnectPeriod: 0,
    resubscribe: false,
    // mqtt-packet's cache of 65,536 buffers takes 11 to 18 MB.
    writeCache: false,
  };
}

interface SessionEvents extends MessageEvents {
  readonly subscriber: Subscriber;
  readonly timing: LinkTiming;
  readonly clock: () => number;
  /** `connectedMs` is undefined if no connection was established. */
  /** `isUnasked`: no message was in delivery that the broker could have refused. */
  readonly onEnded: (reason: string, connectedMs: number | undefined, isUnasked: boolean) => void;
}

interface Session {
  isConnected(): boolean;
  publish(topic: string, payload: Buffer): Promise<'acknowledged' | 'failed'>;
  close(): Promise<void>;
}

function openSession(options: IClientOptions, events: SessionEvents): Session {
  const client = mqttConnect(options);
  const unanswered = new Set<(outcome: 'acknowledged' | 'failed') => void>();
  let connectedAt: number | undefined;
  let hasEnded = false;

  const end = (reason: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    client.end(true);
    const isUnasked = reason === closed && unanswered.size === 0 && !events.subscriber.isAsking();
    for (const settle of [...unanswered]) settle('failed');
    events.subscriber.noteEnd(reason === unacknowledged ? 'agent' : 'broker');
    const connectedMs = connectedAt === undefined ? undefined : events.clock() - connectedAt;
    events.onEnded(reason, connectedMs, isUnasked);
  };

  limitPackets(client, end);
  client.on('connect', () => {
    // A packet that came with the answer may have ended the connection already.
    if (hasEnded) return;
    connectedAt = events.clock();
    events.subscriber.subscribe(client);
    events.onConnected();
  });
  client.on('message', (topic, payload) => events.onMessage(topic, payload));
  // A socket that closes late causes an error after the end; `end` runs once.
  client.on('error', (error) => end(describeError(error)));
  client.on('close', () => end(closed));

  return {
    isConnected: () => !hasEnded && client.connected,
    publish: (topic, payload) =>
      new Promise((resolve) => {
        if (hasEnded || !client.connected) return resolve('failed');
        const timer = setTimeout(() => end(unacknowledged), events.timing.acknowledgeTimeoutMs);
        const settle = (outcome: 'acknowledged' | 'failed'): void => {
          clearTimeout(timer);
          unanswered.delete(settle);
          resolve(outcome);
        };
        unanswered.add(settle);
        client.publish(topic, payload, { qos: 1 }, (error) => settle(error ? 'failed' : 'acknowledged'));
      }),
    close: () =>
      new Promise((resolve) => {
        if (hasEnded) return resolve();
        // A second `end` of the client does nothing.
        const timer = setTimeout(() => {
          client.stream.destroy();
          resolve();
        }, closeTimeoutMs);
        client.stream.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        client.end();
      }),
  };
}

/** The client keeps in memory what it has of a packet, and each message with QoS 2 until the broker releases it. */
function limitPackets(client: MqttClient, end: (reason: string) => void): void {
  let bytes = 0;
  client.stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > largestPacketBytes)
      end(`the broker sent a packet of more than ${largestPacketBytes / 1024} KB`);
  });
  client.on('packetreceive', (packet) => {
    bytes = 0;
    // Subscriptions ask for QoS 1 at most.
    if (packet.cmd === 'publish' && packet.qos === 2) end('the broker sent a message with QoS 2');
  });
}
