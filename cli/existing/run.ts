import { existsSync, writeFileSync } from 'node:fs';
import { printable } from '../../shared/domain/messages/announcement';
import { CliError, RefusedError } from '../cli-error';
import { explainFileFault } from '../explain-file-fault';
import { type Detector, guessDetector, writeImport } from './import';
import type { Existing } from './read';

export interface ImportFlags {
  readonly force: boolean;
  readonly detector?: Detector;
}

/** Writes a cordon.yml from the account, and says what it contains and what it could not carry over. */
export async function importAccount(
  file: string,
  { force, detector }: ImportFlags,
  open: () => Promise<Existing & { readonly isLocal?: boolean }>,
): Promise<string> {
  if (!force && existsSync(file)) throw existing(file);
  const account = await open();
  const profiles = await account.listProfiles();
  if (profiles.length === 0)
    throw new RefusedError(
      account.isLocal
        ? 'the local stack has no security profiles, so there is nothing to import: use --aws for those of an account'
        : 'the account has no security profiles in this region, so there is nothing to import: check AWS_REGION and the account',
    );
  const { text, summary, left } = writeImport(
    profiles,
    await account.listMetrics(),
    detector ?? guessDetector(profiles),
  );
  save(file, text, force);
  return [
    `Written to ${file}: ${summary}. Every playbook only observes.`,
    ...(left.length > 0 ? ['Not carried over:', ...left.map((reason) => `  ${reason}`)] : []),
    `Next: cordon check ${file} --account`,
  ]
    .map(printable)
    .join('\n');
}

function save(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Somebody wrote it meanwhile.
    if (code === 'EEXIST') throw existing(file);
    throw new CliError(`${file} can't be written${explainFileFault(cause)}`, cause);
  }
}

function existing(file: string): RefusedError {
  return new RefusedError(`${file} exists: name another file, or replace it with --force`);
}
