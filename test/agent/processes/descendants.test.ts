import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';
import { app, child, watch, watchMyapp } from './watched-app';

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
