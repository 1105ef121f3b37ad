import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialsError, isOpenToOthers, loadCredentials } from '../../../agent/config/credentials';
import { type DeviceFiles, writeDeviceFiles } from '../certificates';

describe('loadCredentials', () => {
  let directory: string;
  let files: DeviceFiles;
  let warnings: string[];
  const load = (changes: Partial<DeviceFiles> = {}) =>
    loadCredentials({ ...files, ...changes }, Date.now(), (problem) => warnings.push(problem));

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    files = await writeDeviceFiles(directory);
    warnings = [];
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('reads three files that match', () => {
    expect(load().cert.toString()).toContain('BEGIN CERTIFICATE');
    expect(warnings).toEqual([]);
  });

  it.each([
    ['--rootCA', 'rootCaPath'],
    ['--cert', 'certPath'],
    ['--key', 'keyPath'],
  ] as const)(
    'names %s if its file is missing, a folder, a pipe, without an end, or no PEM',
    (flag, path) => {
      const garbage = join(directory, 'garbage');
      writeFileSync(garbage, 'not a PEM file \0\xff');
      const endless = join(directory, 'endless');
      symlinkSync('/dev/zero', endless);
      const huge = join(directory, 'huge');
      writeFileSync(huge, '');
      truncateSync(huge, 3 * 1024 ** 3);
      const pipe = join(directory, 'pipe');
      execFileSync('mkfifo', [pipe]);

      for (const bad of [join(directory, 'none'), directory, garbage, endless, huge, pipe]) {
        expect(() => load({ [path]: bad })).toThrow(CredentialsError);
        expect(() => load({ [path]: bad })).toThrow(flag);
      }
    },
  );

  it('refuses the key of another certificate', async () => {
    const other = await files.authority.issueDeviceCertificate({ commonName: 'other' });
    writeFileSync(files.keyPath, other.privateKeyPem);

    expect(() => load()).toThrow(/^--key: .* does not belong to the certificate/);
  });

  it('warns of a key that others may read', () => {
    chmodSync(files.keyPath, 0o644);
    load();

    expect(warnings).toEqual([`--key: ${files.keyPath} is open to other users (mode 644); chmod 600 it`]);
  });

  it.each([
    ['a key of its owner alone', { mode: 0o100600, uid: 1000, gid: 1000 }, false],
    ['root’s key that only its own group may read', { mode: 0o100640, uid: 0, gid: 7 }, false],
    ['root’s key that another group may read', { mode: 0o100640, uid: 0, gid: 8 }, true],
    ['root’s key that its own group may write', { mode: 0o100660, uid: 0, gid: 7 }, true],
    ['a key that another user shares with its group', { mode: 0o100640, uid: 1000, gid: 7 }, true],
    ['a key that all may read', { mode: 0o100644, uid: 0, gid: 7 }, true],
  ])('judges %s', (_what, stats, expected) => {
    expect(isOpenToOthers(stats, 7)).toBe(expected);
  });

  it('warns of an expired certificate', async () => {
    files = await writeDeviceFiles(directory, {
      notBefore: new Date(0),
      notAfter: new Date(1_600_000_000_000),
    });
    load();

    expect(warnings).toEqual([expect.stringContaining('expired on Sep 13')]);
  });
});
