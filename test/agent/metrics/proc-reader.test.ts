import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcReader } from '../../../agent/metrics/proc-reader';

describe('createProcReader', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-proc-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('cuts a small file at 64 KB and gives a large one whole', () => {
    writeFileSync(join(directory, 'large'), 'x'.repeat(300_000));
    const proc = createProcReader(directory);

    expect([proc.read('large').length, proc.readWhole('large').length, proc.read('large').length]).toEqual([
      65_536, 300_000, 65_536,
    ]);
  });

  it('says gone for what is not there or was read too late', () => {
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
});
