import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from './poll';

const space = `cordon-${process.pid}`;
const root = join(import.meta.dirname, '../..');

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'ignore' });
}

/** Runs in the namespace. */
function inside(...args: readonly string[]): void {
  ip('netns', 'exec', space, ...args);
}

function canMakeNamespaces(): boolean {
  try {
    ip('netns', 'add', space);
    return true;
  } catch {
    return false;
  }
}

/** A card whose other end is as a container's. */
function addLink(name: string): void {
  inside('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `veth-${name}`);
  for (const end of [name, `veth-${name}`]) inside('ip', 'link', 'set', end, 'up');
}

/** Sends this much from an interface, by Node, since a small system has no other program that does. */
function send(address: string, bytes: number): void {
  const size = 1000;
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    socket.bind(0, () => {
      socket.setBroadcast(true);
      let left = ${Math.ceil(bytes / size)};
      const next = () => { left -= 1; left >= 0 ? socket.send(Buffer.alloc(${size}), 9, '${address}', next) : socket.close(); };
      next();
    });`;
  inside(process.execPath, '-e', script);
}

describe('traffic in a network namespace of its own', () => {
  if (!canMakeNamespaces()) {
    it.todo('is not tried here: `ip netns add` needs iproute2 and root');
    return;
  }
  let lines: string[];
  let looks: number;
  let agent: ReturnType<typeof spawn>;

  beforeEach(async () => {
    lines = [];
    looks = 0;
    inside('ip', 'link', 'set', 'lo', 'up');
    const program = [
      '--import',
      join(root, 'scripts/native-typescript.mjs'),
      '--import',
      join(root, 'test/agent/tell-looks.ts'),
      join(root, 'agent/cli/main.ts'),
    ];
    agent = spawn('ip', ['netns', 'exec', space, process.execPath, ...program, '-d', '-i', '1'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    if (agent.stdout) createInterface({ input: agent.stdout }).on('line', (line) => lines.push(line));
    agent.stdio[3]?.on('data', (told: Buffer) => {
      looks += told.length;
    });
    await waitFor('the agent', () => lines.length > 0);
  });
  afterEach(async () => {
    const ended = new Promise((done) => agent.once('close', done));
    agent.kill('SIGTERM');
    await ended;
  });
  afterAll(() => ip('netns', 'delete', space));

  const bytesOut = (): number =>
    lines.reduce((sum, line) => sum + (JSON.parse(line).metrics?.network_stats?.bytes_out ?? 0), 0);
  /** Waits for two looks at the counters, since the first may have begun before: and no longer, however slow the machine is. */
  const nextLooks = async (): Promise<void> => {
    const before = looks;
    await waitFor('two looks', () => looks >= before + 2);
  };
  const nextReports = async (count = 2): Promise<void> => {
    const before = lines.length;
    await waitFor('more reports', () => lines.length >= before + count);
  };

  it('counts the traffic of a modem that appears, sends and disappears within one interval, and again when it comes back', async () => {
    let sent = 0;
    for (const size of [1_000_000, 1_100_000]) {
      // As on a busy machine, the agent looks only after everything was sent. The second time, more was sent than the
      // first time.
      agent.kill('SIGSTOP');
      addLink('ppp0');
      inside('ip', 'address', 'add', '10.99.0.1/24', 'dev', 'ppp0');
      send('10.99.0.255', size);
      sent += size;
      agent.kill('SIGCONT');
      await nextLooks();
      inside('ip', 'link', 'delete', 'ppp0');
      await waitFor('a report of what was sent', () => bytesOut() >= sent);
      await nextReports();

      expect(bytesOut()).toBeLessThan(sent * 1.1);
    }
  });

  it('counts traffic through a bridge over a card once', async () => {
    addLink('eth0');
    inside('ip', 'link', 'add', 'br0', 'type', 'bridge');
    inside('ip', 'link', 'set', 'eth0', 'master', 'br0');
    inside('ip', 'address', 'add', '10.98.0.1/24', 'dev', 'br0');
    inside('ip', 'link', 'set', 'br0', 'up');
    send('10.98.0.255', 1_000_000);
    await waitFor('a report of what was sent', () => bytesOut() >= 1_000_000);
    await nextReports();

    expect(bytesOut()).toBeLessThan(1_100_000);
  });
});
