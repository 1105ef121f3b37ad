import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_LINES = 200;
const KEPT_LINE_LENGTH = 8_192;

/** What one function printed: whole in its file, the last lines in memory. */
export interface FunctionLog {
  readonly file: string;
  write(line: string): void;
  follow(stream: Readable): void;
  lastLines(): readonly string[];
  close(): Promise<void>;
}

export function openFunctionLog(directory: string, functionName: string): FunctionLog {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, `${functionName}.log`);
  const stream = createWriteStream(file, { flags: 'a' });
  // A full disk must not stop the stack: the lines in memory remain.
  stream.on('error', () => undefined);
  const lines: string[] = [];

  function write(line: string): void {
    lines.push(line.slice(0, KEPT_LINE_LENGTH));
    if (lines.length > KEPT_LINES) lines.shift();
    if (!stream.destroyed && !stream.writableEnded) stream.write(`${line}\n`);
  }

  return {
    file,
    write,
    follow: (output) => {
      createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY }).on('line', write);
    },
    lastLines: () => [...lines],
    close: () => new Promise((resolve) => (stream.destroyed ? resolve() : stream.end(() => resolve()))),
  };
}
