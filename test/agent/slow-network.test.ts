import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentProgram, runAgent } from './agent-program';
import { type DeviceFiles, writeDeviceFiles } from './certificates';
import { bundleAgent } from './device';
import { waitFor } from './poll';
import { type RealApp, startRealApp } from './real-process';
import { type SlowRelay, startSlowRelay } from './slow-relay';
import { startTlsBroker, type TestBroker } from './tls-broker';

const space = `cordon-slow-${process.pid}`;
const name = 'cordonslowapp';
const metric = `num_child_procs_${name}`;
/** A round trip of 600 ms. */
const delayMs = 300;
const patienceMs = 60_000;

/** The device's end: an address of IPv6 from which nothing comes back, and a port that leads to the socket at `path`. */
const gate = (path: string): string => `
  const { connect, createServer } = require('node:net');
  createServer((near) => {
    const far = connect(${JSON.stringify(path)});
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  }).listen(8883, '127.0.0.1', () => console.log('open'));`;

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'ignore' });
}

function canMakeNamespaces(): boolean {
  try {
    ip('netns', 'add', space);
    return true;
  } catch {
    return false;
  }
}

let directory: string;
let files: DeviceFiles;
let broker: TestBroker;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cordon-slow-'));
  files = await writeDeviceFiles(directory);
  broker = await startTlsBroker(files, { dnsName: 'broker.test' });
});
afterAll(async () => {
  await broker.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('an agent on a network of IPv4 alone with a round trip of 600 ms, whose broker has addresses of both kinds', () => {
  if (!canMakeNamespaces()) {
    it.todo('is not tried here: `ip netns add` needs iproute2 and root');
    return;
  }
  let relay: SlowRelay;
  let door: ChildProcess;
  let app: RealApp;
  let agent: AgentProgram;
  let bundle: string;

  beforeAll(async () => {
    bundle = await bundleAgent(directory);
    writeFileSync(
      join(directory, 'hosts'),
      '127.0.0.1 localhost\n2001:db8::2 broker.test\n127.0.0.1 broker.test\n',
    );
    const inside = (...args: readonly string[]): void => ip('-n', space, ...args);
    inside('link', 'set', 'lo', 'up');
    inside('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
    for (const end of ['up0', 'up1']) inside('link', 'set', end, 'up');
    // getaddrinfo(3) returns only addresses of a kind that the device itself has.
    inside('addr', 'add', '192.0.2.1/24', 'dev', 'up0');
    inside('-6', 'addr', 'add', '2001:db8::1/64', 'dev', 'up0', 'nodad');
    // What is sent there goes nowhere.
    inside('-6', 'neigh', 'add', '2001:db8::2', 'lladdr', '02:00:00:00:00:02', 'dev', 'up0');
    const path = join(directory, 'relay.sock');
    relay = await startSlowRelay(path, () => broker.port, { delayMs });
    door = spawn('ip', ['netns', 'exec', space, process.execPath, '-e', gate(path)], { stdio: 'pipe' });
    let isOpen = false;
    door.stdout?.on('data', () => {
      isOpen = true;
    });
    await waitFor('the door', () => isOpen, patienceMs);
  }, patienceMs);
  afterAll(async () => {
    const ended = new Promise((done) => door.once('close', done));
    door.kill();
    await Promise.all([ended, relay.close()]);
    ip('netns', 'delete', space);
  });

  beforeEach(() => {
    app = startRealApp(name);
  });
  afterEach(async () => {
    await agent.kill();
    await app.close();
    broker.published.length = 0;
  });

  const start = (state: string, ackSeconds = 10): void => {
    const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    agent = runAgent('ip', [
      ...['netns', 'exec', space, 'sh', '-c', script, 'sh', join(directory, 'hosts')],
      ...[process.execPath, bundle, '-e', 'broker.test:8883'],
      ...['-r', files.rootCaPath, '-c', files.certPath, '-k', files.keyPath, '-id', 'mything1'],
      ...['--children-of', name, '--state-dir', join(directory, state)],
      ...['--connect-timeout', '20', '--ack-timeout', String(ackSeconds)],
    ]);
  };
  const happens = (event: string, times = 1) =>
    waitFor(
      () => `${event}, ${times} times; there came ${JSON.stringify(agent.events())}`,
      () => agent.events(event)[times - 1],
      patienceMs,
    );
  /** The reports that came with this number, each as often as it came. */
  const reportsOf = (number: number) =>
    broker.published
      .map(({ payload }) => JSON.parse(payload.toString()))
      .filter((report) => report.custom_metrics?.[metric]?.[0].number === number);
  const idsOf = (number: number): readonly number[] =>
    reportsOf(number).map(({ header }) => header.report_id);
  const told = (number: number) =>
    waitFor(
      () => `${number} told; there came ${JSON.stringify(agent.events())}`,
      () => idsOf(number).length > 0,
      patienceMs,
    );

  it(
    'connects, stays connected, and reports a child once',
    async () => {
      const before = relay.connections();
      start('stays');
      await happens('reported');
      app.run('sleep 71 &');
      await told(1);
      await happens('reported', 2);
      app.run('kill $!; wait');
      await told(0);
      await waitFor('the end of it', () => agent.events('reported').length >= 3, patienceMs);

      expect(new Set(idsOf(1)).size).toBe(idsOf(1).length);
      expect(agent.events('disconnected')).toEqual([]);
      expect(agent.events('connect-failed')).toEqual([]);
      expect(relay.connections() - before).toBe(1);
      expect(await agent.stop()).toBe(0);
    },
    patienceMs * 2,
  );

  it.each(['all', 'answers'] as const)(
    'reconnects if NAT forgets %s of its connection, and reports what happened meanwhile under one id',
    async (what) => {
      start(`forgets-${what}`, 5);
      await happens('reported');
      relay.forget(what);
      app.run('sleep 72 &');
      await happens('disconnected');
      await told(1);
      await waitFor('its acknowledgement', () => agent.events('reported').length >= 2, patienceMs);

      expect(agent.events('disconnected')[0]).toMatchObject({ reason: 'no acknowledgement of a report' });
      // If the agent paused, as it may on a busy machine, one more report says so; that report does not name the child.
      const naming = reportsOf(1).filter(({ evidence }) => evidence !== undefined);
      expect([...new Map(naming.map((report) => [report.header.report_id, report])).values()]).toHaveLength(
        1,
      );
      expect(agent.events('connect-failed')).toEqual([]);
    },
    patienceMs * 2,
  );
});
