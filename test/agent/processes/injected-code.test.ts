import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasInjectedCode } from '../../../agent/processes/injected-code';
import { aProc, ownPid } from '../fake-proc';

const nobody = 65_534;
const asRoot = process.getuid?.() === 0 ? it : it.skip;

describe('code injected into a program', () => {
  let directory: string;
  let library: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-injected-'));
    chmodSync(directory, 0o755);
    library = join(directory, 'lib.so');
    writeFileSync(library, '', { mode: 0o644 });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function look(
    { env = {}, maps = [], program = '/usr/bin/curl' }: { env?: object; maps?: string[]; program?: string },
    links: Readonly<Record<string, string>> = {},
  ): boolean {
    const environ = Object.entries(env).map(([name, value]) => `${name}=${value}\0`);
    const proc = aProc([{ pid: 11, exe: program }], {
      files: {
        '11/environ': environ.join(''),
        '11/maps': maps.map((path, at) => `7f00-7f01 r-xp 0000 fe:00 ${at + 1}   ${path}\n`).join(''),
      },
    });
    const own = `${ownPid}/ns/user`;
    return hasInjectedCode(
      {
        ...proc,
        readLink: (path) =>
          links[path] ?? (path === own ? 'user:[1]' : path.endsWith('ns/user') ? 'user:[1]' : 'gone'),
        pathOf: (path) => (path === '11/root' ? '' : `/proc/${path}`),
      },
      11,
      program,
      ownPid,
    );
  }

  it.each<[string, string, string]>([
    ['LD_PRELOAD', '/tmp/evil.so', '/usr/bin/curl'],
    ['LD_PRELOAD', 'evil.so', '/usr/bin/curl'],
    ['LD_AUDIT', '/tmp/evil.so', '/usr/bin/curl'],
    ['LD_LIBRARY_PATH', '/usr/lib:', '/usr/bin/curl'],
    ['LD_LIBRARY_PATH', '.', '/usr/bin/curl'],
    ['LD_LIBRARY_PATH', '/tmp', '/usr/bin/curl'],
    ['LD_LIBRARY_PATH', '/proc/self/cwd', '/usr/bin/curl'],
    ['GCONV_PATH', '/tmp/evil', '/usr/bin/curl'],
    ['OPENSSL_CONF', '/tmp/evil.cnf', '/usr/bin/curl'],
    ['CURL_HOME', '/tmp/evil', '/usr/bin/curl'],
    ['WGETRC', '/tmp/evil', '/usr/bin/wget'],
    ['BASH_ENV', '/tmp/evil', '/bin/bash'],
    ['BASH_FUNC_id%%', '() { evil; }', '/bin/bash'],
    ['ENV', '/tmp/evil', '/bin/dash'],
    ['PERL5OPT', '-Mevil', '/usr/bin/perl'],
    ['PYTHONPATH', '/tmp/evil', '/usr/bin/python3.11'],
    ['NODE_OPTIONS', '--require=/tmp/evil.js', '/usr/bin/node'],
    ['JAVA_TOOL_OPTIONS', '-javaagent:/tmp/evil.jar', '/usr/bin/java'],
    ['GIT_SSH_COMMAND', 'evil', '/usr/bin/git'],
    ['TAR_OPTIONS', '--checkpoint-action=exec=evil', '/usr/bin/tar'],
  ])('is there by %s=%s', (variable, value, program) => {
    expect(look({ env: { HOME: '/root', [variable]: value }, program })).toBe(true);
  });

  it.each<[string, string, string]>([
    ['PATH', '/usr/bin', '/usr/bin/curl'],
    ['LD_LIBRARY_PATH', '', '/usr/bin/curl'],
    ['NODE_OPTIONS', '--enable-source-maps', '/usr/bin/curl'],
    ['PYTHONUNBUFFERED', '1', '/usr/bin/python3'],
    ['BASH_ENV', '/tmp/evil', '/usr/bin/curl'],
  ])('is not there by %s=%s', (variable, value, program) => {
    expect(look({ env: { [variable]: value }, program })).toBe(false);
  });

  asRoot('is not there by what only root can change, as a wrapper of the app sets it', () => {
    const env = { LD_PRELOAD: `${library} ${library}`, LD_LIBRARY_PATH: `${directory}:/usr/lib` };

    expect(look({ env, maps: [library, '[vdso]', ''] })).toBe(false);
  });

  asRoot('is there by a file that anybody may write, or anybody’s, or in a folder of the like', async () => {
    const { chownSync } = await import('node:fs');
    const env = { LD_PRELOAD: library };
    expect([look({ env }), look({ maps: [library] })]).toEqual([false, false]);

    chmodSync(library, 0o646);
    expect([look({ env }), look({ maps: [library] })]).toEqual([true, true]);
    chmodSync(library, 0o644);
    chownSync(library, nobody, nobody);
    expect([look({ env }), look({ maps: [library] })]).toEqual([true, true]);
    chownSync(library, 0, 0);
    chmodSync(directory, 0o777);
    expect([look({ env }), look({ maps: [library] })]).toEqual([true, true]);
    chmodSync(directory, 0o755);
    chownSync(directory, nobody, nobody);
    expect([look({ env }), look({ maps: [library] })]).toEqual([true, true]);
  });

  asRoot('is there by a link of somebody’s to what is root’s: it may have led elsewhere before', async () => {
    const { lchownSync } = await import('node:fs');
    const link = join(directory, 'link');
    symlinkSync(library, link);
    expect(look({ env: { LD_PRELOAD: link } })).toBe(false);
    lchownSync(link, nobody, nobody);
    expect(look({ env: { LD_PRELOAD: link } })).toBe(true);
  });

  it.each([['/memfd:x (deleted)'], ['/tmp/#12 (deleted)'], ['/dev/shm/evil.so'], ['/nonexistent/evil.so']])(
    'is found if %s is mapped as executable',
    (path) => {
      expect(look({ maps: [path] })).toBe(true);
    },
  );

  asRoot('is not there by a library that an upgrade replaced meanwhile', () => {
    mkdirSync(join(directory, 'x86'));

    expect(look({ maps: [`${join(directory, 'x86', 'libc.so.6')} (deleted)`] })).toBe(false);
  });

  it('is not found in read-only mappings, nor in memory without a file', () => {
    const proc = aProc([{ pid: 11 }], {
      files: {
        '11/environ': '',
        '11/maps': '7f00-7f01 r--p 0 fe:00 5 /tmp/data\n7f00-7f01 rwxp 0 00:00 0 \n',
      },
    });

    expect(hasInjectedCode(proc, 11, '/usr/bin/node', ownPid)).toBe(false);
  });

  it('is assumed if the program has its own user namespace, and so its own files', () => {
    expect(look({}, { '11/ns/user': 'user:[2]' })).toBe(true);
  });

  it('is assumed if its environment or its memory map is unreadable, or larger than the agent reads', () => {
    expect(look({ env: { A: 'a'.repeat(70_000) } })).toBe(true);
    expect(hasInjectedCode(aProc([], { denied: [11] }), 11, '/usr/bin/curl', ownPid)).toBe(true);
  });
});
