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

describe('fileNameOf', () => {
  it.each([
    ['/usr/bin/sleep', 'sleep'],
    ['sleep', 'sleep'],
    ['/', ''],
  ])('of %s is %j', (path, name) => {
    expect(fileNameOf(path)).toBe(name);
  });
});
