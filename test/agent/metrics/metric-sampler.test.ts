import { readdirSync } from 'node:fs';
import type { MetricDefinition } from '../../../agent/config/metric-definition';
import { createMetricSampler } from '../../../agent/metrics/metric-sampler';
import { createProcReader } from '../../../agent/proc/proc-reader';
import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

const metric = 'num_child_procs_myapp';
const app: FakeProcess = { pid: 10, comm: 'myapp' };
const child: FakeProcess = { pid: 11, comm: 'sh', ppid: 10 };
const of = { name: 'myapp' };
const children: MetricDefinition = { metric, collect: 'children', of };

function aSampler(proc: FakeProc, definitions: readonly MetricDefinition[] = [children]) {
  const options = { users: () => 'pi', wallClock: () => 1_000_000, ownPid };
  return createMetricSampler(proc, definitions, options);
}

describe('the children of a process', () => {
  it('are a count, with the state of the process', () => {
    expect(aSampler(aProc([app, child])).sample(0)).toEqual([
      {
        metric,
        process: { label: 'myapp', state: 'running' },
        seen: { kind: 'count', level: 1 },
        evidence: [expect.objectContaining({ pid: 11 })],
        traces: [],
      },
    ]);
  });

  it('are not reported for a process that does not run', () => {
    expect(aSampler(aProc([])).sample(0)).toMatchObject([
      { process: { label: 'myapp', state: 'not-running' }, seen: { kind: 'count', level: 0 } },
    ]);
  });

  it('come with at most ten pieces of evidence in one sample', () => {
    const crowd = Array.from({ length: 100 }, (_, index) => ({ pid: 100 + index, ppid: 10 }));
    const [sample] = aSampler(aProc([app, ...crowd])).sample(0);

    expect(sample?.seen).toEqual({ kind: 'count', level: 100 });
    expect(sample?.evidence.map(({ pid }) => pid)).toEqual([
      100, 101, 102, 103, 104, 105, 106, 107, 108, 109,
    ]);
  });

  it('name the unreadable files of a process for as long as the process exists', () => {
    const problems = new Map([
      ['10/exe', 'ENAMETOOLONG'],
      ['/opt/app', 'EIO'],
    ]);
    const proc = aProc([app]);
    const sampler = createMetricSampler(
      { ...proc, problems: () => problems },
      [{ metric, collect: 'children', of: { name: 'myapp' } }],
      { users: String, wallClock: Date.now, ownPid },
    );
    const before = sampler.problems();
    proc.become([]);

    expect([before, sampler.problems()]).toEqual([
      { '/proc/10/exe': 'ENAMETOOLONG', '/opt/app': 'EIO' },
      { '/opt/app': 'EIO' },
    ]);
  });

  it('leave no file open once sampling has stopped, as at each reload of the agent', () => {
    const options = { users: String, wallClock: Date.now, ownPid };
    const sampler = createMetricSampler(
      createProcReader(),
      [{ metric, collect: 'children', of: { name: 'node' } }],
      options,
    );
    const before = readdirSync('/proc/self/fd').length;
    sampler.sample(0);
    const during = readdirSync('/proc/self/fd').length;
    sampler.stop();

    expect(during).toBeGreaterThan(before);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
