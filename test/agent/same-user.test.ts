import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentProgram, runAgent } from './agent-program';
import { type Device, startDevice } from './device';
import { waitFor } from './poll';
import { readSpool } from './read-spool';

const name = 'cordonsameuserapp';
const metric = `num_child_procs_${name}`;
/** A user id that nobody else uses. Without root, test and agent are the same user anyway. */
const userId = '65531';
const asUser =
  process.getuid?.() === 0
    ? ['setpriv', `--reuid=${userId}`, `--regid=${userId}`, '--clear-groups']
    : ['env'];

interface SentReport {
  readonly header: { readonly report_id: number };
  readonly custom_metrics?: Readonly<Record<string, readonly [{ readonly number: number }]>>;
  readonly evidence?: readonly { readonly commandLine: string }[];
  readonly failures?: Readonly<Record<string, string>>;
  readonly health: { readonly restarts: number; readonly degraded: readonly string[] };
}

/** What a process of the agent's own user can do to the agent, and what the reports show of that. */
describe('an agent whose own user works against it', () => {
  let device: Device;
  let agent: AgentProgram | undefined;

  beforeAll(async () => {
    device = await startDevice(name);
    if (asUser[0] === 'setpriv') execFileSync('chown', ['-R', `${userId}:${userId}`, device.directory]);
    chmodSync(device.directory, 0o700);
  });
  afterEach(async () => {
    await agent?.kill();
    device.broker.published.length = 0;
    device.broker.refuseConnections = 0;
  });
  afterAll(async () => {
    await device.close();
  });

  function start(state: string, ...flags: readonly string[]): AgentProgram {
    const [command = 'env', ...args] = [
      ...[...asUser, process.execPath, device.bundle, ...device.connection],
      ...['--children-of', name, '--state-dir', join(device.directory, state), ...flags],
    ];
    agent = runAgent(command, args);
    return agent;
  }
  /** setpriv(1) and env(1) become the agent, so that its number is theirs. */
  const signal = (which: string): void => {
    const [command = 'env', ...args] = [...asUser, 'sh', '-c', `kill -${which} ${agent?.process.pid}`];
    execFileSync(command, args);
  };
  const sent = (): readonly SentReport[] =>
    device.broker.published.map(({ payload }) => JSON.parse(payload.toString()));
  const hasChild = ({ custom_metrics }: SentReport): boolean => custom_metrics?.[metric]?.[0].number === 1;

  it('reports after SIGSTOP how long it stood still, and the child that came and went meanwhile', async () => {
    const started = start('stopped', '-i', '2');
    await started.waitForEvent('reported', 2);
    signal('STOP');
    await waitFor('the stop', () => /\) T /.test(readFileSync(`/proc/${started.process.pid}/stat`, 'utf8')));
    const stoppedAt = performance.now();
    const before = device.broker.published.length;
    device.app.run('sleep 0.01; echo over');
    await waitFor('the end of the child', () => device.app.output().includes('over'));
    await waitFor('longer than a busy machine takes', () => performance.now() - stoppedAt > 6000);
    signal('CONT');
    await waitFor('the child', () => sent().slice(before).some(hasChild));
    await waitFor('the gap', () => sent().some(({ failures }) => failures?.agent !== undefined));
    const at = sent().findIndex(({ failures }) => failures?.agent !== undefined);
    await waitFor('a report after it', () => sent().length > at + 1);

    expect(sent()[at]?.failures?.agent).toMatch(/^it stood still for \d+ s: stopped \(SIGSTOP\)/);
    expect(sent()[at]?.health.degraded).toContain('gap');
    expect(sent()[at + 1]?.health.degraded).not.toContain('gap');
    expect(sent()[at + 1]?.failures ?? {}).not.toHaveProperty('agent');
  });

  it('keeps undelivered reports through SIGKILL, and says how often it was started, with Restart=always', async () => {
    const state = 'killed';
    const spool = join(device.directory, state, 'mything1.spool');
    device.broker.refuseConnections = 1_000_000;
    await start(state).waitForEvent('connect-failed');
    device.app.run('sleep 62 &');
    await waitFor('the violation on disk', () =>
      readSpool(spool).some((report) => report.includes('"number":1')),
    );
    /** Does what systemd does with the unit (`Restart=always`), but at once. */
    const killAndRestart = async (): Promise<AgentProgram> => {
      const ended = new Promise((done) => agent?.process.once('close', done));
      signal('KILL');
      await ended;
      return start(state);
    };
    await (await killAndRestart()).waitForEvent('connect-failed');
    device.broker.refuseConnections = 0;
    await (await killAndRestart()).waitForEvent('reported');
    await waitFor('the violation', () =>
      sent().some(({ evidence }) => evidence?.some(({ commandLine }) => commandLine === 'sleep 62')),
    );
    await waitFor('the newest report of the third run', () =>
      sent().some(({ health }) => health.restarts === 2),
    );
    await waitFor('an empty spool', () => readdirSync(spool).length === 0);
    const before = sent().length;
    // An agent that is killed after each report reports that too.
    await (await killAndRestart()).waitForEvent('reported');

    expect(
      sent()
        .slice(before)
        .find(({ health }) => health.restarts > 0)?.health.restarts,
    ).toBe(1);
    const ids = sent().map(({ header }) => header.report_id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    device.app.run('kill $!; wait');
  });
});
