import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentProgram, runAgent } from './agent-program';
import { type Device, startDevice } from './device';
import { waitFor } from './poll';

const name = 'cordonhostileapp';
const metric = `num_child_procs_${name}`;
const fixtures = join(import.meta.dirname, 'fixtures');

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Gives the standard output, whatever the exit code. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, (_error, stdout) => resolve(stdout));
  });
}

/** Without a compiler, test/agent/errno-walk.test.ts covers this: it throws the errnos inside the process. */
const withCompiler = hasCompiler() ? it : it.skip;

/** A user id that nobody else uses. */
const userId = '65531';
const hide = ['unshare', '--mount', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', 'sh'];

/**
 * Before Linux 5.8, all mounts of /proc have the same options. Without root, test/agent/metrics/cannot-see.test.ts
 * covers how the agent reports it.
 */
function mayHideProcesses(): boolean {
  const [command = '', ...args] = [...hide, 'grep', '-q', 'hidepid', '/proc/self/mountinfo'];
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withHiding = mayHideProcesses() ? it : it.skip;

interface SentReport {
  readonly header: { readonly report_id: number };
  readonly metrics?: { readonly listening_tcp_ports?: { readonly ports: readonly { interface: string }[] } };
  readonly custom_metrics?: Readonly<Record<string, readonly [{ readonly number: number }]>>;
  readonly failures?: Readonly<Record<string, string>>;
}

describe('the bundled agent on a machine that works against it', () => {
  let device: Device;
  let agent: AgentProgram | undefined;
  const others: ChildProcess[] = [];

  beforeAll(async () => {
    device = await startDevice(name);
  });
  afterEach(async () => {
    await agent?.kill();
    agent = undefined;
    for (const one of others.splice(0)) one.kill('SIGKILL');
    device.broker.published.length = 0;
    device.broker.refuseConnections = 0;
    device.broker.onPublish = () => undefined;
  });
  afterAll(async () => {
    await device.close();
  });

  const build = (fixture: string, ...flags: readonly string[]): string => {
    const path = join(device.directory, fixture);
    execFileSync('cc', [join(fixtures, `${fixture}.c`), '-o', path, ...flags, '-ldl'], { stdio: 'ignore' });
    return path;
  };
  const args = (state: string): readonly string[] => [
    ...device.connection,
    ...['-i', '1', '--children-of', name, '--state-dir', join(device.directory, state)],
  ];
  const sent = (): readonly SentReport[] =>
    device.broker.published.map(({ payload }) => JSON.parse(payload.toString()));

  async function expectToFindAChild(): Promise<void> {
    device.app.run('sleep 60 &');
    await waitFor('the report of the child', () =>
      sent().some(({ custom_metrics }) => custom_metrics?.[metric]?.[0].number === 1),
    );
    device.app.run('kill $!');
    await waitFor('the report of its end', () => sent().at(-1)?.custom_metrics?.[metric]?.[0].number === 0);
    expect(agent?.process.exitCode).toBeNull();
  }

  /** Starts a copy of sleep in so deep a folder that the link /proc/PID/exe can't be read (ENAMETOOLONG). */
  async function startAtLongPath(): Promise<ChildProcess> {
    const script = `
      const { chmodSync, copyFileSync, mkdirSync, realpathSync } = require('node:fs');
      process.chdir(${JSON.stringify(mkdtempSync(join(device.directory, 'deep-')))});
      for (let depth = 0; depth < 17; depth += 1) { mkdirSync('d'.repeat(250)); process.chdir('d'.repeat(250)); }
      copyFileSync(realpathSync('/bin/sleep'), 'x');
      chmodSync('x', 0o755);
      const child = require('node:child_process').spawn('./x', ['60'], { stdio: 'ignore' });
      child.once('spawn', () => console.log(child.pid));
      process.once('exit', () => child.kill('SIGKILL'));
      process.once('SIGTERM', () => process.exit(0));`;
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    holder.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await waitFor('the program', () => output.endsWith('\n'));
    return holder;
  }

  it('names a program whose path the kernel cannot give, and reports as before', async () => {
    const holder = await startAtLongPath();
    agent = runAgent(process.execPath, [device.bundle, ...args('long')]);
    await agent.waitForEvent('reported', 2);

    expect(Object.entries(sent().at(-1)?.failures ?? {})).toEqual([
      [expect.stringMatching(/^\/proc\/\d+\/exe$/), 'ENAMETOOLONG'],
    ]);
    await expectToFindAChild();
    holder.kill('SIGTERM');
    await waitFor('the end of the program', () => holder.exitCode !== null);
    await waitFor('a report without it', () => Object.keys(sent().at(-1)?.failures ?? {}).length === 0);
  });

  withCompiler('lives beside what long-path.c starts', async () => {
    others.push(spawn(build('long-path'), [join(device.directory, 'longer'), '60'], { stdio: 'ignore' }));
    agent = runAgent(process.execPath, [device.bundle, ...args('long-c')]);
    await agent.waitForEvent('reported', 2);

    await expectToFindAChild();
  });

  withCompiler('goes on when the disk fails at the report id, with ids that rise, and says so', async () => {
    const flag = join(device.directory, 'eio-flag');
    const library = build('report-id-errno', '-shared', '-fPIC');
    agent = runAgent(process.execPath, [device.bundle, ...args('eio')], {
      ...process.env,
      LD_PRELOAD: library,
      EIOFLAG: flag,
    });
    await agent.waitForEvent('reported', 1);
    writeFileSync(flag, '');
    await waitFor('a report that says so', () =>
      sent().some(({ failures }) => failures?.['state report-id']),
    );
    await expectToFindAChild();
    rmSync(flag);
    await waitFor('a report without it', () => !sent().at(-1)?.failures);

    const ids = sent().map(({ header }) => header.report_id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    await waitFor('the last id on disk', () =>
      readFileSync(join(device.directory, 'eio', 'mything1.report-id'), 'utf8').startsWith(
        String(ids.at(-1)).slice(0, 6),
      ),
    );
  });

  withCompiler('reports without interface names if it may not ask for them, and says so', async () => {
    agent = runAgent(build('no-netlink'), [process.execPath, device.bundle, ...args('netlink')]);
    await agent.waitForEvent('reported', 2);

    expect(sent().at(-1)?.failures?.interfaces).toMatch(/cannot be read \(EACCES\)/);
    await expectToFindAChild();
  });

  withCompiler('says how many listen, and reports at once a new one beside thousands', async () => {
    const from = 20_000;
    others.push(spawn(build('many-listeners'), ['3000', String(from)], { stdio: 'ignore' }));
    agent = runAgent(process.execPath, [device.bundle, ...args('listeners')]);
    const listening = () =>
      sent().map(
        ({ metrics }) =>
          metrics?.listening_tcp_ports as unknown as { total: number; ports: { port: number }[] },
      );
    await waitFor('a report of them', () => listening().some((one) => one?.total >= 3000));
    others.push(spawn(build('many-listeners'), ['1', '24999'], { stdio: 'ignore' }));
    await waitFor('the new one', () =>
      listening().some((one) => one?.ports.some(({ port }) => port === 24_999)),
    );

    // The next report lists the ports that were in no report yet. A truncated list clears no alarm.
    expect(listening().at(-1)?.ports).toHaveLength(50);
  });

  withHiding(
    'says behind hidepid that it can’t see the children: in its log before it is connected, in each report, and in check',
    async () => {
      execFileSync('chown', ['-R', `${userId}:${userId}`, device.directory]);
      const asUser = ['setpriv', `--reuid=${userId}`, `--regid=${userId}`, '--clear-groups'];
      const [command = '', ...before] = [...hide, ...asUser, process.execPath, device.bundle];
      const reason = 'no permission to see all processes (hidepid)';
      device.app.run('sleep 60 &');
      device.broker.refuseConnections = 1_000_000;
      agent = runAgent(command, [...before, ...args('hidepid')]);
      const said = await agent.waitForEvent('metric-unseen');
      device.broker.refuseConnections = 0;
      await agent.waitForEvent('reported', 2);
      await agent.stop();
      // So that check need not wait for it.
      device.broker.onPublish = (topic) => device.broker.answer(`${topic}/accepted`, '{}');
      const checked = await run(command, [...before, 'check', ...args('hidepid'), '--json']);
      device.app.run('kill $!');

      expect(said).toMatchObject({ metric, reason });
      for (const { custom_metrics, failures } of sent()) {
        expect(custom_metrics).toBeUndefined();
        expect(failures).toMatchObject({ [metric]: reason });
      }
      expect(JSON.parse(checked).findings).toContainEqual(
        expect.objectContaining({ check: 'metrics', outcome: 'warning', detail: `${metric}: ${reason}` }),
      );
    },
  );

  it('sees each child and its end, and keeps its state, with 40 open files at most', async () => {
    const few = ['-c', 'ulimit -n 40; exec "$@"', 'sh', process.execPath, device.bundle];
    agent = runAgent('sh', [...few, ...args('few-files')]);
    await agent.waitForEvent('reported');
    const numbers = () => sent().flatMap(({ custom_metrics }) => custom_metrics?.[metric]?.[0].number ?? []);
    device.app.run(`for one in ${'x '.repeat(25)}; do sleep 60 & all="$all $!"; done`);
    await waitFor('all children', () => numbers().includes(25));
    device.app.run('kill $all; wait');
    await waitFor('their end', () => numbers().at(-1) === 0);
    await agent.waitForEvent('reported', agent.events('reported').length + 2);

    expect(sent().flatMap(({ failures = {} }) => Object.entries(failures))).toEqual([]);
    expect(agent.events('warning')).toEqual([]);
  });

  it('has a fixture for each machine on which the agent once failed', () => {
    for (const file of ['long-path.c', 'report-id-errno.c', 'no-netlink.c', 'many-listeners.c'])
      expect(existsSync(join(fixtures, file))).toBe(true);
  });
});
