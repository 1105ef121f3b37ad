import { aProc, type FakeProcess } from '../fake-proc';
import { app, child, watch, watchMyapp } from './watched-app';

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

describe('a process that is found by its script', () => {
  it('is found even if it had the same kernel name before', () => {
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
