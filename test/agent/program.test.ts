import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Device, startDevice } from './device';
import { waitFor } from './poll';

const name = 'cordonbundleapp';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the bundled agent', () => {
  let device: Device;
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    device = await startDevice(name, [`num_child_procs_${name}`]);
  });
  afterAll(async () => {
    const running = started.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map((one) => once(one, 'close'));
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(ended);
    await device.close();
  });

  function start(args: readonly string[], env: Record<string, string> = {}) {
    const agent = spawn(process.execPath, [device.bundle, ...args], {
      env: { PATH: process.env.PATH, HOME: device.directory, ...env },
    });
    started.push(agent);
    const output = { stdout: '', stderr: '' };
    agent.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk.toString();
    });
    agent.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk.toString();
    });
    const ended = new Promise<Outcome>((done) => agent.once('close', (code) => done({ code, ...output })));
    return { agent, output, ended };
  }
  const connectFlags = (): readonly string[] => [
    ...device.connection,
    ...['-cm', '--state-dir', join(device.directory, 'state')],
  ];

  it('is one file under 1 MB with nothing native in it', () => {
    expect(statSync(device.bundle).size).toBeLessThan(1024 * 1024);
    expect(readFileSync(device.bundle, 'utf8')).not.toMatch(/cbor-extract|\.node"/);
  });

  it('prints one report with the children of the device.app and touches no state', async () => {
    device.app.run('sleep 60 &');
    await waitFor(
      'the child',
      () => readFileSync(`/proc/${device.app.pid}/task/${device.app.pid}/children`, 'utf8').length > 0,
    );
    const { code, stdout, stderr } = await start([
      '--once',
      '--print',
      '-cm',
      '--state-dir',
      '/nonexistent/x',
    ]).ended;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      header: { report_id: expect.any(Number), version: '1.0' },
      metrics: { listening_tcp_ports: { total: expect.any(Number) } },
      custom_metrics: { [`num_child_procs_${name}`]: [{ number: 1 }] },
      evidence: [{ ppid: device.app.pid, commandLine: 'sleep 60' }],
      processes: { [name]: 'running' },
    });
    expect(existsSync('/nonexistent')).toBe(false);
    device.app.run('kill $!');
  });

  it('explains on standard error what not-running means, and keeps standard output JSON', async () => {
    const { code, stdout, stderr } = await start(['--once', '--print', '--children-of', 'cordonnosuch'])
      .ended;

    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'cordon-agent: cordonnosuch is not-running: no such process exists at this moment\n',
    });
    expect(JSON.parse(stdout)).toMatchObject({ processes: { cordonnosuch: 'not-running' } });
  });

  it('reports over mutual TLS, and ends with 0 on SIGTERM', async () => {
    const { agent, output, ended } = start(connectFlags());
    await waitFor('the report', () => output.stderr.includes('"event":"reported"'));
    agent.kill('SIGTERM');

    expect(await ended).toMatchObject({ code: 0, stdout: '' });
    const events = output.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events).toEqual(['started', 'connected', 'reported', 'stopping']);
  });

  it('ends with 0 though SIGTERM comes twice, as timeout(1) sends it', async () => {
    const { agent, output, ended } = start(connectFlags());
    await waitFor('the report', () => output.stderr.includes('"event":"reported"'));
    agent.kill('SIGTERM');
    await waitFor('the stop', () => output.stderr.includes('"event":"stopping"'));
    agent.kill('SIGTERM');

    expect((await ended).code).toBe(0);
  });

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
  ] as const)('ends with 0 on %s also while it has no connection', async (_title, signal) => {
    const { agent, output, ended } = start([...connectFlags(), '-e', 'localhost:1']);
    await waitFor('a failed try', () => output.stderr.includes('connect-failed'));
    agent.kill(signal);

    expect((await ended).code).toBe(0);
  });

  it.each<[number, string, () => readonly string[]]>([
    [2, '--interval', () => ['-i', 'abc']],
    [2, '--endpoint', () => ['-id', 'x']],
    [1, '--cert', () => [...connectFlags(), '-c', '/nonexistent']],
    [2, 'cannot read the configuration', () => ['--config', '/nonexistent/config.yml']],
  ])('ends with %d and one line that names %s', async (expected, what, args) => {
    const { code, stdout, stderr } = await start(args()).ended;

    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^cordon-agent: [^\\n]*${what}[^\\n]*\\n$`));
  });

  it('switches to a changed configuration on SIGHUP, and keeps the old one while the new one is wrong', async () => {
    const config = join(device.directory, 'config.yml');
    const lines = (interval: string) =>
      [
        `endpoint: localhost:${device.broker.port}`,
        ...[
          `rootCA: ${device.files.rootCaPath}`,
          `cert: ${device.files.certPath}`,
          `key: ${device.files.keyPath}`,
        ],
        ...[
          'clientId: mything1',
          `stateDirectory: ${join(device.directory, 'reloaded')}`,
          `interval: ${interval}`,
        ],
      ].join('\n');
    writeFileSync(config, lines('300'));
    const { agent, output, ended } = start(['--config', config]);
    await waitFor('the report', () => output.stderr.includes('"event":"reported"'));
    writeFileSync(config, lines('soon'));
    agent.kill('SIGHUP');
    await waitFor('the refusal', () => output.stderr.includes('"event":"reload-failed"'));
    writeFileSync(config, lines('60'));
    agent.kill('SIGHUP');
    await waitFor('the reload', () => output.stderr.includes('"event":"reloaded"'));
    await waitFor('the report after it', () => output.stderr.split('"event":"reported"').length === 3);
    agent.kill('SIGTERM');

    expect((await ended).code).toBe(0);
    expect(output.stderr).toMatch(/reload-failed".*config\.yml:7: interval: must be a whole number/);
    expect(output.stderr).toMatch(/"event":"reloaded".*"intervalSeconds":60/);
  });

  it('continues to report when it can no longer save its state, with rising ids, and says so', async () => {
    const state = join(device.directory, 'lost');
    const { agent, output, ended } = start([...connectFlags(), '--state-dir', state, '-i', '1']);
    await waitFor('the report', () => output.stderr.includes('"event":"reported"'));
    rmSync(state, { recursive: true });
    writeFileSync(state, '');
    await waitFor('a report that says so', () =>
      output.stderr
        .split('\n')
        .some((line) => /"event":"reported".*"state report-id":"cannot write/.test(line)),
    );
    await waitFor('more reports', () => output.stderr.split('"event":"reported"').length > 4);
    agent.kill('SIGTERM');

    expect((await ended).code).toBe(0);
    const ids = [...output.stderr.matchAll(/"event":"reported".*?"reportId":(\d+)/g)].map(([, id]) =>
      Number(id),
    );
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  it.each([
    ['help', 0, ['--help']],
    ['one report', 0, ['--once', '--print']],
    ['the findings of a failed check', 1, ['check', '--endpoint', 'localhost:1']],
  ])('prints %s for a reader that has gone, and exits %d without an error', async (_, exitCode, args) => {
    const { agent, ended } = start(
      args[0] === 'check' ? ['check', ...connectFlags(), ...args.slice(1)] : args,
    );
    agent.stdout.destroy();

    expect(await ended).toEqual({ code: exitCode, stdout: '', stderr: '' });
  });

  it.each([[['--help']], [['--once', '--print']], [['check']]])(
    'says in one line that its output can’t be written: %s',
    async (args) => {
      const isCheck = args[0] === 'check';
      const full = openSync('/dev/full', 'w');
      const agent = spawn(process.execPath, [device.bundle, ...args, ...(isCheck ? connectFlags() : [])], {
        env: { PATH: process.env.PATH },
        stdio: ['ignore', full, 'pipe'],
      });
      started.push(agent);
      closeSync(full);
      let stderr = '';
      agent.stderr?.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const [code] = await once(agent, 'close');

      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'cordon-agent: standard output can’t be written (ENOSPC)\n',
      });
    },
  );

  it('continues if its log can’t be written', async () => {
    const log = openSync('/dev/full', 'w');
    const reader = spawn(
      process.execPath,
      [device.bundle, ...connectFlags(), '--state-dir', join(device.directory, 'full')],
      {
        env: { PATH: process.env.PATH },
        stdio: ['ignore', 'ignore', log],
      },
    );
    started.push(reader);
    closeSync(log);
    const before = device.broker.published.length;
    await waitFor('the report', () => device.broker.published.length > before);
    const ended = new Promise((done) => reader.once('close', done));
    reader.kill('SIGTERM');

    expect(await ended).toBe(0);
  });

  it('starts for a user without a home', async () => {
    const { code } = await start(['--once', '--print'], { HOME: '' }).ended;

    expect(code).toBe(0);
  });
});
