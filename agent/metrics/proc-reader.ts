import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

/** What a failed look into /proc means: the process went away, or it may not be seen. */
type ReadFailure = 'gone' | 'denied';

/**
 * Reads /proc through one preallocated buffer: `readFileSync` per process took 129 MB resident at 2,000 processes,
 * this 58 MB. Every view it returns is valid only until the next read.
 */
export interface ProcReader {
  /** The bytes of a small file (`stat`, `children`, `cmdline`), cut at 64 KB. */
  read(path: string): Buffer | ReadFailure;
  /** The whole of a file that may be large, such as a socket table. */
  readWhole(path: string): Buffer | ReadFailure;
  list(path: string): readonly string[] | ReadFailure;
  readLink(path: string): string | ReadFailure;
}

const smallFileBytes = 64 * 1024;
/** A socket table row has 150 bytes: room for 200,000 sockets. */
const largestFileBytes = 32 * 1024 * 1024;

/** `root` is another folder than /proc only in tests. */
export function createProcReader(root = '/proc'): ProcReader {
  let buffer = Buffer.allocUnsafe(smallFileBytes);
  return {
    read: (path) => attempt(() => buffer.subarray(0, fill(`${root}/${path}`, buffer, 0, smallFileBytes))),
    readWhole: (path) =>
      attempt(() => {
        let length = fill(`${root}/${path}`, buffer, 0, buffer.length);
        while (length === buffer.length && buffer.length < largestFileBytes) {
          buffer = Buffer.allocUnsafe(buffer.length * 4);
          length = fill(`${root}/${path}`, buffer, 0, buffer.length);
        }
        return buffer.subarray(0, length);
      }),
    list: (path) => attempt(() => readdirSync(`${root}/${path}`)),
    readLink: (path) => attempt(() => readlinkSync(`${root}/${path}`)),
  };
}

function fill(path: string, buffer: Buffer, from: number, to: number): number {
  const descriptor = openSync(path, 'r');
  try {
    let length = from;
    // A /proc file comes in pieces of a page, so a short read is not its end.
    while (length < to) {
      const count = readSync(descriptor, buffer, length, to - length, null);
      if (count === 0) break;
      length += count;
    }
    return length;
  } finally {
    closeSync(descriptor);
  }
}

function attempt<T>(look: () => T): T | ReadFailure {
  try {
    return look();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES' || code === 'EPERM') return 'denied';
    // ESRCH: the process went away between open and read.
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR' || code === 'EINVAL') return 'gone';
    throw error;
  }
}
