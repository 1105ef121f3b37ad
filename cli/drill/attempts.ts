import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome, ProofDevice, Session } from '../../proof/device';

interface Attempt {
  /** When it began, epoch ms by this machine's clock. */
  readonly at: number;
  readonly way: 'MQTT' | 'HTTPS';
  readonly outcome: Outcome;
}

/** How often the device tries; AWS IoT accepts one connect a second per client id, and 100 publishes of a connection. */
const publishEveryMs = 200;
const connectEveryMs = 1_000;

/**
 * A device that keeps sending despite a containment: on its session while that lasts, then with a new session at each
 * try, and over HTTPS in parallel.
 */
export function keepSending(device: ProofDevice, topic: string, session?: Session) {
  const attempts: Attempt[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;

  async function sendByMqtt(): Promise<void> {
    let current = session;
    let lastConnectAt = 0;
    while (!signal.aborted) {
      const at = Date.now();
      if (current === undefined || current.endedAt() !== undefined) {
        if (at - lastConnectAt >= connectEveryMs) {
          lastConnectAt = at;
          current = (await device.tryConnect(device.thingName)).session;
        }
      }
      if (current) attempts.push({ at, way: 'MQTT', outcome: await current.publish(topic, `{"at":${at}}`) });
      await pause(publishEveryMs, undefined, { signal }).catch(() => undefined);
    }
    current?.end();
  }

  async function sendByHttps(): Promise<void> {
    while (!signal.aborted) {
      const at = Date.now();
      const { outcome } = await device.publishByHttps(topic, `{"at":${at}}`);
      attempts.push({ at, way: 'HTTPS', outcome });
      await pause(publishEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = Promise.all([sendByMqtt(), sendByHttps()]);
  return {
    /** Those that began in this time and were accepted. */
    accepted: (from: number, until = Infinity) =>
      attempts.filter(({ at, outcome }) => outcome === 'accepted' && at >= from && at < until),
    count: (from: number) => attempts.filter(({ at }) => at >= from).length,
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}

export type Sending = ReturnType<typeof keepSending>;
