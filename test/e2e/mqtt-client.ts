import { readFile } from 'node:fs/promises';
import { decode } from 'cborg';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** Connects once; rejects with the broker's words when it is refused. */
export function connectOnce(port: number, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port,
    reconnectPeriod: 0,
    connectTimeout: 10_000,
    ...options,
  });
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('close', () => reject(new Error('refused')));
    client.on('error', (error) => reject(error));
  });
}

export async function readCredentials({ cert, key }: Credentials): Promise<{ cert: Buffer; key: Buffer }> {
  return { cert: await readFile(cert), key: await readFile(key) };
}

export type PublishOutcome = 'acknowledged' | 'cut';

/** Publishes at QoS 1, and returns what came first: the acknowledgement, or the end of the session. */
export function publishOrCut(
  client: MqttClient,
  topic: string,
  payload: string | Buffer,
): Promise<PublishOutcome> {
  return new Promise((resolve) => {
    const conclude = (outcome: PublishOutcome) => {
      client.off('close', onClose);
      resolve(outcome);
    };
    const onClose = () => conclude('cut');
    client.once('close', onClose);
    if (!client.connected) onClose();
    else client.publish(topic, payload, { qos: 1 }, (error) => conclude(error ? 'cut' : 'acknowledged'));
  });
}

/** Everything a client receives, decoded. */
export function collectAnswers(client: MqttClient): { topic: string; body: Record<string, unknown> }[] {
  const received: { topic: string; body: Record<string, unknown> }[] = [];
  client.on('message', (topic, payload) => {
    const body = topic.includes('/cbor/') ? decode(payload) : JSON.parse(payload.toString());
    received.push({ topic, body });
  });
  return received;
}
