import { readdirSync, readFileSync } from 'node:fs';

/** The reports that an agent keeps in its spool. One that a newer one replaces while this reads is left out. */
export function readSpool(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        return readFileSync(`${folder}/${name}`, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    });
}
