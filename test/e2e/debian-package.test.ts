import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentProgram, runAgent } from '../agent/agent-program';
import { type DebianRoot, findWhatDebianRootLacks, openDebianRoot } from './debian-root';
import { type EndToEnd, root, startEndToEnd } from './harness';

const unitPath = '/usr/lib/systemd/system/cordon-agent.service';
const lacking = findWhatDebianRootLacks();
const onDebian = lacking === undefined ? describe : describe.skip;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'cordon-deb-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function build(release: string, into: string): void {
  const outfile = join(directory, into, 'cordon-agent.cjs');
  const script = join(root, 'infra', 'bundling', 'build-agent.mjs');
  execFileSync(process.execPath, [script, '--packages', '--release', release, '--outfile', outfile]);
}

describe('npm run build:agent', () => {
  it('builds the same bytes each time', () => {
    build('1.2.3', 'once');
    build('1.2.3', 'again');
    const names = readdirSync(join(directory, 'once')).sort();

    expect(names).toEqual(['cordon-agent-1.2.3.tar.gz', 'cordon-agent.cjs', 'cordon-agent_1.2.3_all.deb']);
    for (const name of names) {
      const [one, other] = ['once', 'again'].map((folder) => readFileSync(join(directory, folder, name)));
      expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it('builds everything although nobody reads its output any more', () => {
    const script = join(root, 'infra', 'bundling', 'build-agent.mjs');
    const outfile = join(directory, 'unread', 'cordon-agent.cjs');
    const pipe = '"$@" | true';
    const args = ['-c', pipe, 'sh', process.execPath, script, '--packages', '--release', '1.2.3'];

    const { stderr } = spawnSync('sh', [...args, '--outfile', outfile], { encoding: 'utf8' });

    expect(stderr).toBe('');
    expect(readdirSync(join(directory, 'unread')).sort()).toEqual([
      'cordon-agent-1.2.3.tar.gz',
      'cordon-agent.cjs',
      'cordon-agent_1.2.3_all.deb',
    ]);
  });

  it.each([
    ['an unknown flag', ['--relase', '1'], {}, "Unknown option '--relase'"],
    ['a metric name that is none', ['a b'], {}, '"a b" is not a name of a custom metric'],
    [
      'a version that is none',
      ['--release', 'new'],
      {},
      '"new" is not a version of a Debian package, such as 1.2.3',
    ],
    [
      'metrics that are no JSON',
      [],
      { CORDON_DEFAULT_METRICS: '[num_child_procs_myapp]' },
      'CORDON_DEFAULT_METRICS=[num_child_procs_myapp]: expected a JSON array of names, or names with commas between them',
    ],
    [
      'a time that is none',
      [],
      { SOURCE_DATE_EPOCH: 'today' },
      'SOURCE_DATE_EPOCH=today: expected seconds since 1970, a whole number',
    ],
  ])('refuses %s in one line', (_, args, env, expected) => {
    const script = join(root, 'infra', 'bundling', 'build-agent.mjs');
    const outfile = join(directory, 'refused', 'cordon-agent.cjs');
    const { status, stderr } = spawnSync(
      process.execPath,
      [script, '--packages', '--outfile', outfile, ...args],
      { encoding: 'utf8', env: { ...process.env, ...env } },
    );

    expect(stderr).toMatch(/^build-agent: [^\n]+\n$/);
    expect(stderr).toContain(expected);
    expect(status).toBe(2);
    expect(existsSync(outfile)).toBe(false);
  });
});

onDebian(`the Debian package${lacking === undefined ? '' : ` (skipped: ${lacking})`}`, () => {
  let e2e: EndToEnd;
  let debian: DebianRoot;
  let running: AgentProgram | undefined;

  beforeAll(async () => {
    build('0.9.0', 'old');
    build('0.9.1', 'new');
    e2e = await startEndToEnd();
    debian = await openDebianRoot();
  }, 120_000);
  afterAll(async () => {
    await running?.kill();
    await debian?.close();
    await e2e?.close();
  });

  function install(release: string, folder: string): string {
    const name = `cordon-agent_${release}_all.deb`;
    debian.put(join(directory, folder, name), '/tmp');
    return debian.must('dpkg', '-i', `/tmp/${name}`);
  }

  async function configure(): Promise<void> {
    const { cert, key } = await e2e.enroll('packaged');
    const ca = join(directory, 'ca.pem');
    writeFileSync(ca, e2e.stack.ca.certificatePem);
    chmodSync(ca, 0o644);
    debian.put(ca, '/etc/cordon-agent/root-ca.pem');
    debian.put(cert, '/etc/cordon-agent/certificate.pem');
    debian.put(key, '/etc/cordon-agent/private.key');
    debian.must('chown', 'root:cordon-agent', '/etc/cordon-agent/private.key');
    debian.must('chmod', '640', '/etc/cordon-agent/private.key');
    const lines = [`endpoint: 127.0.0.1:${e2e.stack.broker.port}`, 'clientId: packaged', 'interval: 1'];
    const config = debian
      .must('cat', '/etc/cordon-agent/config.yml')
      .replace(/^interval: .*$/m, lines.join('\n'));
    writeFileSync(join(directory, 'config.yml'), config);
    debian.put(join(directory, 'config.yml'), '/etc/cordon-agent/config.yml');
  }

  /** Runs the command of the unit, with its user and its rights. */
  function startUnit(): AgentProgram {
    const unit = debian.must('cat', unitPath);
    const of = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
    const caps = `-all,+${of('AmbientCapabilities').toLowerCase().replace('cap_', '')}`;
    const rights = ['--inh-caps', caps, '--ambient-caps', caps, '--bounding-set', caps, '--no-new-privs'];
    const user = ['--reuid', of('User'), '--regid', of('Group'), '--clear-groups'];
    const state = `STATE_DIRECTORY=/var/lib/${of('StateDirectory')}`;
    const [command, ...enter] = debian.enter;
    const args = [...enter, 'env', state, 'setpriv', ...user, ...rights, ...of('ExecStart').split(' ')];
    running = runAgent(command, args);
    return running;
  }
  const modesOf = (...paths: string[]) =>
    debian
      .must('stat', '-c', '%n %U:%G %a', ...paths)
      .trim()
      .split('\n');
  const reportIdsOf = (agent: AgentProgram) =>
    agent.events('reported').map(({ reportId }) => Number(reportId));

  it('the Debian package installs with its own user and folders, and a unit that systemd accepts', () => {
    install('0.9.0', 'old');

    expect(debian.must('cordon-agent', '--version')).toBe('0.9.0\n');
    expect(debian.must('getent', 'passwd', 'cordon-agent')).toMatch(/:\/usr\/sbin\/nologin\n$/);
    expect(
      modesOf('/etc/cordon-agent', '/var/lib/cordon-agent', '/usr/lib/cordon-agent/cordon-agent.cjs'),
    ).toEqual([
      '/etc/cordon-agent root:cordon-agent 750',
      '/var/lib/cordon-agent cordon-agent:cordon-agent 700',
      '/usr/lib/cordon-agent/cordon-agent.cjs root:root 755',
    ]);
    const verified = debian.run('systemd-analyze', 'verify', '--man=no', unitPath);
    expect({ status: verified.status, says: `${verified.stdout}${verified.stderr}` }).toEqual({
      status: 0,
      says: '',
    });
  });

  it('the installed agent says what to do while it is not set up, and is not restarted', () => {
    const { status, stderr } = debian.run('cordon-agent', '--config', '/etc/cordon-agent/config.yml');

    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('--client_id: required'),
    });
    expect(debian.must('cat', unitPath)).toMatch(/^RestartPreventExitStatus=2$/m);
  });

  it('the installed agent reports as the unit’s user, keeps configuration and state through an upgrade, and continues to count', async () => {
    await configure();
    const before = startUnit();
    await before.waitForEvent('accepted', 2);
    expect(await before.stop()).toBe(0);
    const config = debian.must('cat', '/etc/cordon-agent/config.yml');
    const uid = debian.must('id', '-u', 'cordon-agent');

    install('0.9.1', 'new');
    expect(debian.must('cordon-agent', '--version')).toBe('0.9.1\n');
    expect(debian.must('cat', '/etc/cordon-agent/config.yml')).toBe(config);
    expect(debian.must('id', '-u', 'cordon-agent')).toBe(uid);
    const after = startUnit();
    await after.waitForEvent('accepted');
    expect(await after.stop()).toBe(0);

    expect(before.events('warning')).toEqual([]);
    expect(Math.min(...reportIdsOf(after))).toBeGreaterThan(Math.max(...reportIdsOf(before)));
  });

  it('the Debian package leaves configuration and state when it is removed, and nothing when it is purged', () => {
    debian.must('dpkg', '--remove', 'cordon-agent');
    expect(debian.run('test', '-e', '/usr/lib/cordon-agent').status).toBe(1);
    expect(modesOf('/etc/cordon-agent/private.key', '/var/lib/cordon-agent/packaged.report-id')).toHaveLength(
      2,
    );

    debian.must('dpkg', '--purge', 'cordon-agent');
    for (const path of ['/etc/cordon-agent', '/var/lib/cordon-agent', unitPath, '/usr/bin/cordon-agent'])
      expect(debian.run('test', '-e', path).status).toBe(1);
    expect(debian.run('getent', 'passwd', 'cordon-agent').status).toBe(2);
    expect(debian.run('dpkg-query', '-W', 'cordon-agent').status).toBe(1);
  });
});
