import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { host } from '../../../agent/host';
import { createProcReader } from '../../../agent/proc/proc-reader';
import { startRealApp } from '../real-process';

/** As if the process could open `most` more files. */
function leaveDescriptors(most: number): { countOpen(): number; restore(): void } {
  const { openSync, closeSync, readdirSync: listSync } = host;
  const open = new Set<number>();
  const refuse = (): void => {
    if (open.size >= most) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  };
  host.openSync = (...args) => {
    refuse();
    const descriptor = openSync(...args);
    open.add(descriptor);
    return descriptor;
  };
  host.closeSync = (descriptor) => {
    open.delete(descriptor);
    closeSync(descriptor);
  };
  host.readdirSync = ((path: string) => {
    refuse();
    return listSync(path);
  }) as typeof host.readdirSync;
  return {
    countOpen: () => open.size,
    restore: () => Object.assign(host, { openSync, closeSync, readdirSync: listSync }),
  };
}

describe('createProcReader', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-proc-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('cuts a small file at 64 KB and returns a large one whole', () => {
    writeFileSync(join(directory, 'large'), 'x'.repeat(300_000));
    const proc = createProcReader(directory);

    expect([proc.read('large').length, proc.readWhole('large').length, proc.read('large').length]).toEqual([
      65_536, 300_000, 65_536,
    ]);
  });

  it('says that a file is longer than it reads, until it is no more', () => {
    const path = join(directory, 'tcp');
    writeFileSync(path, '');
    truncateSync(path, 64 * 1024 * 1024 + 1);
    const proc = createProcReader(directory);

    expect(proc.readWhole('tcp')).toHaveLength(64 * 1024 * 1024);
    expect(proc.problems()).toEqual(new Map([['tcp', 'longer than 64 MB, so what follows is not counted']]));
    truncateSync(path, 10);
    expect([proc.readWhole('tcp').length, proc.problems().size]).toEqual([10, 0]);
  });

  it('returns gone for a file that does not exist', () => {
    mkdirSync(join(directory, '5'));
    writeFileSync(join(directory, 'file'), '');
    const proc = createProcReader(directory);

    expect([
      proc.read('9/stat'),
      proc.readWhole('none'),
      proc.list('9'),
      proc.readLink('9/exe'),
      proc.read('file/x'),
    ]).toEqual(['gone', 'gone', 'gone', 'gone', 'gone']);
  });

  it('reads the real /proc', () => {
    const proc = createProcReader();

    expect(proc.read(`${process.pid}/stat`).toString('latin1')).toMatch(new RegExp(`^${process.pid} \\(`));
    expect(proc.list('.')).toContain(String(process.pid));
  });
  it('reads an open file again with its present content', () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'first and longer');
    const proc = createProcReader(directory);
    const first = proc.readAgain('file').toString('latin1');
    writeFileSync(path, 'second');

    expect([first, proc.readAgain('file').toString('latin1'), proc.readAgain('none')]).toEqual([
      'first and longer',
      'second',
      'gone',
    ]);
  });

  it('keeps no more than 64 files open', () => {
    const names = Array.from({ length: 200 }, (_, index) => `file${index}`);
    for (const name of names) writeFileSync(join(directory, name), name);
    const proc = createProcReader(directory);
    const before = readdirSync('/proc/self/fd').length;
    const texts = names.map((name) => proc.readAgain(name).toString('latin1'));

    expect(texts).toEqual(names);
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThanOrEqual(64);
  });

  it.each([
    [1024, 64],
    [40, 8],
    [24, 0],
  ])('keeps few files open if the process may have %d: %d', (limit, most) => {
    mkdirSync(join(directory, 'self'));
    writeFileSync(
      join(directory, 'self/limits'),
      `Max processes             95971                95971                processes \nMax open files            ${limit}                 1048576              files     \n`,
    );
    const names = Array.from({ length: 100 }, (_, index) => `file${index}`);
    for (const name of names) writeFileSync(join(directory, name), name);
    const proc = createProcReader(directory);
    const before = readdirSync('/proc/self/fd').length;
    let mostOpen = 0;
    for (const name of names) {
      expect(proc.readAgain(name).toString('latin1')).toBe(name);
      mostOpen = Math.max(mostOpen, readdirSync('/proc/self/fd').length - before);
    }

    expect(mostOpen).toBe(most);
    proc.close();
  });

  it('closes what it keeps open once no descriptor is left, and reads on', () => {
    const names = Array.from({ length: 60 }, (_, index) => `file${index}`);
    for (const name of names) writeFileSync(join(directory, name), name);
    const proc = createProcReader(directory);
    const left = leaveDescriptors(10);
    try {
      const texts = [...names, ...names].map((name) => proc.readAgain(name).toString('latin1'));

      expect(texts).toEqual([...names, ...names]);
      expect([proc.read('file1').toString('latin1'), proc.list('.').length]).toEqual(['file1', names.length]);
      expect(proc.problems()).toEqual(new Map());
      expect(left.countOpen()).toBeLessThanOrEqual(5);
    } finally {
      left.restore();
      proc.close();
    }
  });

  it('detects the end of a process whose files it keeps open', async () => {
    const proc = createProcReader();
    const app = startRealApp('cordonkept');
    const files = [`${app.pid}/stat`, `${app.pid}/task/${app.pid}/children`];
    const before = files.map((file) => typeof proc.readAgain(file));
    await app.close();

    expect([before, files.map((file) => proc.readAgain(file))]).toEqual([
      ['object', 'object'],
      ['gone', 'gone'],
    ]);
  });
});
