import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialsError, loadCredentials } from '../../agent/credentials';
import { type DeviceFiles, writeDeviceFiles } from './certificates';

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

  it('reads three files that fit', () => {
    expect(load().cert.toString()).toContain('BEGIN CERTIFICATE');
    expect(warnings).toEqual([]);
  });

  it.each([
    ['--rootCA', 'rootCaPath'],
    ['--cert', 'certPath'],
    ['--key', 'keyPath'],
  ] as const)('names %s where its file is missing, a folder, or no PEM', (flag, path) => {
    const garbage = join(directory, 'garbage');
    writeFileSync(garbage, 'not a PEM file \0\xff');

    for (const bad of [join(directory, 'none'), directory, garbage]) {
      expect(() => load({ [path]: bad })).toThrow(CredentialsError);
      expect(() => load({ [path]: bad })).toThrow(flag);
    }
  });

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

  it('warns of an expired certificate', async () => {
    files = await writeDeviceFiles(directory, {
      notBefore: new Date(0),
      notAfter: new Date(1_600_000_000_000),
    });
    load();

    expect(warnings).toEqual([expect.stringContaining('expired on Sep 13')]);
  });
});
