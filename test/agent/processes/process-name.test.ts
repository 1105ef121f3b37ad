import type { ProcessSelector } from '../../../agent/config/metric-definition';
import { createPathResolver, createSelects } from '../../../agent/processes/process-name';
import { fileNameOf } from '../../../agent/text';
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
    ['a cut kernel name if nothing more can be seen', long, { comm: 'a-very-long-pro' }, true],
  ])('by %s: %s', (_what, name, process, expected) => {
    const proc = aProc([{ pid: 10, ...process }]);

    expect(createSelects({ name }, createPathResolver(proc))(proc, 10, process.comm ?? '')).toBe(expected);
  });
});

/** A program as it is found where it is looked for by name. */
function aProgram(name: string, ...args: readonly string[]): Partial<FakeProcess> {
  return { comm: name.slice(0, 15), exe: `/usr/bin/${name}`, args: [name, ...args], cwd: '/opt' };
}

/** A kernel name as the kernel gives it, one character for each byte. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

describe('isSelected, with another selector than a name', () => {
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
    ['an editor that has the script open', { script: 'app.js' }, aProgram('vim', 'app.js'), false],
    ['a program that follows its log', { script: 'app.js' }, aProgram('tail', '-f', '/opt/app.js'), false],
    ['a search for it', { script: 'app.js' }, aProgram('grep', '-r', 'x', 'app.js'), false],
    ['a wrapper', { script: 'app.js' }, aProgram('timeout', '60', 'node', 'app.js'), false],
    [
      'a wrapper by the same interpreter',
      { script: 'app.js' },
      aProgram('node', '/bin/nodemon', 'app.js'),
      false,
    ],
    ['code in the command line', { script: 'app.js' }, aProgram('node', '-e', '1', 'app.js'), false],
    ['an argument of another script', { script: 'app.py' }, aProgram('python3', 'other.py', 'app.py'), false],
    ['a filter program of awk', { script: 'app.js' }, aProgram('awk', '{print}', 'app.js'), false],
    [
      'node',
      { script: 'app.js' },
      aProgram('node', '--inspect', '--env-file', 'x', '--', 'app.js', 'b'),
      true,
    ],
    [
      'an interpreter with its version',
      { script: 'app.py' },
      aProgram('python3.11', '-u', '-W', 'x', 'app.py'),
      true,
    ],
    ['a module', { script: 'app' }, aProgram('python3', '-m', 'app', 'x'), true],
    [
      'a program of Java',
      { script: 'app.jar' },
      aProgram('java', '-Xmx1g', '-cp', 'a', '-jar', 'app.jar'),
      true,
    ],
    ['a shell', { script: 'app.sh' }, aProgram('dash', '-e', 'app.sh'), true],
    ['deno', { script: 'app.ts' }, aProgram('deno', 'run', '--allow-net', 'app.ts'), true],
    [
      'an interpreter of its own (#!)',
      { script: 'app.x' },
      { ...aProgram('runx', '/opt/app.x'), comm: 'app.x' },
      true,
    ],
    ['a name outside ASCII', { script: 'größe.py' }, aProgram('python3', '/opt/größe.py'), true],
    [
      'a name outside ASCII (#!)',
      { script: 'größe.x' },
      { ...aProgram('x', '/größe.x'), comm: bytesOf('größe.x') },
      true,
    ],
    ['a kernel name outside ASCII', { name: 'größe' }, { comm: bytesOf('größe') }, true],
    [
      'a cut one',
      { name: 'ein-größerer-name' },
      { comm: bytesOf('ein-größerer-'), args: ['ein-größerer-name'] },
      true,
    ],
    [
      'an applet of busybox',
      { name: 'httpd' },
      { comm: 'busybox', exe: '/bin/busybox', args: ['busybox', 'httpd'] },
      true,
    ],
    ['another applet', { name: 'busybox' }, { comm: 'sh', exe: '/bin/busybox', args: ['sh'] }, false],
    [
      'a script of busybox',
      { script: 'a.sh' },
      { comm: 'sh', exe: '/bin/busybox', args: ['sh', 'a.sh'] },
      true,
    ],
    [
      'one given as argument',
      { script: 'a.sh' },
      { exe: '/bin/busybox', args: ['busybox', 'sh', 'a.sh'] },
      true,
    ],
    ['what another applet reads', { script: 'a.sh' }, { exe: '/bin/busybox', args: ['cat', 'a.sh'] }, false],
  ])('by %s', (_what, selector, process, expected) => {
    const proc = aProc([{ pid: 10, ...process }]);

    expect(createSelects(selector, createPathResolver(proc))(proc, 10, process.comm ?? 'app')).toBe(expected);
  });
});

describe('a program or script behind symbolic links', () => {
  const links: Readonly<Record<string, string>> = {
    '/bin/sh': '/usr/bin/dash',
    '/opt/current/myapp': '/opt/releases/5/myapp',
    '/opt/current/app.js': '/opt/releases/5/app.js',
    '/bin/ash': '/bin/busybox',
  };

  it.each<[string, ProcessSelector, Partial<FakeProcess>, boolean]>([
    ['what /bin/sh is', { executable: '/bin/sh' }, { exe: '/usr/bin/dash' }, true],
    ['the present release', { executable: '/opt/current/myapp' }, { exe: '/opt/releases/5/myapp' }, true],
    ['another release', { executable: '/opt/current/myapp' }, { exe: '/opt/releases/4/myapp' }, false],
    ['the applet', { executable: '/bin/ash' }, { exe: '/bin/busybox', args: ['ash'] }, true],
    ['the applet of a login', { executable: '/bin/ash' }, { exe: '/bin/busybox', args: ['-ash'] }, true],
    ['another applet', { executable: '/bin/ash' }, { exe: '/bin/busybox', args: ['crond'] }, false],
    ['all of busybox', { executable: '/bin/busybox' }, { exe: '/bin/busybox', args: ['crond'] }, true],
    [
      'the script of the present release',
      { script: '/opt/current/app.js' },
      aProgram('node', '/opt/releases/5/app.js'),
      true,
    ],
    [
      'the script by its link',
      { script: '/opt/releases/5/app.js' },
      aProgram('node', '/opt/current/app.js'),
      true,
    ],
  ])('is %s', (_what, selector, process, expected) => {
    const proc = { ...aProc([{ pid: 10, ...process }]), resolve: (path: string) => links[path] ?? path };

    expect(createSelects(selector, createPathResolver(proc))(proc, 10, process.comm ?? 'app')).toBe(expected);
  });

  it('is the release that the link points to after an update, and the running one still counts', () => {
    let release = 4;
    let now = 0;
    const proc = {
      ...aProc([{ pid: 10, exe: '/opt/releases/5/myapp' }]),
      resolve: () => `/opt/releases/${release}/myapp`,
    };
    const selects = createSelects(
      { executable: '/opt/current/myapp' },
      createPathResolver(proc, () => now),
    );
    const before = selects(proc, 10, 'myapp');
    release = 5;
    now = 20_000;

    expect([before, selects(proc, 10, 'myapp')]).toEqual([false, true]);
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
