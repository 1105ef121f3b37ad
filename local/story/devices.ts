import { readFile } from 'node:fs/promises';
import { type Outcome, openDevice, type ProofDevice } from '../../proof/device';
import type { Device } from '../devices';
import { waitFor } from './wait';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  /** File of the CA that signed the broker's certificate. */
  readonly ca: string;
}

/** The application of a device, as a drill plays it. */
export async function openApplication(
  { thingName, cert, key }: Device,
  { host, port, ca }: BrokerAddress,
): Promise<ProofDevice> {
  const [caPem, certPem, keyPem] = await Promise.all([ca, cert, key].map((file) => readFile(file, 'utf8')));
  const address = { host, port };
  return openDevice(
    thingName,
    { mqtt: address, https: address, credentials: address },
    { ca: caPem ?? '', cert: certPem ?? '', key: keyPem ?? '' },
  );
}

export interface PublishResult {
  readonly outcome: Outcome;
  /** Whether the broker ended the session. */
  readonly closed: boolean;
}

const telemetryOf = (thingName: string) => `app/${thingName}/telemetry`;

/** Has the device publish an application message in a new session, and sees what the broker does with it. */
export async function publishAs(device: ProofDevice): Promise<PublishResult> {
  const { session, outcome } = await device.tryConnect(device.thingName);
  if (!session) return { outcome, closed: true };
  try {
    const published = await session.publish(telemetryOf(device.thingName), '{"probe":true}');
    const closed =
      published === 'refused' &&
      (await waitFor('the end of the session', session.endedAt, 1_000).then(
        () => true,
        () => false,
      ));
    return { outcome: published, closed };
  } finally {
    session.end();
  }
}

export interface ControlDevice {
  /** Ends the session and says whether anything disturbed it. */
  stop(): Promise<{ published: number; acknowledged: number; disconnects: number }>;
}

/** A second device that publishes ten times a second through the whole story. */
export async function startControlDevice(device: ProofDevice): Promise<ControlDevice> {
  const session = await device.connect(device.thingName);
  let published = 0;
  let acknowledged = 0;
  const pending = new Set<Promise<void>>();
  const timer = setInterval(() => {
    published += 1;
    const sent = session.publish(telemetryOf(device.thingName), `{"n":${published}}`).then((outcome) => {
      if (outcome === 'accepted') acknowledged += 1;
    });
    pending.add(sent);
    void sent.finally(() => pending.delete(sent));
  }, 100);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.race([Promise.all(pending), new Promise((resolve) => setTimeout(resolve, 2_000))]);
      session.end();
      return { published, acknowledged, disconnects: session.endedAt() === undefined ? 0 : 1 };
    },
  };
}
