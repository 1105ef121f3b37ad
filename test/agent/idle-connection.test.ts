import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openBrokerLink } from '../../agent/mqtt/broker-link';
import { type DeviceFiles, writeDeviceFiles } from './certificates';
import { waitFor } from './poll';
import { type SlowRelay, startSlowRelay } from './slow-relay';
import { startTlsBroker, type TestBroker } from './tls-broker';

/** A round trip of 600 ms. */
const delayMs = 300;
const patienceMs = 60_000;

/** Shorter than the time that the broker allows for the answer to a ping. */
const pauseMs = 300;

/**
 * Tries again if a connection ended while this process paused, as on a busy machine: it runs both ends of the
 * connection.
 */
async function withoutPause<T extends { readonly ended: readonly string[] }>(
  attempt: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const pauses = monitorEventLoopDelay();
    pauses.enable();
    const outcome = await attempt();
    pauses.disable();
    if (outcome.ended.length === 0 || pauses.max < pauseMs * 1_000_000) return outcome;
  }
}

let directory: string;
let files: DeviceFiles;
let broker: TestBroker;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cordon-idle-'));
  files = await writeDeviceFiles(directory);
  broker = await startTlsBroker(files);
});
afterAll(async () => {
  await broker.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('an idle connection over NAT that forgets idle connections', () => {
  const keepAliveSeconds = 2;

  async function hold(idleMs: number, isDone: (ended: readonly string[], relay: SlowRelay) => boolean) {
    let isUp = false;
    const relay = await startSlowRelay(0, () => broker.port, {
      delayMs,
      // While it starts, a slow machine may be silent for longer.
      idleMs: () => (isUp ? idleMs : Number.POSITIVE_INFINITY),
    });
    const ended: string[] = [];
    const [ca, cert, key] = [files.rootCaPath, files.certPath, files.keyPath].map((path) =>
      readFileSync(path),
    );
    if (!ca || !cert || !key) throw new Error('no credentials');
    const link = openBrokerLink(
      {
        endpoint: { host: '127.0.0.1', port: (relay.server.address() as AddressInfo).port },
        ...{ rootCaPath: '', certPath: '', keyPath: '', clientId: 'idle', thingName: 'idle' },
        timing: { connectTimeoutMs: 40_000, acknowledgeTimeoutMs: 40_000, keepAliveSeconds },
      },
      () => ({ ca, cert, key, expiresAt: Number.POSITIVE_INFINITY }),
      [],
      {
        onConnected: () => {
          isUp = true;
        },
        onMessage: () => undefined,
        onEnded: (reason) => {
          isUp = false;
          ended.push(reason);
        },
      },
      { log: () => undefined, clock: () => performance.now(), random: Math.random },
    );
    try {
      await waitFor('what is waited for', () => isDone(ended, relay), patienceMs);
      await waitFor('a connection', () => link.isConnected(), patienceMs);
      return { ended, connections: relay.connections() };
    } finally {
      await link.close();
      await relay.close();
    }
  }

  it(
    'stays open if pings come before NAT forgets it',
    async () => {
      const { ended, connections } = await withoutPause(() => {
        const until = performance.now() + 4 * keepAliveSeconds * 1000;
        return hold(60_000, () => performance.now() > until);
      });

      expect({ ended, connections }).toEqual({ ended: [], connections: 1 });
    },
    patienceMs,
  );

  it(
    'is found dead by an unanswered ping if they come later, and is replaced',
    async () => {
      const { ended, connections } = await hold(
        500,
        (reasons, relay) => reasons.length > 0 && relay.connections() > 1,
      );

      expect(ended[0]).toMatch(/keepalive|closed/i);
      expect(connections).toBeGreaterThan(1);
    },
    patienceMs,
  );
});
