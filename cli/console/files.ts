import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { CliError } from '../cli-error';

export interface ConsoleFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const descriptions = z.record(z.string(), z.record(z.string(), z.string()));

/** The page and its files, by name, whole in memory: a later build does not change what runs. */
export function readConsole(folders: readonly string[]): ReadonlyMap<string, ConsoleFile> {
  for (const folder of folders) {
    const text = readIfThere(join(folder, 'files.json'));
    if (text === undefined) continue;
    return new Map(
      Object.entries(descriptions.parse(JSON.parse(text))).map(([name, headers]) => [
        name,
        { headers, body: readFileSync(join(folder, name)) },
      ]),
    );
  }
  throw new CliError(
    `the console is not built (no files.json in ${folders.join(', ')}): run node scripts/build-console.mjs`,
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
