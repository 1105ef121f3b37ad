import { belongsToUnit, isInGroup, parseCgroup, purposeOf } from '../../../agent/proc/cgroup';

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
    ['/system.slice/myapp.service/control', false],
    ['/system.slice/myapp.service/.control/x', false],
    ['/system.slice/myapp.service/controller', true],
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
    ['/a/b/control', false],
    ['/a/bc', false],
    ['/a', false],
  ])('%s in /a/b is %s', (path, expected) => {
    expect(isInGroup(path, '/a/b')).toBe(expected);
  });
});

describe('purposeOf', () => {
  it.each([
    ['/system.slice/myapp.service', 'service'],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/myapp.service', 'service'],
    ['/docker/01ab', 'scope'],
    ['/system.slice/docker-0123456789abcdef0123456789abcdef.scope', 'scope'],
    ['/machine.slice/libpod-01ab.scope', 'scope'],
    ['/user.slice/user-1000.slice/session-3.scope', undefined],
    ['/user.slice/user-1000.slice/user@1000.service', undefined],
    ['/init.scope', undefined],
    ['/system.slice', undefined],
    ['/shared', undefined],
  ])('of %s is %s', (path, kind) => {
    expect(purposeOf(path)).toBe(kind);
  });
});
