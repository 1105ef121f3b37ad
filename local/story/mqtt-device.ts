import { readFile } from 'node:fs/promises';
import mqtt, { type MqttClient } from 'mqtt';
import type { Device } from '../devices';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  /** File of the CA that signed the broker's certificate. */
  readonly ca: string;
}

/** Connects as a device does: mutual TLS, client id = thing name, one try. */
async function connectDevice(
  { thingName, cert, key }: Device,
  { host, port, ca }: BrokerAddress,
): Promise<MqttClient> {
  const [caPem, certPem, keyPem] = await Promise.all([readFile(ca), readFile(cert), readFile(key)]);
  return mqtt.connectAsync(
    `mqtts://${host}:${port}`,
    { clientId: thingName, ca: caPem, cert: certPem, key: keyPem, reconnectPeriod: 0, connectTimeout: 5_000 },
    false,
  );
}

export interface PublishResult {
  /** Whether the broker acknowledged the message. */
  readonly accepted: boolean;
  /** Whether the broker ended the session. */
  readonly closed: boolean;
}

/** Has the device publish an application message at QoS 1, and sees what the broker does with it. */
export async function publishAsDevice(device: Device, broker: BrokerAddress): Promise<PublishResult> {
  const client = await connectDevice(device, broker);
  let closed = false;
  const ended = new Promise<void>((resolve) => {
    client.once('close', () => {
      closed = true;
      resolve();
    });
  });
  client.on('error', () => undefined);
  try {
    const accepted = await Promise.race([
      client.publishAsync(`app/${device.thingName}/telemetry`, '{"probe":true}', { qos: 1 }).then(
        () => true,
        () => false,
      ),
      ended.then(() => false),
    ]);
    return { accepted, closed };
  } finally {
    client.end(true);
  }
}

export interface ControlDevice {
  /** Ends the session and says whether anything disturbed it. */
  stop(): Promise<{ published: number; acknowledged: number; disconnects: number }>;
}

/** A second device that publishes ten times a second through the whole story. */
export async function startControlDevice(device: Device, broker: BrokerAddress): Promise<ControlDevice> {
  const client = await connectDevice(device, broker);
  let published = 0;
  let acknowledged = 0;
  let disconnects = 0;
  client.on('close', () => {
    disconnects += 1;
  });
  client.on('error', () => undefined);
  const pending = new Set<Promise<void>>();
  const timer = setInterval(() => {
    published += 1;
    const sent = client
      .publishAsync(`app/${device.thingName}/telemetry`, `{"n":${published}}`, { qos: 1 })
      .then(
        () => {
          acknowledged += 1;
        },
        () => undefined,
      );
    pending.add(sent);
    void sent.finally(() => pending.delete(sent));
  }, 100);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.race([Promise.all(pending), new Promise((resolve) => setTimeout(resolve, 2_000))]);
      const result = { published, acknowledged, disconnects };
      await client.endAsync(true);
      return result;
    },
  };
}
