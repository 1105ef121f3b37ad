import { request } from 'node:https';
import mqtt, { type MqttClient } from 'mqtt';

/** Where a device reaches AWS IoT, or the local stack. */
export interface DeviceEndpoints {
  readonly mqtt: { readonly host: string; readonly port: number };
  readonly https: { readonly host: string; readonly port: number };
  /** The address of the credentials provider. */
  readonly credentials: { readonly host: string; readonly port: number };
}

export interface DeviceCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** What became of one try: `no-answer` is neither a yes nor a no. */
export type Outcome = 'accepted' | 'refused' | 'no-answer';

export interface Session {
  readonly clientId: string;
  /** When the broker ended the session, epoch ms by this machine's clock; undefined while it lasts. */
  endedAt(): number | undefined;
  /** Resolves at the end of the session, whoever ended it. */
  readonly ended: Promise<void>;
  /** QoS 1: accepted once the broker acknowledges. */
  publish(topic: string, payload: string): Promise<Outcome>;
  subscribe(topics: readonly string[], onMessage: (topic: string, payload: string) => void): Promise<void>;
  end(): void;
}

export interface Sent {
  readonly byMqtt: Outcome;
  readonly byHttps: Outcome;
  readonly detail: string;
}

/** How long a broker or an endpoint may take for one answer. */
const answerMs = 10_000;

/** The ports of AWS IoT with client certificates. */
export const ports = { mqtt: 8_883, https: 8_443, credentials: 443 } as const;

/** A device with a certificate of its own, on MQTT and HTTPS: the drill's, and those of the story of `npm start`. */
export function openDevice(
  thingName: string,
  endpoints: DeviceEndpoints,
  { ca, cert, key }: DeviceCredentials,
) {
  const tls = { ca, cert, key };

  /** One try, no reconnect. Throws an Error with the broker's word if it refuses. */
  async function connect(clientId: string): Promise<Session> {
    const { host, port } = endpoints.mqtt;
    const options = { reconnectPeriod: 0, connectTimeout: answerMs, clean: true, keepalive: 60 };
    // Without a URL, which the library would parse by a deprecated function of Node.
    const client = await mqtt.connectAsync(
      '',
      { protocol: 'mqtts', host, port, clientId, ...tls, ...options },
      false,
    );
    return follow(client, clientId);
  }

  /** Connects as the device's application, under the thing's own name. */
  async function tryConnect(
    clientId: string,
  ): Promise<{ outcome: Outcome; session?: Session; detail: string }> {
    try {
      return { outcome: 'accepted', session: await connect(clientId), detail: 'connected' };
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      // What the library says if the other side ended the connection before its answer.
      if (said === "Couldn't connect to server")
        return { outcome: 'refused', detail: 'the broker ended the connection' };
      return { outcome: isCut(said, error) ? 'refused' : 'no-answer', detail: said };
    }
  }

  /** `POST /topics/TOPIC?qos=1`, as a device without MQTT publishes. */
  const publishByHttps = (topic: string, payload: string) =>
    ask(endpoints.https, 'POST', `/topics/${encodeURIComponent(topic)}?qos=1`, tls, {}, payload).then(
      judge([200]),
    );

  /** Sends one message of the application each way, MQTT on a session of its own. */
  async function sendBothWays(topic: string, payload: string): Promise<Sent> {
    const { session, detail } = await tryConnect(thingName);
    const byMqtt = (await session?.publish(topic, payload)) ?? 'refused';
    session?.end();
    const byHttps = await publishByHttps(topic, payload);
    return {
      byMqtt,
      byHttps: byHttps.outcome,
      detail: `MQTT ${session ? byMqtt : detail}, HTTPS ${byHttps.detail}`,
    };
  }

  const readRetained = (topic: string) =>
    ask(endpoints.https, 'GET', `/retainedMessage/${encodeURIComponent(topic)}`, tls).then(judge([200]));

  /**
   * Whether the certificate may assume a role by this alias. The alias does not exist, but AWS IoT says so only to a
   * caller who may assume it.
   */
  const askForRole = (alias: string) =>
    ask(endpoints.credentials, 'GET', `/role-aliases/${alias}/credentials`, tls, {
      'x-amzn-iot-thingname': thingName,
    }).then(judge([200, 404]));

  return { thingName, connect, tryConnect, publishByHttps, sendBothWays, readRetained, askForRole };
}

export type ProofDevice = ReturnType<typeof openDevice>;

function follow(client: MqttClient, clientId: string): Session {
  let endedAt: number | undefined;
  let isOurs = false;
  const ended = new Promise<void>((resolve) => {
    client.once('close', () => {
      if (!isOurs) endedAt = Date.now();
      resolve();
    });
  });
  // The end of the session says all that an error would.
  client.on('error', () => undefined);
  return {
    clientId,
    endedAt: () => endedAt,
    ended,

    async publish(topic, payload) {
      if (endedAt !== undefined) return 'refused';
      const timer = timeout(answerMs);
      const sent = client.publishAsync(topic, payload, { qos: 1 }).then(
        (): Outcome => 'accepted',
        (): Outcome => 'refused',
      );
      return Promise.race([sent, ended.then((): Outcome => 'refused'), timer.over]).finally(timer.stop);
    },

    async subscribe(topics, onMessage) {
      client.on('message', (topic, payload) => onMessage(topic, payload.toString('utf8')));
      await client.subscribeAsync([...topics], { qos: 1 });
    },

    end() {
      isOurs = true;
      client.end(true);
    },
  };
}

function timeout(ms: number): { over: Promise<Outcome>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve('no-answer'), ms);
  });
  return { over, stop: () => clearTimeout(timer) };
}

interface HttpAnswer {
  readonly status?: number;
  readonly error?: Error;
}

/** One HTTPS request with the device's certificate, on a connection of its own: a kept one would outlive a deactivation. */
function ask(
  { host, port }: { readonly host: string; readonly port: number },
  method: string,
  path: string,
  tls: DeviceCredentials,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const options = { host, port, method, path, ...tls, headers, agent: false, timeout: answerMs };
    const sent = request(options, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${answerMs / 1_000} s`)));
    sent.on('error', (error) => resolve({ error }));
    sent.end(body);
  });
}

/**
 * A certificate that is not ACTIVE can't be used (docs/facts.md#sessions): the answer is 403, or an alert in the
 * handshake.
 */
function judge(accepted: readonly number[]) {
  return ({ status, error }: HttpAnswer): { outcome: Outcome; detail: string } => {
    if (status !== undefined) {
      const isRefused = status === 401 || status === 403;
      return {
        outcome: accepted.includes(status) ? 'accepted' : isRefused ? 'refused' : 'no-answer',
        detail: `HTTP ${status}`,
      };
    }
    const detail = error?.message ?? 'no answer';
    return { outcome: isCut(detail, error) ? 'refused' : 'no-answer', detail };
  };
}

/** The other side ended the connection, or its handshake: it was reached, and said no. */
function isCut(detail: string, error: unknown): boolean {
  return (
    /alert|socket hang up|connection closed|not authorized|connection refused:/i.test(detail) ||
    ['ECONNRESET', 'EPROTO', 'EPIPE'].includes(codeOf(error))
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
