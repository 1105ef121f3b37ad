import type { ProcessSelector } from '../../../agent/config/metric-definition';
import { createChildSampler } from '../../../agent/processes/child-sampler';
import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

const app: FakeProcess = { pid: 10, comm: 'myapp' };
const child: FakeProcess = { pid: 11, comm: 'sh', ppid: 10 };

function watch(proc: FakeProc, selector: ProcessSelector) {
  const sampler = createChildSampler(proc, [selector], ownPid);
  let now = 0;
  return (passedMs = 100) => {
    now += passedMs;
    const [sample] = sampler.sample(now);
    if (!sample) throw new Error('no sample');
    const { state, family, fresh, traces } = sample;
    return {
      state,
      children: family.children.size,
      cameAndWent: traces.length > 0,
      pids: fresh.map(({ pid }) => pid),
    };
  };
}

const watchMyapp = (proc: FakeProc) => watch(proc, { name: 'myapp' });

describe.each([
  ['with children files', { childrenFiles: true }],
  ['with a scan of /proc', { childrenFiles: false }],
])('createChildSampler %s', (_title, options) => {
  it.each<[string, readonly FakeProcess[], number]>([
    ['no child', [app], 0],
    ['one child', [app, child], 1],
    ['descendants of descendants', [app, child, { pid: 12, ppid: 11 }, { pid: 13, ppid: 12 }], 3],
    ['the children of all instances', [app, child, { pid: 20, comm: 'myapp' }, { pid: 21, ppid: 20 }], 2],
    ['workers of the same name, as children', [app, { pid: 11, comm: 'myapp', ppid: 10 }], 1],
    ['a zombie, not at all', [app, { ...child, state: 'Z' }], 0],
    ['a child whose main thread alone has ended', [app, { ...child, state: 'Z', threads: 2 }], 1],
    ["other programs' children, not at all", [app, { pid: 30, comm: 'cron' }, { pid: 31, ppid: 30 }], 0],
  ])('counts %s', (_what, processes, count) => {
    const sample = watchMyapp(aProc(processes, options));

    expect(sample()).toMatchObject({ state: 'running', children: count });
  });

  it('keeps counting a child whose parent ended and which belongs to pid 1 now', () => {
    const proc = aProc([app, child, { pid: 12, ppid: 11 }], options);
    const sample = watchMyapp(proc);
    sample();
    proc.become([app, { pid: 12, ppid: 1 }], options);

    expect(sample()).toEqual({ state: 'running', children: 1, cameAndWent: false, pids: [] });
  });

  it('keeps counting the children an instance left behind when it ended', () => {
    const proc = aProc([app, child], options);
    const sample = watchMyapp(proc);
    sample();
    proc.become([{ ...child, ppid: 1 }], options);

    expect(sample()).toEqual({ state: 'not-running', children: 1, cameAndWent: false, pids: [] });
  });

  it('does not count a process that has the pid of a child that ended', () => {
    const proc = aProc([app, child], options);
    const sample = watchMyapp(proc);
    sample();
    proc.become([app, { pid: 11, comm: 'cron', ppid: 1, startTicks: 5000 }], options);

    expect(sample()).toMatchObject({ children: 0 });
  });

  it('sees a restart of the app at once', () => {
    const proc = aProc([app], options);
    const sample = watchMyapp(proc);
    sample();
    proc.become(
      [
        { pid: 40, comm: 'myapp', startTicks: 5000 },
        { pid: 41, ppid: 40 },
      ],
      options,
    );

    expect(sample()).toMatchObject({ state: 'running', children: 1 });
  });

  it('skips a child that is listed and ends before it is read', () => {
    const proc = aProc([app, child], options);
    const read = (path: string) => (path === '11/stat' ? 'gone' : proc.read(path));
    const gone: FakeProc = { ...proc, read, readAgain: read };

    expect(watchMyapp(gone)()).toMatchObject({ state: 'running', children: 0 });
  });

  it('counts the agent itself neither as an app nor as a child', () => {
    const proc = aProc([app], options);
    proc.become([app, { pid: ownPid, comm: 'myapp', ppid: 10 }], options);

    expect(watchMyapp(proc)()).toMatchObject({ children: 0, pids: [] });
  });
});

describe('an app that becomes another program without a child (execve)', () => {
  const running: FakeProcess = { ...app, exe: '/opt/myapp' };
  const scanMs = 10_000;
  /** It was there for longer than a launcher is. */
  const settled = (proc: FakeProc, selector?: ProcessSelector) => {
    const sample = selector ? watch(proc, selector) : watchMyapp(proc);
    sample();
    sample(scanMs);
    return sample;
  };

  it.each<[string, ProcessSelector]>([
    ['name', { name: 'myapp' }],
    ['executable', { executable: '/opt/myapp' }],
    ['script', { script: 'app.js' }],
  ])('runs no more, and what runs in its place is told as its child: by %s', (_how, selector) => {
    const args = ['node', 'app.js'];
    const exe = 'script' in selector ? '/usr/bin/node' : '/opt/myapp';
    const proc = aProc([{ ...app, exe, args }]);
    const sample = settled(proc, selector);
    proc.become([{ ...app, comm: 'sh', exe: '/usr/bin/dash', args: ['sh'] }]);

    expect(sample()).toEqual({ state: 'not-running', children: 1, cameAndWent: false, pids: [10] });
    expect(sample()).toMatchObject({ children: 1, pids: [] });
    proc.become([
      { ...app, comm: 'sh', exe: '/usr/bin/dash', args: ['sh'] },
      { ...child, pid: 1011 },
    ]);
    expect(sample()).toMatchObject({ children: 2, pids: [1011] });
    proc.become([]);
    expect(sample()).toMatchObject({ children: 0 });
  });

  it('is found at the next scan if it keeps the kernel name', () => {
    const selector = { executable: '/opt/myapp' };
    const proc = aProc([running]);
    const sample = settled(proc, selector);
    proc.become([{ ...app, exe: '/tmp/miner' }]);

    expect(sample(scanMs)).toMatchObject({ state: 'not-running', children: 1, pids: [10] });
  });

  it.each<[string, FakeProcess]>([
    ['renames itself', { ...running, comm: 'idle', args: ['idle'] }],
    [
      'is renamed on disk, as in an update',
      { ...running, comm: 'idle', exe: '/opt/myapp.old', file: '/opt/myapp' },
    ],
    ['starts its new version in its place', { ...running, exe: '/opt/2/myapp' }],
    ['can’t be looked at any more', { pid: 10, comm: 'idle' }],
  ])('is none that %s', (_what, now) => {
    const proc = aProc([running]);
    const sample = settled(proc);
    proc.become([now]);

    expect(sample()).toMatchObject({ state: 'running', children: 0 });
    expect(sample(scanMs)).toMatchObject({ state: 'running', children: 0 });
  });

  it.each<[string, ProcessSelector, FakeProcess]>([
    [
      'a script of a shell',
      { name: 'myapp' },
      { ...app, exe: '/usr/bin/dash', args: ['/bin/sh', '/opt/myapp'] },
    ],
    ['a wrapper', { name: 'myapp' }, { ...app, exe: '/usr/bin/env', args: ['env', 'LANG=C', 'myapp'] }],
    [
      'an applet of busybox',
      { name: 'myapp' },
      { ...app, exe: '/bin/busybox', args: ['/bin/sh', '/opt/myapp'] },
    ],
    [
      'what starts a unit',
      { unit: 'myapp.service' },
      { ...app, comm: 'start.sh', exe: '/usr/bin/bash', cgroup: '0::/system.slice/myapp.service\n' },
    ],
  ])(
    'is none that waited for long as %s: the program is the app from then on',
    (_what, selector, launcher) => {
      const proc = aProc([launcher]);
      const sample = settled(proc, selector);
      const { cgroup } = launcher;
      const java = { ...app, ...(cgroup && { cgroup }), comm: 'java', exe: '/usr/bin/java', args: ['java'] };
      proc.become([java]);
      expect(sample()).toMatchObject({ state: 'running', children: 0 });
      expect(sample(scanMs)).toMatchObject({ state: 'running', children: 0 });
      proc.become([{ ...java, comm: 'sh', exe: '/usr/bin/dash', args: ['sh'] }]);

      expect(sample()).toMatchObject({ state: 'not-running', children: 1 });
    },
  );

  it('is not counted if it was a launcher for a few seconds: the new program is the app', () => {
    const proc = aProc([{ ...app, exe: '/usr/bin/dash', args: ['/bin/sh', '/opt/myapp'] }]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([{ ...app, comm: 'java', exe: '/usr/bin/java', args: ['java', '-jar', 'app.jar'] }]);
    expect(sample()).toMatchObject({ state: 'running', children: 0 });
    expect(sample(scanMs)).toMatchObject({ state: 'running', children: 0 });
    proc.become([{ ...app, comm: 'sh', exe: '/usr/bin/dash', args: ['sh'] }]);

    expect(sample()).toMatchObject({ state: 'not-running', children: 1 });
  });

  it('is counted in a unit, but not if it becomes another version of the program', () => {
    const cgroup = '0::/system.slice/myapp.service\n';
    const main: FakeProcess = { ...running, cgroup };
    const proc = aProc([main]);
    const sample = settled(proc, { unit: 'myapp.service' });
    proc.become([{ ...main, exe: '/opt/2/myapp', comm: 'myapp2' }]);
    expect(sample()).toMatchObject({ state: 'running', children: 0 });
    proc.become([{ ...main, exe: '/tmp/miner', comm: 'miner' }]);

    expect(sample()).toMatchObject({ state: 'not-running', children: 1, pids: [10] });
    expect(sample(scanMs)).toMatchObject({ children: 1 });
  });

  it('is the app again once it is selected again', () => {
    const proc = aProc([running]);
    const sample = settled(proc);
    proc.become([{ ...app, comm: 'sh', exe: '/usr/bin/dash' }]);
    sample();
    sample(scanMs);
    proc.become([running]);

    expect(sample(scanMs)).toMatchObject({ state: 'running', children: 0 });
  });
});

describe('createChildSampler', () => {
  it('finds a child that came and went between two samples by the counters of its parent', () => {
    const proc = aProc([{ ...app, reapedFaults: 500 }]);
    const sample = watchMyapp(proc);

    expect(sample()).toMatchObject({ children: 0, cameAndWent: false });
    proc.become([{ ...app, reapedFaults: 575 }]);
    expect(sample()).toMatchObject({ children: 0, cameAndWent: true });
    expect(sample()).toMatchObject({ children: 0, cameAndWent: false });
  });

  it('finds a grandchild that came and went by the counters of its parent, a child', () => {
    const proc = aProc([app, child]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([app, { ...child, reapedFaults: 80 }]);

    expect(sample()).toMatchObject({ children: 1, cameAndWent: true });
  });

  it.each<[string, readonly FakeProcess[]]>([
    ['at once', []],
    ['late, after it was a zombie for a while', [{ ...child, state: 'Z' }]],
  ])('does not take a child it saw for another when its parent waits for it %s', (_when, between) => {
    const proc = aProc([app, child]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([app, ...between]);
    if (between.length > 0) expect(sample()).toMatchObject({ children: 0, cameAndWent: false });
    proc.become([{ ...app, reapedFaults: 75 }]);

    expect(sample()).toMatchObject({ children: 0, cameAndWent: false });
    proc.become([{ ...app, reapedFaults: 150 }]);
    expect(sample()).toMatchObject({ children: 0, cameAndWent: true });
  });

  it('finds a child by the zombie that it left, once, and ignores older zombies', () => {
    const old: FakeProcess = { ...child, state: 'Z' };
    const proc = aProc([app, old]);
    const sample = watchMyapp(proc);

    expect(sample()).toMatchObject({ children: 0, cameAndWent: false });
    proc.become([app, old, { pid: 12, ppid: 10, state: 'Z' }]);
    expect(sample()).toMatchObject({ children: 0, cameAndWent: true });
    expect(sample()).toMatchObject({ children: 0, cameAndWent: false });
    proc.become([{ ...app, reapedFaults: 75 }, old]);
    expect(sample()).toMatchObject({ children: 0, cameAndWent: false });
  });

  it('collects evidence once for a child, and again when it becomes another program', () => {
    const forked: FakeProcess = { ...child, comm: 'myapp' };
    const proc = aProc([app, forked]);
    const sample = watchMyapp(proc);

    expect(sample().pids).toEqual([11]);
    expect(sample().pids).toEqual([]);
    proc.become([app, { ...child, comm: 'xmrig' }]);
    expect(sample().pids).toEqual([11]);
  });

  it('stops collecting evidence of a child that keeps changing its name', () => {
    const proc = aProc([app, child]);
    const sample = watchMyapp(proc);
    let looks = sample().pids.length;
    for (let round = 0; round < 20; round += 1) {
      proc.become([app, { ...child, comm: `name-${round}` }]);
      looks += sample().pids.length;
    }

    expect(looks).toBe(3);
  });

  it('never takes a child seen between its fork and its exec for an instance', () => {
    const proc = aProc([app, { ...child, comm: 'myapp' }]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([app, child]);
    sample();
    proc.become([{ ...child, ppid: 1 }]);

    expect(sample()).toMatchObject({ state: 'not-running', children: 1 });
  });

  it('says not-running if everything can be seen, no-permission if something is hidden', () => {
    expect(watchMyapp(aProc([]))()).toMatchObject({ state: 'not-running' });
    expect(watchMyapp(aProc([app], { denied: [10] }))()).toMatchObject({ state: 'no-permission' });
    expect(watchMyapp(aProc([app, child], { denied: [1] }))()).toMatchObject({
      state: 'running',
      children: 1,
    });
  });

  it('finds an app that starts between two scans within one sample', () => {
    const proc = aProc([{ pid: 1000 }]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([{ pid: 1000 }, { pid: 1001, comm: 'myapp' }, { pid: 1002, ppid: 1001 }]);

    expect(sample()).toMatchObject({ state: 'running', children: 1 });
  });

  it('finds an app that an old process became, without a new process', () => {
    const proc = aProc([{ pid: 1000, comm: 'sh' }]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([{ pid: 1000, comm: 'myapp' }]);

    expect(sample(1000)).toMatchObject({ state: 'running' });
  });

  it('finds what a new process became a second later, without a scan of the others', () => {
    const crowd = Array.from({ length: 500 }, (_, index) => ({ pid: 1000 + index }));
    const proc = aProc(crowd);
    const sample = watchMyapp(proc);
    sample();
    sample(1000);
    proc.become([...crowd, { pid: 1500, comm: 'sh' }]);
    sample();
    proc.become([...crowd, { pid: 1500, comm: 'myapp' }]);
    proc.reads.length = 0;

    expect(sample(1000)).toMatchObject({ state: 'running' });
    expect(proc.reads.length).toBeLessThan(20);
  });

  it('scans again for a process whose pid was reused before it could be read', () => {
    const proc = aProc([{ pid: 1000 }]);
    const sample = watchMyapp(proc);
    sample();
    sample(1000);
    proc.become([{ pid: 1000 }], { newestPid: 1001 });
    sample();
    proc.become([{ pid: 1000 }, { pid: 1001, comm: 'myapp' }], { newestPid: 1001 });

    expect(sample()).toMatchObject({ state: 'running' });
  });

  it.each([
    ['after more new numbers than one look is worth', 90_000],
    ['after the numbers began anew', 901],
  ])('scans within a second %s', (_when, pid) => {
    const proc = aProc([{ pid: 1000 }]);
    const sample = watchMyapp(proc);
    sample();
    sample(1000);
    proc.become([{ pid: 1000 }, { pid, comm: 'myapp' }], { newestPid: pid });
    sample();

    expect(sample(900)).toMatchObject({ state: 'running' });
  });

  it('finds within ten seconds what an old process became', () => {
    const proc = aProc([{ pid: 1000, comm: 'sh' }]);
    const sample = watchMyapp(proc);
    sample();
    sample(1000);
    proc.become([{ pid: 1000, comm: 'myapp' }]);

    expect(sample(9900)).toMatchObject({ state: 'not-running' });
    expect(sample()).toMatchObject({ state: 'running' });
  });

  it('does not scan at each restart of an app that restarts all the time', () => {
    const crowd = Array.from({ length: 500 }, (_, index) => ({ pid: 1000 + index }));
    const proc = aProc([...crowd, app]);
    const sample = watchMyapp(proc);
    sample();
    for (let restart = 1; restart <= 2; restart += 1) {
      proc.become([...crowd, { pid: 1499 + restart, comm: 'myapp' }]);
      proc.reads.length = 0;
      expect(sample()).toMatchObject({ state: 'running' });
    }

    expect(proc.reads.length).toBeLessThan(20);
  });

  it('reads only the known processes while no process is new', () => {
    const crowd = Array.from({ length: 500 }, (_, index) => ({ pid: 1000 + index }));
    const proc = aProc([app, ...crowd]);
    const sample = watchMyapp(proc);
    sample();
    proc.reads.length = 0;
    sample();

    expect(proc.reads).toEqual(['10/stat', 'loadavg', '10/task/10/children', '10/stat']);
  });
});

describe('what a double fork left behind between two samples', () => {
  const leader: FakeProcess = { pid: 10, comm: 'myapp', session: 10 };

  it('is found by the session that the app began', () => {
    const proc = aProc([leader]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([leader, { pid: 912, comm: 'miner', session: 10 }]);

    expect(sample()).toMatchObject({ children: 1, pids: [912] });
  });

  it('is found by the session that a child began, and by no session that another process began', () => {
    const child = { pid: 11, comm: 'sh', ppid: 10, session: 11 };
    const proc = aProc([leader, child]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([leader, child, { pid: 912, session: 11 }, { pid: 913, session: 5 }]);

    expect(sample()).toMatchObject({ children: 2, pids: [912] });
  });

  it('does not include the processes in the session of the shell that started the app', () => {
    const shell = { pid: 5, comm: 'bash', session: 5 };
    const started = { ...leader, ppid: 5, session: 5 };
    const proc = aProc([shell, started]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([shell, started, { pid: 912, ppid: 5, comm: 'vim', session: 5 }]);

    expect(sample()).toMatchObject({ children: 0 });
  });

  it('does not include a process that reuses the number of an ended session', () => {
    const proc = aProc([leader]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([{ pid: 912, session: 912 }]);
    sample();
    proc.become([
      { pid: 912, session: 912 },
      { pid: 10, comm: 'cron', startTicks: 5000, session: 10 },
    ]);
    sample();
    proc.become([
      { pid: 10, comm: 'cron', startTicks: 5000, session: 10 },
      { pid: 913, session: 10 },
    ]);

    expect(sample()).toMatchObject({ state: 'not-running', children: 0 });
  });

  const cgroup = '0::/system.slice/myapp.service\n';
  const service: FakeProcess = { ...leader, cgroup };

  it.each([
    ['in a new session', cgroup],
    ['in a cgroup that it made below', '0::/system.slice/myapp.service/hidden\n'],
  ])('is found by the cgroup of the app’s service %s', (_how, its) => {
    const proc = aProc([service]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([service, { pid: 912, comm: 'miner', session: 912, cgroup: its }]);

    expect(sample()).toMatchObject({ children: 1, pids: [912] });
  });

  it('does not include what another program of a shared cgroup started', () => {
    const init = { pid: 5, comm: 'rc', cgroup };
    const proc = aProc([init, { ...service, ppid: 5 }, { pid: 912, comm: 'logger', ppid: 5, cgroup }]);

    expect(watchMyapp(proc)()).toMatchObject({ children: 0 });
  });

  it('does not include the agent itself', () => {
    const proc = aProc([service]);
    proc.become([service, { pid: ownPid, comm: 'node', session: 10, cgroup }]);

    expect(watchMyapp(proc)()).toMatchObject({ children: 0, pids: [] });
  });
});

describe('a child that goes by the name of the app', () => {
  const leader: FakeProcess = { pid: 10, comm: 'myapp', session: 10 };
  const child = { pid: 1011, comm: 'myapp', session: 10 };

  it('stays a child when its parent leaves it, as long as the app runs', () => {
    const shell = { pid: 1010, comm: 'sh', ppid: 10, session: 10 };
    const proc = aProc([leader, shell, { ...child, ppid: 1010 }]);
    const sample = watchMyapp(proc);
    expect(sample()).toMatchObject({ children: 2 });
    proc.become([leader, child]);

    expect(sample()).toMatchObject({ children: 1 });
    expect(sample()).toMatchObject({ children: 1 });
  });

  it('is a child even if nobody saw its parent', () => {
    const proc = aProc([leader]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([leader, child]);

    expect(sample()).toMatchObject({ children: 1, pids: [1011] });
    expect(sample()).toMatchObject({ children: 1 });
  });

  it('is the app once the one that forked it has ended', () => {
    const other = { pid: 20, comm: 'myapp', session: 20 };
    const proc = aProc([leader, other, { ...child, ppid: 10 }]);
    const sample = watchMyapp(proc);
    expect(sample()).toMatchObject({ children: 1 });
    proc.become([other, child]);

    expect(sample()).toMatchObject({ state: 'running', children: 0 });
  });

  it('is not a second app in a session and a cgroup of its own', () => {
    const cgroup = (unit: string) => `0::/system.slice/${unit}.service\n`;
    const first = { ...leader, cgroup: cgroup('a') };
    const proc = aProc([first]);
    const sample = watchMyapp(proc);
    sample();
    proc.become([first, { pid: 1020, comm: 'myapp', session: 1020, cgroup: cgroup('b') }]);

    expect(sample()).toMatchObject({ children: 0 });
    expect(sample()).toMatchObject({ children: 0 });
  });
});

describe('the processes of a systemd unit', () => {
  const cgroup = '0::/system.slice/myapp.service\n';
  const main: FakeProcess = { pid: 10, comm: 'anything', cgroup, startTicks: 100 };
  const worker: FakeProcess = { pid: 11, ppid: 10, cgroup, startTicks: 200 };
  const watchUnit = (proc: FakeProc) => watch(proc, { unit: 'myapp.service' });

  it('are its main process and what came later', () => {
    const others = [
      { pid: 912, cgroup, startTicks: 300 },
      { pid: 913, cgroup: '0::/system.slice/cron.service\n' },
    ];

    expect(watchUnit(aProc([worker, main, ...others]))()).toEqual({
      state: 'running',
      children: 2,
      cameAndWent: false,
      pids: [11, 912],
    });
  });

  it('are reported as not running if the unit does not run', () => {
    expect(watchUnit(aProc([{ pid: 913, cgroup: '0::/system.slice/cron.service\n' }]))()).toMatchObject({
      state: 'not-running',
      children: 0,
    });
  });

  it('are a new main process after a restart, and what the old one left behind', () => {
    const left = { pid: 912, cgroup, startTicks: 300 };
    const proc = aProc([main, left]);
    const sample = watchUnit(proc);
    sample();
    proc.become([left]);
    expect(sample()).toMatchObject({ state: 'not-running', children: 1 });
    proc.become([left, { ...main, pid: 920, startTicks: 900 }]);

    expect(sample()).toMatchObject({ state: 'running', children: 1, pids: [] });
  });

  it('are the daemon if the first process forks it and ends', () => {
    const daemon = { pid: 11, comm: 'anything', ppid: 10, cgroup, startTicks: 200 };
    const proc = aProc([main, daemon]);
    const sample = watchUnit(proc);
    sample();
    proc.become([{ ...daemon, ppid: 1 }]);

    expect(sample()).toMatchObject({ state: 'running', children: 0 });
  });
});

describe('a process that is found by its script', () => {
  it('is found though its kernel name was the same before it became that', () => {
    const proc = aProc([{ pid: 10, comm: 'node', args: ['node', 'supervisor.js'] }]);
    const sample = watch(proc, { script: 'app.js' });
    sample();
    const forked = { pid: 11, ppid: 10, comm: 'node', args: ['node', 'supervisor.js'] };
    proc.become([{ pid: 10, comm: 'node', args: ['node', 'supervisor.js'] }, forked]);
    sample();
    proc.become([
      { pid: 10, comm: 'node' },
      { ...forked, args: ['node', 'app.js'] },
    ]);

    expect(sample(1000)).toMatchObject({ state: 'running', children: 0 });
  });
});

describe('a sample of a quiet machine', () => {
  const options = { newestPid: 1000 };

  function play(proc: FakeProc) {
    const sample = watchMyapp(proc);
    sample();
    sample();
    sample();
    proc.reads.length = 0;
    return sample;
  }

  it('lists no children, of however many threads, while no process is made', () => {
    const proc = aProc([{ ...app, threads: 500 }, child], options);
    const sample = play(proc);

    expect(sample()).toMatchObject({ children: 1 });
    expect(proc.reads.filter((path) => path.includes('/task'))).toEqual([]);
  });

  it('still detects that a child ended, became another program, or left a zombie', () => {
    const other = { ...child, pid: 12 };
    const proc = aProc([app, child, other, { ...child, pid: 13, state: 'Z' }], options);
    const sample = play(proc);
    proc.become(
      [
        { ...app, reapedFaults: 50 },
        { ...other, comm: 'miner' },
      ],
      options,
    );

    expect(sample()).toEqual({ state: 'running', children: 1, cameAndWent: false, pids: [12] });
    expect(sample()).toMatchObject({ children: 1, cameAndWent: false });
  });

  it('finds a child as soon as a process is made', () => {
    const proc = aProc([app], options);
    const sample = play(proc);
    proc.become([app, { ...child, pid: 1001 }], { newestPid: 1001 });

    expect(sample()).toMatchObject({ children: 1, pids: [1001] });
  });

  it('reads no list of all processes either, on a kernel without children files', () => {
    const proc = aProc([app, child], { ...options, childrenFiles: false });
    const sample = play(proc);
    const { list } = proc;
    let lists = 0;
    Object.assign(proc, {
      list: (path: string) => {
        lists += 1;
        return list(path);
      },
    });

    expect([sample().children, lists]).toEqual([1, 0]);
  });
});

describe('a machine that does not show new pids', () => {
  it('is scanned each second, and says so, so that an app and its child are found', () => {
    const frozen = { newestPid: 20 };
    const proc = aProc([{ pid: 5, comm: 'cron' }], frozen);
    const sampler = createChildSampler(proc, [{ name: 'myapp' }], ownPid);
    let now = 0;
    const look = () => {
      now += 100;
      return sampler.sample(now)[0];
    };
    look();
    const before = sampler.sight().announcesPids;
    proc.become(
      [
        { pid: 5, comm: 'cron' },
        { pid: 1010, comm: 'myapp' },
      ],
      frozen,
    );
    // The first is found by the usual scan.
    for (let count = 0; count < 103; count += 1) look();
    const after = sampler.sight().announcesPids;
    proc.become(
      [
        { pid: 5, comm: 'cron' },
        { pid: 1010, comm: 'myapp' },
        { pid: 1011, comm: 'sh', ppid: 1010 },
      ],
      frozen,
    );
    const found = look()?.family.children.size;
    proc.become(
      [
        { pid: 5, comm: 'cron' },
        { pid: 1020, comm: 'myapp' },
      ],
      frozen,
    );
    for (let count = 0; count < 11; count += 1) look();

    expect([before, after, found, look()?.state]).toEqual([true, false, 1, 'running']);
  });

  it('does not include one whose pids start again from the lowest', () => {
    const cron = { pid: 5, comm: 'cron' };
    const proc = aProc([cron], { newestPid: 32_000 });
    const sampler = createChildSampler(proc, [{ name: 'myapp' }], ownPid);
    let now = 0;
    const look = () => {
      now += 100;
      return sampler.sample(now)[0];
    };
    look();
    // Hundreds at once, of which one with a high number is left; then small ones.
    const late = { comm: 'late', state: 'Z' };
    proc.become([cron, { pid: 32_700, ...late }, { pid: 32_701, ...late }], { newestPid: 400 });
    for (let count = 0; count < 220; count += 1) look();

    expect(sampler.sight().announcesPids).toBe(true);
  });
});
