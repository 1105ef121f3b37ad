import { readFileSync, realpathSync } from 'node:fs';
import { createMetricSampler } from '../../agent/metrics/metric-sampler';
import { createProcReader } from '../../agent/proc/proc-reader';
import { createUserNames } from '../../agent/proc/user-names';
import type { Evidence } from '../../agent/processes/evidence';
import type { ProcessState } from '../../agent/processes/metric-sample';
import { waitFor } from './poll';
import { type RealApp, startRealApp } from './real-process';

/** A name that no other program on this machine has. */
const name = 'cordontestapp';

function childrenOf(pid: number): readonly number[] {
  return readOrEmpty(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function isZombie(pid: number): boolean {
  return readOrEmpty(`/proc/${pid}/stat`).includes(') Z ');
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended in the meantime.
    return '';
  }
}

describe('the children of a real process', () => {
  let app: RealApp;
  let sample: () => {
    state: ProcessState | undefined;
    children: number;
    evidence: readonly Evidence[];
    traces: readonly Evidence[];
  };
  beforeEach(async () => {
    app = startRealApp(name);
    const options = { users: createUserNames(), wallClock: Date.now, ownPid: process.pid };
    const metric = `num_child_procs_${name}`;
    const sampler = createMetricSampler(
      createProcReader(),
      [{ metric, collect: 'children', of: { name } }],
      options,
    );
    sample = () => {
      const [one] = sampler.sample(performance.now());
      if (one?.seen.kind !== 'count') throw new Error('no sample');
      const { process, seen, evidence, traces } = one;
      return { state: process?.state, children: seen.level, evidence, traces };
    };
    await waitFor('the app', () => sample().state === 'running');
  });
  afterEach(() => app.close());

  it('are counted, with evidence of who they are', async () => {
    expect(sample().children).toBe(0);
    app.run('sleep 60 &');
    const seen = await waitFor('evidence of sleep', () =>
      sample().evidence.find((one) => one.commandLine === 'sleep 60'),
    );

    expect(seen).toEqual({
      metric: `num_child_procs_${name}`,
      pid: expect.any(Number),
      ppid: app.pid,
      executable: expect.stringMatching(/\/\w+$/),
      commandLine: 'sleep 60',
      argumentCount: 1,
      user: expect.stringMatching(/\w/),
      startedAt: expect.any(Number),
      parents: expect.arrayContaining([name]),
    });
    expect(sample().children).toBe(1);
    app.run('kill $!');
    await waitFor('its end', () => sample().children === 0);
  });

  it('are counted through descendants, and after a double fork', async () => {
    app.run('sh -c "sleep 60 & exec sleep 61" &');
    await waitFor('two descendants', () => sample().children === 2);
    app.run('kill $!');
    await waitFor('the orphan alone', () => sample().children === 1);
  });

  it('are found after a double fork between two samples, by the session that the app began', async () => {
    sample();
    app.run('(sleep 60 &); echo forked.');
    await waitFor('the fork', () => app.output().includes('forked.'));
    // If hundreds of processes began since the last look, only the next scan finds the child. Before its exec, the
    // child has the app's command line.
    const evidence = await waitFor('evidence of sleep', () => {
      const seen = sample().evidence;
      return seen.some(({ commandLine }) => commandLine === 'sleep 60') && seen;
    });

    expect(evidence).toHaveLength(1);
    expect(evidence[0]?.parents).not.toContain(name);
    app.run(`kill ${evidence[0]?.pid}`);
  });

  it('leave a trace when they lived for milliseconds only', async () => {
    for (let round = 0; round < 20; round += 1) {
      app.run(`/bin/true; echo ${round}.`);
      await waitFor('the end of the child', () => app.output().includes(`${round}.`));
      expect(sample().children).toBeGreaterThan(0);
    }
    await waitFor('quiet', () => sample().children === 0);
  });

  it('are zombies when nobody waits for them, and then not counted', async () => {
    app.run('sh -c "sleep 0.01 & exec sleep 60" &');
    await waitFor('a zombie', () => childrenOf(app.pid).flatMap(childrenOf).some(isZombie));

    expect(sample().children).toBe(1);
  });

  it('include what the app becomes without a child, with evidence of what that is', async () => {
    // The clock is set so that the process seems old: only in its first seconds may a launcher become the app.
    const sampler = createMetricSampler(
      createProcReader(),
      [{ metric: 'm', collect: 'children', of: { name } }],
      { users: createUserNames(), wallClock: Date.now, ownPid: process.pid },
    );
    sampler.sample(0);
    app.run('exec sleep 60');
    // The kernel changes the name of a process before its command line.
    await waitFor('sleep', () => readOrEmpty(`/proc/${app.pid}/cmdline`) === 'sleep\x0060\x00');
    const [one] = sampler.sample(60_000);

    expect(one).toMatchObject({ process: { state: 'not-running' }, seen: { level: 1 } });
    expect(one?.evidence).toEqual([
      expect.objectContaining({
        pid: app.pid,
        executable: realpathSync('/bin/sleep'),
        commandLine: 'sleep 60',
      }),
    ]);
    sampler.stop();
  });

  it('are replaced by not-running after the app ended', async () => {
    app.run('exit');
    await waitFor('the end', () => sample().state === 'not-running');

    expect(sample()).toMatchObject({ children: 0, evidence: [] });
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('are none of the excepted if they are started with code of somebody else’s', async () => {
    const executable = realpathSync('/bin/sleep');
    const sampler = createMetricSampler(
      createProcReader(),
      [{ metric: 'm', collect: 'children', of: { name }, except: [{ executable, arguments: ['60'] }] }],
      { users: createUserNames(), wallClock: Date.now, ownPid: process.pid },
    );
    const look = () => sampler.sample(performance.now())[0];
    const hasLevel = (level: number) => () => {
      const seen = look()?.seen;
      return seen?.kind === 'count' && seen.level === level;
    };
    await waitFor('the app', () => look()?.process?.state === 'running');
    app.run('sleep 60 &');
    await waitFor('the exception', () => look()?.excepted?.length === 1);
    expect(look()?.seen).toEqual({ kind: 'count', level: 0 });
    app.run('LD_LIBRARY_PATH=/tmp sleep 60 &');
    await waitFor('the other', hasLevel(1));
    app.run('kill $!');
    await waitFor('its end', hasLevel(0));
  });
});
