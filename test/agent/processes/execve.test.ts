import type { ProcessSelector } from '../../../agent/config/metric-definition';
import { aProc, type FakeProc, type FakeProcess } from '../fake-proc';
import { app, child, watch, watchMyapp } from './watched-app';

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
  ])('runs no more, and what runs in its place is reported as its child: by %s', (_how, selector) => {
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
