import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Parameters, pickParameters, type Source } from './parameters';
import { parseConfiguration, UnreadableFileError } from './parse';
import type { FileConfiguration } from './schema';

/** The file that is packaged: CORDON_CONFIG, or cordon.yml in the folder. */
export function configurationFile(): string {
  return resolve(process.env.CORDON_CONFIG ?? 'cordon.yml');
}

/** Reads and validates a cordon.yml with the parameters that replace values in it. Throws ConfigurationError. */
export function loadConfiguration(file: string, parameters: Parameters = {}): FileConfiguration {
  return parseConfiguration(readText(file), file, parameters);
}

/** The text of a cordon.yml and the parameters that replace values in it, for people to see and to try changes with. */
export function readSource(file: string, parameters: Parameters = {}): Source {
  return { text: readText(file), parameters: pickParameters(parameters) };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UnreadableFileError(
      [
        `${file}: can't be read (${(error as NodeJS.ErrnoException).code}): check the path, or copy the cordon.yml of the repository there`,
      ],
      error,
    );
  }
}
