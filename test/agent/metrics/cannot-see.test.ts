import type { MetricDefinition } from '../../../agent/config/metric-definition';
import { parseMetrics } from '../../../agent/config/parse-metrics';
import { createMetricSampler } from '../../../agent/metrics/metric-sampler';
import { sampleSystem } from '../../../agent/metrics/system';
import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

const app: FakeProcess = { pid: 10, comm: 'myapp', exe: '/opt/myapp' };
const child: FakeProcess = { pid: 11, comm: 'sh', ppid: 10 };
const metrics = parseMetrics({
  children: { collect: 'children', of: { name: 'myapp' } },
  names: { collect: 'child-names', of: { name: 'myapp' } },
});

function lookAt(proc: FakeProc, definitions: readonly MetricDefinition[] = metrics) {
  const sampler = createMetricSampler(proc, definitions, { users: String, wallClock: () => 0, ownPid });
  let now = 0;
  return () => {
    now += 1000;
    return sampler.sample(now).map(({ metric, seen, failure, process }) => ({
      metric,
      seen: seen.kind === 'count' ? seen.level : seen.kind === 'set' ? seen.members : seen.kind,
      failure,
      state: process?.state,
    }));
  };
}

const hidepid = {
  [`${ownPid}/mountinfo`]: '22 1 0:20 / /proc rw,nosuid - proc proc rw,hidepid=invisible\n',
};

describe('the children of an app that may be hidden', () => {
  it.each([
    ['by hidepid, if one of two instances is seen', aProc([app], { files: hidepid })],
    ['by permission to read one process', aProc([app, { pid: 12 }], { denied: [12] })],
  ])('are left out %s', (_how, proc) => {
    const look = lookAt(proc);

    expect(look()).toEqual([
      {
        metric: 'children',
        seen: 'nothing',
        failure: expect.stringMatching(/^no permission/),
        state: 'running',
      },
      {
        metric: 'names',
        seen: 'nothing',
        failure: expect.stringMatching(/^no permission/),
        state: 'running',
      },
    ]);
  });

  it('are left out by hidepid also if /proc is mounted after thousands of other folders', () => {
    const others = '21 1 0:19 / /var/lib/containers/storage/overlay rw - overlay overlay rw\n'.repeat(2000);
    const files = { [`${ownPid}/mountinfo`]: others + hidepid[`${ownPid}/mountinfo`] };
    const proc = aProc([app], { files });
    const { read } = proc;
    // As the real one, which cuts a small file.
    const look = lookAt({
      ...proc,
      read: (path) => {
        const bytes = read(path);
        return typeof bytes === 'string' ? bytes : bytes.subarray(0, 64 * 1024);
      },
    });

    expect(look()[0]).toMatchObject({ seen: 'nothing', failure: expect.stringMatching(/hidepid/) });
  });

  it('count as far as they are seen, which may be more', () => {
    expect(lookAt(aProc([app, child], { files: hidepid }))()[0]).toEqual({
      metric: 'children',
      seen: 1,
      failure: expect.stringMatching(/^no permission/),
      state: 'running',
    });
  });

  it.each([
    ['CapEff:\t0000000000080000\nGroups:\t0\n', 0],
    ['CapEff:\t0000000000000000\nGroups:\t4 27 \n', 0],
    ['CapEff:\t0000000000000000\nGroups:\t4 \n', 'nothing'],
  ])('are none only if the agent has the right to see all: %j', (status, seen) => {
    const mountinfo = '22 1 0:20 / /proc rw - proc proc rw,gid=27,hidepid=2\n';
    const files = { [`${ownPid}/mountinfo`]: mountinfo };
    const proc = aProc([app, { pid: ownPid, comm: 'agent' }], { files });
    const { read } = proc;
    const withRights = {
      ...proc,
      read: (path: string) => (path === `${ownPid}/status` ? Buffer.from(status) : read(path)),
    };

    expect(lookAt(withRights)()[0]?.seen).toBe(seen);
  });

  it('are left out if the list of processes cannot be read, and what was known stays', () => {
    const proc = aProc([app, child]);
    let isBroken = false;
    const { list } = proc;
    const look = lookAt({ ...proc, list: (path) => (isBroken ? 'unreadable' : list(path)) });
    const before = look()[0]?.seen;
    isBroken = true;
    for (let second = 0; second < 12; second += 1) look();

    expect([before, look()[0]]).toEqual([
      1,
      { metric: 'children', seen: 1, failure: 'the list of processes cannot be read', state: 'running' },
    ]);
  });

  it('are left out if they themselves cannot be read, and the app goes on', () => {
    const proc = aProc([app]);
    let isBroken = false;
    const { readAgain } = proc;
    const look = lookAt({
      ...proc,
      readAgain: (path) => (isBroken && path.startsWith('10/') ? 'unreadable' : readAgain(path)),
    });
    const before = look()[0]?.seen;
    isBroken = true;

    expect([before, look()[0]]).toEqual([
      0,
      {
        metric: 'children',
        seen: 'nothing',
        failure: 'process 10 and its children cannot be read',
        state: 'running',
      },
    ]);
  });

  it('are left out if a process that may be the app does not show its program', () => {
    const definitions = parseMetrics({ children: { collect: 'children', of: { executable: '/opt/myapp' } } });
    const proc = aProc([app, { pid: 20, comm: 'myapp' }, { pid: 21, comm: 'other' }]);
    const { readLink } = proc;
    const look = lookAt(
      { ...proc, readLink: (path) => (/^2\d\/exe$/.test(path) ? 'denied' : readLink(path)) },
      definitions,
    );

    expect(look()[0]).toEqual({
      metric: 'children',
      seen: 'nothing',
      failure: 'process 20 may be one of them, and its program cannot be seen',
      state: 'running',
    });
  });

  it('are left out by unit if a cgroup cannot be read', () => {
    const definitions = parseMetrics({ children: { collect: 'children', of: { unit: 'myapp.service' } } });
    const proc = aProc([app]);
    const { read } = proc;
    const look = lookAt(
      { ...proc, read: (path) => (path === '10/cgroup' ? 'unreadable' : read(path)) },
      definitions,
    );

    expect(look()[0]).toMatchObject({ seen: 'nothing', failure: expect.any(String), state: 'unknown' });
  });
});

describe('what is left out of other metrics', () => {
  it.each([
    ['cpu-percent', '/proc/stat cannot be read'],
    ['memory', '/proc/meminfo cannot be read'],
  ] as const)('is %s of the machine without its file', (collect, failure) => {
    expect(lookAt(aProc([]), [{ metric: 'm', collect }])()[0]).toMatchObject({ seen: 'nothing', failure });
  });

  it('is the memory of an app if one of its processes is unreadable', () => {
    const proc = aProc([app, child]);
    const { read } = proc;
    const look = lookAt({ ...proc, read: (path) => (path === '11/status' ? 'denied' : read(path)) }, [
      { metric: 'm', collect: 'memory', of: { name: 'myapp' } },
    ]);

    expect(look()[0]).toMatchObject({ seen: 'nothing', failure: 'the status of a process cannot be read' });
  });
});

describe('the machine as a whole', () => {
  const table = '  sl  local_address rem_address   st\n';

  it('is left out if it can’t be seen: without /proc/net, there are no empty lists and no traffic of 0', () => {
    const { interfaces: _, failures, ...seen } = sampleSystem(aProc([]), { total: () => 'gone' });

    expect(seen).toEqual({});
    expect(Object.keys(failures)).toEqual(['/proc/net/tcp', '/proc/net/udp', '/proc/net/dev']);
  });

  it('is empty lists if there is nothing, also without IPv6', () => {
    const files = { 'net/tcp': table, 'net/udp': table };
    const { listeningTcp, listeningUdp, established, failures } = sampleSystem(aProc([], { files }), {
      total: () => 'gone',
    });

    expect([listeningTcp, listeningUdp, established]).toEqual([[], [], []]);
    expect(Object.keys(failures)).toEqual(['/proc/net/dev']);
  });

  it('is not reported as half a list if only the IPv6 table is unreadable', () => {
    const proc = aProc([], { files: { 'net/tcp': table, 'net/tcp6': table, 'net/udp': table } });
    const { readWhole } = proc;
    const half = sampleSystem(
      {
        ...proc,
        readWhole: (path) => (path === 'net/tcp6' ? 'denied' : readWhole(path)),
      },
      { total: () => 'gone' },
    );

    expect(half).not.toHaveProperty('listeningTcp');
    expect(half.failures).toMatchObject({ '/proc/net/tcp6': 'no permission to read it' });
  });
});
