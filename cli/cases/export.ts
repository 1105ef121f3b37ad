import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { CliError, RefusedError } from '../cli-error';
import { explainFileFault } from '../explain-file-fault';
import { writeJson } from '../json';
import type { CaseReader } from './find-case';
import { writeDetectionFinding } from './ocsf';
import { readChain } from './verify';

export type ExportFormat = 'json' | 'ocsf';

/** A case with its timeline and what its check says, or the same as an OCSF finding. */
export async function exportCase(
  name: string,
  format: ExportFormat,
  productVersion: string,
  reader: CaseReader,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  const { record, rows, chain } = await readChain(name, reader);
  const text = writeJson(
    format === 'ocsf'
      ? writeDetectionFinding(record, productVersion, chain)
      : { format: 'cordon-case', version: 1, case: record, timeline: rows, chain },
  );
  return { text, whole: chain.whole };
}

/** Writes a file that only its owner can read. Only `force` replaces an existing file, and then as a whole. */
export async function writePrivateFile(file: string, text: string, force: boolean): Promise<void> {
  try {
    if (!force) return await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    // A new file under another name: no mode, link or half of the old one is kept.
    const draft = `${file}.${randomUUID()}.tmp`;
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await rename(draft, file).catch(async (error: unknown) => {
      await rm(draft, { force: true });
      throw error;
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new RefusedError(`${file} exists: choose another name, or use --force`);
    throw new CliError(`${file} can't be written${explainFileFault(cause)}`, cause);
  }
}
