import type { ProcessSelector } from '../../../agent/metrics/definition';
import { fileNameOf, isSelected } from '../../../agent/metrics/process-name';
import { aProc, type FakeProcess } from '../fake-proc';

describe('isSelected', () => {
  const long = 'a-very-long-program-name';

  it.each<[string, string, Partial<FakeProcess>, boolean]>([
    ['the kernel name', 'myapp', { comm: 'myapp' }, true],
    ['the file name of its program', 'myapp', { comm: 'other', exe: '/opt/bin/myapp' }, true],
    ['a program whose file was replaced', 'myapp', { comm: 'other', exe: '/opt/bin/myapp (deleted)' }, true],
    ['the file name of argv[0]', 'myapp', { comm: 'other', exe: '/bin/dash', args: ['./myapp', 'x'] }, true],
    ['argv[1] only', 'myapp', { comm: 'node', exe: '/bin/node', args: ['node', '/opt/myapp'] }, false],
    ['the beginning of the kernel name', 'myapp', { comm: 'myapp-helper', exe: '/bin/myapp-helper' }, false],
    ['the kernel name in other letters', 'myapp', { comm: 'MyApp' }, false],
    ['a cut kernel name and the program', long, { comm: 'a-very-long-pro', exe: `/bin/${long}` }, true],
    [
      'a cut kernel name of another program',
      long,
      { comm: 'a-very-long-pro', exe: '/bin/a-very-long-process', args: ['x'] },
      false,
    ],
    [
      'a cut kernel name and the script it runs',
      long,
      { comm: 'a-very-long-pro', exe: '/bin/dash', args: ['/bin/sh', `/opt/${long}`] },
      true,
    ],
    ['a cut kernel name where nothing more can be seen', long, { comm: 'a-very-long-pro' }, true],
  ])('by %s: %s', (_what, name, process, expected) => {
    const proc = aProc([{ pid: 10, ...process }]);

    expect(isSelected(proc, 10, process.comm ?? '', { name })).toBe(expected);
  });
});

describe('isSelected by other than a name', () => {
  const node: Partial<FakeProcess> = { comm: 'node', exe: '/usr/bin/node', cwd: '/opt/app' };
  const unit = { cgroup: '0::/system.slice/myapp.service\n' };

  it.each<[string, ProcessSelector, Partial<FakeProcess>, boolean]>([
    ['its program', { executable: '/opt/myapp' }, { exe: '/opt/myapp' }, true],
    ['a program that was replaced', { executable: '/opt/myapp' }, { exe: '/opt/myapp (deleted)' }, true],
    ['a program of the same name elsewhere', { executable: '/opt/myapp' }, { exe: '/tmp/myapp' }, false],
    ['a program that cannot be seen', { executable: '/opt/myapp' }, { comm: 'myapp' }, false],
    ['its script', { script: 'app.js' }, { ...node, args: ['node', 'app.js'] }, true],
    [
      'a script after options',
      { script: 'app.js' },
      { ...node, args: ['node', '-r', 'x', './app.js'] },
      true,
    ],
    ['a script by its name only', { name: 'app.js' }, { ...node, args: ['node', 'app.js'] }, false],
    ['another script', { script: 'app.js' }, { ...node, args: ['node', 'other.js'] }, false],
    ['the script as its own program', { script: 'app.js' }, { ...node, args: ['app.js'] }, false],
    ['a command line in one argument', { script: 'app.js' }, { args: ['sh', '-c', 'node app.js'] }, false],
    ['a script by its path', { script: '/opt/app/app.js' }, { ...node, args: ['node', 'app.js'] }, true],
    [
      'a script by its whole path',
      { script: '/srv/app.js' },
      { ...node, args: ['node', '/srv/app.js'] },
      true,
    ],
    ['a script elsewhere', { script: '/srv/app.js' }, { ...node, args: ['node', 'app.js'] }, false],
    ['a unit', { unit: 'myapp.service' }, unit, true],
    ['another unit', { unit: 'other.service' }, unit, false],
    ['a name with a dot', { name: 'my.app' }, { comm: 'my.app' }, true],
  ])('by %s', (_what, selector, process, expected) => {
    const proc = aProc([{ pid: 10, ...process }]);

    expect(isSelected(proc, 10, process.comm ?? 'app', selector)).toBe(expected);
  });
});

describe('fileNameOf', () => {
  it.each([
    ['/usr/bin/sleep', 'sleep'],
    ['sleep', 'sleep'],
    ['/', ''],
  ])('of %s is %j', (path, name) => {
    expect(fileNameOf(path)).toBe(name);
  });
});
