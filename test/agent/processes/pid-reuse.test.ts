import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMetrics } from '../../../agent/config/parse-metrics';
import { createMetricSampler } from '../../../agent/metrics/metric-sampler';
import type { ProcStat } from '../../../agent/proc/proc-stat';
import { createChildSampler } from '../../../agent/processes/child-sampler';
import {
  collectEvidence,
  collectTrace,
  type Evidence,
  mergeEvidence,
} from '../../../agent/processes/evidence';
import { createUnitStates, type UnitStates } from '../../../agent/processes/unit-state';
import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

const app: FakeProcess = { pid: 10, comm: 'myapp', session: 10, startTicks: 1000 };
const child: FakeProcess = { pid: 11, comm: 'sh', ppid: 10, session: 10, startTicks: 2000 };
/** Somebody else's, in a session of its own. */
const stranger: FakeProcess = { pid: 11, comm: 'cron', ppid: 1, session: 11, startTicks: 9000 };
/** A process was made since: numbers began anew. */
const anew = { newestPid: 20 };

function watch(proc: FakeProc, units: UnitStates = createUnitStates((_unit, answer) => answer(undefined))) {
  const sampler = createChildSampler(proc, [{ name: 'myapp' }], ownPid, units);
  let now = 0;
  return (passedMs = 100) => {
    now += passedMs;
    const [sample] = sampler.sample(now);
    if (!sample) throw new Error('no sample');
    const { state, family, fresh, traces } = sample;
    return {
      state,
      children: [...family.children.keys()],
      fresh: fresh.map(({ pid }) => pid),
      traces: traces.map(({ kind }) => kind),
    };
  };
}

const nothing = { children: [], fresh: [], traces: [] };

describe.each([
  ['children files', true],
  ['a scan', false],
])('a pid that another process has now, with %s', (_how, childrenFiles) => {
  // Even if nothing shows that a process was made.
  describe.each([
    ['told', anew],
    ['untold', {}],
  ])('which was %s', (_told, news) => {
    const options = { childrenFiles };
    const then = { ...options, ...news };

    it('is no longer the app, whatever children the other process has', () => {
      const proc = aProc([app, child], options);
      const sample = watch(proc);
      sample();
      sample();
      proc.become(
        [
          { ...stranger, pid: 10 },
          { ...child, startTicks: 9500 },
        ],
        then,
      );

      expect([sample(), sample()]).toMatchObject([
        { state: 'not-running', ...nothing },
        { state: 'not-running', ...nothing },
      ]);
    });

    it('is the restarted app, whose counters so far are its start values', () => {
      const proc = aProc([{ ...app, reapedFaults: 10 }], options);
      const sample = watch(proc);
      sample();
      sample();
      proc.become([{ ...app, startTicks: 9000, reapedFaults: 500 }], then);

      expect([sample(), sample(1000)]).toMatchObject([nothing, { state: 'running', ...nothing }]);
    });

    it('is no longer a child', () => {
      const proc = aProc([app, child], options);
      const sample = watch(proc);
      sample();
      sample();
      proc.become([app, stranger], then);

      expect([sample(), sample()]).toMatchObject([nothing, nothing]);
    });

    it('is no longer a child, even if its parent had ended', () => {
      const left = { ...child, pid: 12, ppid: 11 };
      const proc = aProc([app, child, left], options);
      const sample = watch(proc);
      sample();
      proc.become([app, { ...left, ppid: 1 }], options);
      const orphaned = sample().children;
      sample();
      proc.become([app, { ...stranger, pid: 12, session: 12 }], then);

      expect([orphaned, sample(), sample()]).toMatchObject([[12], nothing, nothing]);
    });

    it('is not the zombie that had the pid before', () => {
      const proc = aProc([app, child], options);
      const sample = watch(proc);
      sample();
      proc.become([app, { ...child, state: 'Z' }], options);
      sample();
      sample();
      proc.become([app, stranger], then);

      expect([sample(), sample()]).toMatchObject([nothing, nothing]);
    });
  });

  it('is reported again if the other process is a child as well', () => {
    const proc = aProc([app, child], { childrenFiles });
    const sample = watch(proc);
    sample();
    sample();
    proc.become([app, { ...child, startTicks: 2500 }], { childrenFiles, ...anew });

    expect(sample()).toMatchObject({ children: [11], fresh: [11] });
  });
});

describe('the number of', () => {
  it('a session that the app began does not make children of processes of another session', () => {
    const proc = aProc([app]);
    const sample = watch(proc);
    sample();
    const leader = { ...stranger, pid: 10, session: 10 };
    // Between two looks the app ended, and another began a session under its number and has a child.
    proc.become(
      [{ ...app, pid: 40, session: 40, startTicks: 8000 }, leader, { ...stranger, session: 10 }],
      anew,
    );

    expect(sample().children).toEqual([]);
    expect(sample(11_000)).toMatchObject({ state: 'running', children: [] });
  });

  it('a process that once started the app of a container does not make children of its health checks', () => {
    const cgroup = `0::/docker/${'a'.repeat(64)}\n`;
    const shim = { pid: 5, comm: 'containerd-shim', ppid: 1, session: 5 };
    const inside = { ...app, ppid: 5, cgroup };
    const check = { pid: 60, comm: 'sh', ppid: 5, session: 60, startTicks: 9100, cgroup };
    const childrenAfter = (parent: FakeProcess): readonly number[] => {
      const proc = aProc([shim, inside]);
      const sample = watch(proc);
      sample();
      proc.become([parent, { ...inside, ppid: 1 }, check], anew);
      sample();
      return sample(11_000).children;
    };

    expect(childrenAfter(shim)).toEqual([60]);
    expect(childrenAfter({ ...shim, comm: 'runc', startTicks: 9050 })).toEqual([]);
  });

  it('a process that systemd has yet to classify does not hide the process that has it now', () => {
    const cgroup = '0::/system.slice/myapp.service\n';
    const systemd = { pid: 1, comm: 'systemd', ppid: 0 };
    const answers: ((output: string) => void)[] = [];
    const units = createUnitStates((_unit, answer) => answers.push(answer));
    const answer = (): void => {
      for (const one of answers.splice(0)) one('MainPID=10\nControlPID=0\n');
    };
    const main = { ...app, cgroup };
    const first = { ...stranger, comm: 'first', cgroup };
    const proc = aProc([systemd, main]);
    const sample = watch(proc, units);
    sample();
    answer();
    sample();
    proc.become([systemd, main, first], anew);
    sample(1100);
    // Asked, and without an answer yet.
    proc.become([systemd, main, { ...first, comm: 'second', startTicks: 9500 }], { newestPid: 11 });
    sample(1100);
    answer();
    sample(1100);
    answer();

    expect(sample(1100).children).toEqual([11]);
  });
});

describe('evidence of a process whose pid another process has by now', () => {
  const stat: ProcStat = {
    ...{ pid: 11, comm: 'sh', state: 'S', ppid: 10, session: 10, usedTicks: 0, threads: 1, reapedWork: 0 },
    startTicks: 2000,
  };
  const unread = {
    pid: 11,
    ppid: 10,
    executable: '',
    commandLine: '(exited before it could be read)',
    user: '',
    parents: ['myapp', 'init'],
  };

  it('does not describe the other process', () => {
    const proc = aProc([app, { ...stranger, exe: realpathSync('/bin/true'), args: ['true'] }]);

    expect(collectEvidence(proc, 'm', stat, String, 0, ownPid)).toMatchObject(unread);
    expect(collectTrace(proc, 'm', { kind: 'zombie', stat }, String, 0)).toMatchObject(unread);
    expect(collectTrace(proc, 'm', { kind: 'forked', stat }, String, 0)).toMatchObject(unread);
  });

  it('stays in a report beside that of the other process', () => {
    const one: Evidence = { metric: 'm', ...unread, startedAt: 10_000 };
    const later = { ...one, executable: '/usr/bin/curl', startedAt: 250_000 };
    const again = { ...one, executable: '/bin/sh', startedAt: 10_010 };

    expect(mergeEvidence([one], [later, again])).toEqual([again, later]);
  });
});

describe('the trust in an excepted child', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-reuse-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const asRoot = process.getuid?.() === 0 ? it : it.skip;

  asRoot('is not inherited with its number', () => {
    const path = join(directory, 'curl');
    copyFileSync(realpathSync('/bin/true'), path);
    chmodSync(path, 0o755);
    const curl: FakeProcess = { ...child, comm: 'curl', exe: '/usr/bin/curl', args: ['curl'] };
    const proc = aProc([app, curl]);
    const except = [{ executable: path }];
    const metrics = parseMetrics({ m: { collect: 'children', of: { name: 'myapp' }, except } });
    const sampler = createMetricSampler(
      { ...proc, pathOf: (name) => (name === '11/exe' ? path : join(directory, 'none')) },
      metrics,
      { users: String, wallClock: () => 0, ownPid },
    );
    const levelAt = (now: number): unknown => sampler.sample(now)[0]?.seen;
    const before = levelAt(0);
    proc.become([app, { ...curl, startTicks: 2100, environment: ['LD_PRELOAD=/tmp/evil.so'] }], anew);

    expect([before, levelAt(100)]).toMatchObject([{ level: 0 }, { level: 1 }]);
  });
});
