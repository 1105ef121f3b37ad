import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LocalLog } from './types';

/** One JSON line per event, in a file: the terminal is for the story. */
export function createFileLog(file: string): LocalLog {
  mkdirSync(dirname(file), { recursive: true });
  const stream = createWriteStream(file, { flags: 'w' });
  const write =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      stream.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
    };
  return { info: write('info'), warn: write('warn') };
}
