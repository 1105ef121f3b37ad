import { realpathSync } from 'node:fs';
import { parseMetrics } from '../../../agent/config/parse-metrics';
import { createMetricSampler } from '../../../agent/metrics/metric-sampler';
import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

const trueFile = realpathSync('/bin/true');
const app: FakeProcess = { pid: 10, comm: 'myapp', exe: trueFile, args: ['/opt/myapp'] };
/** A twentieth of a second old: uptime is 100 s there. */
const forked: FakeProcess = { ...app, pid: 11, ppid: 10, session: 10, startTicks: 9995 };
const curl = { comm: 'curl', exe: '/usr/bin/curl', args: ['curl', '-V'] };

function look(proc: FakeProc, collect: 'children' | 'child-names' = 'children') {
  const metrics = parseMetrics({ m: { collect, of: { name: 'myapp' } } });
  const sampler = createMetricSampler({ ...proc, pathOf: () => trueFile }, metrics, {
    users: String,
    wallClock: () => 0,
    ownPid,
  });
  let now = 0;
  return () => {
    now += 100;
    const [sample] = sampler.sample(now);
    const told = [...(sample?.evidence ?? []), ...(sample?.traces ?? [])];
    return {
      seen: sample?.seen,
      told: told.map(({ pid, executable, argumentCount }) => ({ pid, executable, argumentCount })),
    };
  };
}

describe('a child that is seen between its fork and its exec', () => {
  it('is reported in the next sample, with its own program and not that of its parent', () => {
    const proc = aProc([app]);
    const sample = look(proc);
    sample();
    proc.become([app, forked]);
    const first = sample();
    proc.become([app, { ...forked, ...curl }]);

    expect(first).toEqual({ seen: { kind: 'count', level: 0 }, told: [] });
    expect(sample()).toMatchObject({
      seen: { kind: 'count', level: 1 },
      told: [{ pid: 11, executable: '/usr/bin/curl' }],
    });
  });

  it('counts as the program that it is if it becomes no other', () => {
    const sample = look(aProc([app, forked]));

    expect([sample(), sample(), sample()]).toMatchObject([
      { seen: { level: 0 }, told: [] },
      { seen: { level: 1 }, told: [{ pid: 11, executable: trueFile }] },
      { seen: { level: 1 }, told: [] },
    ]);
  });

  it('counts at the first sample if it is older than an exec takes: the sample before may be a minute ago', () => {
    const sample = look(aProc([app, { ...forked, startTicks: 9979 }]));

    expect([sample(), sample()]).toMatchObject([
      { seen: { level: 1 }, told: [{ pid: 11, executable: trueFile }] },
      { seen: { level: 1 }, told: [] },
    ]);
  });

  it('counts if it came and went, as an unknown program without an exception', () => {
    const proc = aProc([app]);
    const sample = look(proc);
    sample();
    proc.become([app, forked]);
    sample();
    proc.become([app]);

    expect([sample(), sample()]).toEqual([
      { seen: { kind: 'count', level: 1 }, told: [{ pid: 11, executable: '' }] },
      { seen: { kind: 'count', level: 0 }, told: [] },
    ]);
  });

  it('counts if only its zombie is left, and if an unrelated process has its pid', () => {
    const ways: readonly FakeProcess[] = [
      { ...forked, state: 'Z' },
      { pid: 11, comm: 'stranger', startTicks: 9000, exe: '/usr/bin/stranger' },
    ];
    const told = ways.map((after) => {
      const proc = aProc([app]);
      const sample = look(proc);
      sample();
      proc.become([app, forked]);
      sample();
      proc.become([app, after]);
      return sample();
    });

    const once = { seen: { kind: 'count', level: 1 }, told: [{ pid: 11, executable: '' }] };
    expect(told).toEqual([once, once]);
  });

  it('is reported as the child that now has its pid', () => {
    const proc = aProc([app]);
    const sample = look(proc);
    sample();
    proc.become([app, forked]);
    sample();
    proc.become([app, { ...forked, ...curl, startTicks: 5007 }], { newestPid: 11 });

    expect(sample()).toMatchObject({ seen: { level: 1 }, told: [{ pid: 11, executable: '/usr/bin/curl' }] });
  });

  it('is not yet a copy of a child that forks', () => {
    const shell: FakeProcess = {
      ...forked,
      comm: 'sh',
      exe: '/usr/bin/dash',
      args: ['sh', '-c', 'curl; id'],
    };
    const proc = aProc([app, shell]);
    const sample = look(proc);
    sample();
    proc.become([app, shell, { ...shell, pid: 12, ppid: 11, startTicks: 9996 }]);
    const first = sample();
    proc.become([app, shell, { ...shell, ...curl, pid: 12, ppid: 11, startTicks: 9996 }]);

    expect([first, sample()]).toMatchObject([
      { seen: { level: 1 }, told: [] },
      { seen: { level: 2 }, told: [{ pid: 12, executable: '/usr/bin/curl' }] },
    ]);
  });

  it('is not reported under the name of its parent', () => {
    const proc = aProc([app]);
    const sample = look(proc, 'child-names');
    sample();
    proc.become([app, forked]);
    const first = sample();
    proc.become([app, { ...forked, ...curl }]);

    expect([first, sample()]).toMatchObject([{ seen: { members: [] } }, { seen: { members: ['curl'] } }]);
  });
});
