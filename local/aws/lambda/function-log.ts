import { closeSync, createWriteStream, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import path from 'node:path';

const KEPT_LINES = 200;
/** The bytes at the end of the log in which the last lines are searched. */
const TAIL_BYTES = 256 * 1024;

/** The output of one function. */
export interface FunctionLog {
  readonly file: string;
  /** For the function's processes, which write to the file themselves: through a pipe this process would copy it all. */
  readonly descriptor: number;
  write(line: string): void;
  lastLines(): readonly string[];
  close(): Promise<void>;
}

export function openFunctionLog(directory: string, functionName: string): FunctionLog {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, `${functionName}.log`);
  const descriptor = openSync(file, 'a');
  const stream = createWriteStream(file, { flags: 'a' });
  // A full disk must not stop the stack.
  stream.on('error', () => undefined);
  let open = true;
  return {
    file,
    descriptor,
    write: (line) => {
      if (!stream.destroyed && !stream.writableEnded) stream.write(`${line}\n`);
    },
    lastLines: () => readLastLines(file),
    close: async () => {
      if (open) closeSync(descriptor);
      open = false;
      await new Promise<void>((resolve) => (stream.destroyed ? resolve() : stream.end(resolve)));
    },
  };
}

function readLastLines(file: string): string[] {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    const length = readSync(descriptor, bytes, 0, bytes.length, from);
    const lines = bytes.toString('utf8', 0, length).split('\n');
    // The cut first line and the empty text after the last line's end are not lines.
    return lines.slice(from > 0 ? 1 : 0, -1).slice(-KEPT_LINES);
  } finally {
    closeSync(descriptor);
  }
}
