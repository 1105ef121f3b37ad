import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import type { LinkTiming } from '../../../agent/config/link-timing';
import { type BrokerEvents, type BrokerLink, openBrokerLink } from '../../../agent/mqtt/broker-link';
import { type DeviceFiles, writeDeviceFiles } from '../certificates';
import { waitFor } from '../poll';

let directory: string;
let files: DeviceFiles;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cordon-broker-link-'));
  files = await writeDeviceFiles(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const accepted = Buffer.from([0x20, 2, 0, 0]);
/** PUBLISH with QoS 2, topic `a`, packet id 1. */
const exactlyOnce = Buffer.from([0x34, 6, 0, 1, 0x61, 0, 1, 0x78]);
/** The beginning of a PUBLISH of 200 MB. */
const huge = Buffer.from([0x30, 0x80, 0x84, 0xaf, 0x5f, 0, 1, 0x61]);

/** Starts a broker, which is called for each connection that has sent its CONNECT, and gives what opens a link to it. */
async function startBroker(serve: (socket: TLSSocket) => void) {
  const { certificatePem, privateKeyPem } = await files.authority.issueServerCertificate();
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => serve(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [ca, cert, key] = [files.rootCaPath, files.certPath, files.keyPath].map((path) => readFileSync(path));
  if (!ca || !cert || !key) throw new Error('no credentials');
  const open = (
    events: BrokerEvents,
    {
      timing = {},
      topics = [],
      jitter = 1,
    }: { timing?: Partial<LinkTiming>; topics?: string[]; jitter?: number } = {},
  ): BrokerLink =>
    openBrokerLink(
      {
        endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
        ...{ rootCaPath: '', certPath: '', keyPath: '', clientId: 'mything1', thingName: 'mything1' },
        timing: { connectTimeoutMs: 40_000, acknowledgeTimeoutMs: 40_000, keepAliveSeconds: 60, ...timing },
      },
      () => ({ ca, cert, key, expiresAt: Number.POSITIVE_INFINITY }),
      topics,
      events,
      { log: () => undefined, clock: () => performance.now(), random: () => jitter },
    );
  return { open, close: () => server.close() };
}

/** Opens a link to a broker that writes these packets. Returns the link's events until its first connection ends. */
async function listen(write: (socket: TLSSocket) => void): Promise<readonly string[]> {
  const broker = await startBroker(write);
  const said: string[] = [];
  // The second attempt comes a second later.
  const link = broker.open({
    onConnected: () => said.push('connected'),
    onMessage: (topic) => said.push(`message on ${topic}`),
    onEnded: (reason) => said.push(`ended: ${reason}`),
  });
  try {
    await waitFor('the end of the connection', () => said.some((one) => one.startsWith('ended')));
    await new Promise((resolve) => setImmediate(resolve));
    return said;
  } finally {
    await link.close();
    broker.close();
  }
}

/**
 * Opens a link to a broker that accepts connections and then stays silent, until `count` have ended. Returns the topics
 * asked for.
 */
async function listenToSilence(count: number, timing: Partial<LinkTiming>): Promise<readonly string[]> {
  const asked: string[] = [];
  const broker = await startBroker((socket) => {
    socket.write(accepted);
    socket.on('data', (data) => asked.push(...(data.toString('latin1').match(/first|second/g) ?? [])));
  });
  let ended = 0;
  const events = {
    onConnected: () => void link.publish('report', Buffer.from('{}')),
    onMessage: () => undefined,
    onEnded: () => {
      ended += 1;
    },
  };
  const link: BrokerLink = broker.open(events, { timing, topics: ['first', 'second'], jitter: 0 });
  try {
    // A connection may end before the broker has read what was asked for on it.
    await waitFor('the end of the connections', () => ended >= count && asked.length >= count);
    return asked.slice(0, count);
  } finally {
    await link.close();
    broker.close();
  }
}

describe('a connection to a broker that breaks the rules', () => {
  it('ends before a packet that is larger than any of AWS IoT fills the memory', async () => {
    const said = await listen((socket) => {
      socket.write(Buffer.concat([accepted, huge]));
      for (let megabyte = 0; megabyte < 4; megabyte += 1) socket.write(Buffer.alloc(1024 * 1024));
    });

    expect(said).toEqual(['connected', 'ended: the broker sent a packet of more than 1024 KB']);
  });

  it('stays open if many packets of allowed size arrive', async () => {
    const large = Buffer.concat([Buffer.from([0x30, 0x83, 0x80, 0x06, 0, 1, 0x61]), Buffer.alloc(96 * 1024)]);
    const said = await listen((socket) => {
      socket.write(accepted);
      socket.end(Buffer.concat(Array.from({ length: 40 }, () => large)));
    });

    expect([said.length, said.at(-1)]).toEqual([42, 'ended: closed by the broker or the network']);
  });

  it('ends at a message with QoS 2, which nobody asked for and which stays in memory until the broker releases it', async () => {
    const said = await listen((socket) => socket.write(Buffer.concat([accepted, exactlyOnce])));

    expect(said).toEqual(['connected', 'ended: the broker sent a message with QoS 2']);
  });

  it('is not established after it has ended', async () => {
    const said = await listen((socket) => socket.write(Buffer.concat([accepted, Buffer.from([0xff, 0xff])])));

    expect(said).toEqual(['ended: Invalid header flag bits, must be 0x0 for auth packet']);
  });
});

describe('a connection to a broker that is silent, as over a network that is gone', () => {
  it('ends if no acknowledgement comes, which does not count as a refusal', async () => {
    expect(await listenToSilence(3, { acknowledgeTimeoutMs: 50 })).toEqual(['first', 'first', 'first']);
  });

  it('is cut by a close while a report waits for its acknowledgement', async () => {
    const sockets: TLSSocket[] = [];
    const broker = await startBroker((socket) => {
      sockets.push(socket.resume());
      socket.write(accepted);
    });
    const link: BrokerLink = broker.open({
      onConnected: () => void link.publish('report', Buffer.from('{}')),
      onMessage: () => undefined,
      onEnded: () => undefined,
    });
    await waitFor('the connection', () => link.isConnected());

    await link.close();
    broker.close();

    await waitFor('the end of the connection', () => sockets.every(({ destroyed }) => destroyed));
  });
});
