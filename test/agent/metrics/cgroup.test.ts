import { belongsToUnit, findOwnCgroup, isInGroup, parseCgroup } from '../../../agent/metrics/cgroup';
import { aProc } from '../fake-proc';

describe('parseCgroup', () => {
  it.each([
    ['version 2', '0::/system.slice/myapp.service\n', '/system.slice/myapp.service'],
    [
      'both versions',
      '4:pids:/system.slice/myapp.service\n1:name=systemd:/system.slice/myapp.service\n0::/system.slice/myapp.service\n',
      '/system.slice/myapp.service',
    ],
    [
      'version 1',
      '4:pids:/user.slice\n1:name=systemd:/system.slice/myapp.service\n0::/\n',
      '/system.slice/myapp.service',
    ],
    ['version 1 without systemd', '4:pids:/docker/0123\n3:cpu,cpuacct:/docker/0123\n', '/docker/0123'],
    ['a path with a colon', '0::/a:b/c\n', '/a:b/c'],
    ['the root alone', '1:name=systemd:/\n0::/\n', undefined],
    ['nothing', '', undefined],
  ])('reads %s', (_what, text, path) => {
    expect(parseCgroup(Buffer.from(text))).toBe(path);
  });
});

describe('belongsToUnit', () => {
  it.each([
    ['/system.slice/myapp.service', true],
    ['/system.slice/myapp.service/worker', true],
    ['/system.slice/myapp.service.d', false],
    ['/system.slice/other-myapp.service', false],
  ])('of %s is %s', (path, expected) => {
    expect(belongsToUnit(path, 'myapp.service')).toBe(expected);
  });
});

describe('isInGroup', () => {
  it.each([
    ['/a/b', true],
    ['/a/b/c', true],
    ['/a/bc', false],
    ['/a', false],
  ])('%s in /a/b is %s', (path, expected) => {
    expect(isInGroup(path, '/a/b')).toBe(expected);
  });
});

describe('findOwnCgroup', () => {
  it.each([
    [
      'a service’s first process',
      '0::/system.slice/myapp.service\n',
      '0::/init.scope\n',
      '/system.slice/myapp.service',
    ],
    [
      'a container’s first process',
      '0::/docker/01ab\n',
      '0::/system.slice/containerd.service\n',
      '/docker/01ab',
    ],
    [
      'what a service’s shell started',
      '0::/system.slice/rc.service\n',
      '0::/system.slice/rc.service\n',
      undefined,
    ],
    [
      'what a user started',
      '0::/user.slice/u/session-3.scope\n',
      '0::/system.slice/ssh.service\n',
      undefined,
    ],
    ['what is in a slice', '0::/system.slice\n', '0::/\n', undefined],
    ['what has no cgroup', '0::/\n', '0::/\n', undefined],
  ])('of %s', (_what, own, parents, expected) => {
    const proc = aProc([
      { pid: 5, cgroup: parents },
      { pid: 10, ppid: 5, cgroup: own },
    ]);

    expect(findOwnCgroup(proc, 10, 5)).toBe(expected);
  });
});
