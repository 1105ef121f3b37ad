import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportCase, writePrivateFile } from '../../../cli/cases/export';
import { checkChain } from '../../../cli/cases/verify';
import { CliError } from '../../../cli/cli-error';
import { now } from '../../builders';
import { aContainedCase, aReleasedCase, aTable } from '../stored-cases';

describe('export', () => {
  it('contains the case, its timeline and their check', async () => {
    const { record, rows } = aReleasedCase();

    const { text } = await exportCase('mything1', 'json', '0.1.0', aTable([{ record, rows }]));

    expect(JSON.parse(text)).toEqual({
      format: 'cordon-case',
      version: 1,
      case: record,
      timeline: rows,
      chain: { rows: 2, entries: 12, whole: true, faults: [], pending: 0 },
    });
  });

  it('also exports a broken chain, and says so', async () => {
    const { record, rows } = aReleasedCase();
    const broken = { record, rows: rows.slice(1) };

    const { text, whole } = await exportCase('mything1', 'ocsf', '0.1.0', aTable([broken]));

    expect(JSON.parse(text)).toMatchObject({
      class_uid: 2004,
      unmapped: { timeline: checkChain(record, broken.rows, now) },
    });
    expect(whole).toBe(false);
  });

  it.each(['json', 'ocsf'] as const)(
    'carries hostile text unchanged, with no character that a terminal obeys: %s',
    async (format) => {
      const commandLine = '\u001b]0;x\u0007 \u009b2J \u202e \u2028 \u{e0001} \u007f </script>"\\';
      const stored = aContainedCase({ evidence: [{ pid: 1, commandLine }] });

      const { text } = await exportCase('mything1', format, '0.1.0', aTable([stored]));

      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(commandLine));
    },
  );
});

describe('the file it is written to', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cordon-export-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

  it('is readable only by its owner', async () => {
    const file = join(folder, 'case.json');

    await writePrivateFile(file, '{}', false);

    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['{}', 0o600]);
  });

  it('is never overwritten without --force', async () => {
    const file = join(folder, 'case.json');
    await writeFile(file, 'mine');

    await expect(writePrivateFile(file, '{}', false)).rejects.toThrow(
      new CliError(`${file} exists: choose another name, or use --force`),
    );
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('is replaced with --force, with its mode, and never the target of a link', async () => {
    const [file, other] = [join(folder, 'case.json'), join(folder, 'other')];
    await writeFile(other, 'mine', { mode: 0o644 });
    await symlink(other, file);

    await writePrivateFile(file, '{}', true);

    expect([await readFile(file, 'utf8'), await modeOf(file), await readFile(other, 'utf8')]).toEqual([
      '{}',
      0o600,
      'mine',
    ]);
    expect(await readdir(folder)).toEqual(['case.json', 'other']);
  });

  it.each([false, true])('can be refused by the system (force: %s)', async (force) => {
    const file = join(folder, 'no', 'case.json');

    await expect(writePrivateFile(file, '{}', force)).rejects.toMatchObject({
      name: 'CliError',
      message: `${file} can't be written (ENOENT): check the path`,
    });
  });
});
