import { closeQuietly, codeOf, host, readText } from '../host';

/** Why a look into /proc failed: the process has ended, it may not be seen, or anything else. */
export type ReadFailure = 'gone' | 'denied' | 'unreadable';

/** Tells a failure from a path or another text that was found. */
export function isFailure(found: string): found is ReadFailure {
  return found === 'gone' || found === 'denied' || found === 'unreadable';
}

/**
 * Reads /proc through one preallocated buffer: `readFileSync` per process took 129 MB resident at 2,000 processes,
 * this 58 MB. Every view it returns is valid only until the next read.
 */
export interface ProcReader {
  /** The bytes of a small file (`stat`, `children`, `cmdline`), cut at 64 KB. */
  read(path: string): Buffer | ReadFailure;
  /** The same for a file that is read several times a second: opening it costs five times as much as reading it. */
  readAgain(path: string): Buffer | ReadFailure;
  /** The whole of a file that may be large, such as a socket table; what is beyond 64 MB is a problem. */
  readWhole(path: string): Buffer | ReadFailure;
  list(path: string): readonly string[] | ReadFailure;
  readLink(path: string): string | ReadFailure;
  /** Identifies the file itself: the answer stays the same if the file is renamed. */
  identify(path: string): string | ReadFailure;
  /** An absolute path, of any file, without symbolic links. */
  resolve(path: string): string | ReadFailure;
  /** The path of a file of /proc, for callers that no other method serves. */
  pathOf(path: string): string;
  /**
   * Error codes by path, for paths that are unreadable for another reason than a missing file or right, until they are
   * readable again.
   */
  problems(): ReadonlyMap<string, string>;
  /** Forgets the problems of processes other than these. */
  forgetOthers(pids: ReadonlySet<number>): void;
  /** Closes what `readAgain` keeps open; it opens it again. */
  close(): void;
}

/** The most that is read of a small file. A file with this many bytes may have more. */
export const smallFileBytes = 64 * 1024;
/** Every file of /proc that has more gives at least this much of it at once: as many rows as fit in a page. */
const shortReadBytes = 1024;
/** Only the first processes of a fork bomb keep theirs. */
const mostKeptFiles = 64;
/** Of the descriptors that the process may have (RLIMIT_NOFILE), these are for Node.js, the connection and the state. */
const reservedDescriptors = 32;
/** A socket table row has 150 bytes: room for more than 400,000 sockets. */
const largestFileBytes = 64 * 1024 * 1024;
/** One program can make thousands of processes that can't be read. */
const mostProblems = 64;

/** `root` is another folder than /proc only in tests. */
export function createProcReader(root = '/proc'): ProcReader {
  let buffer = Buffer.allocUnsafe(smallFileBytes);
  const kept = createKeptFiles(root);
  const problems = new Map<string, string>();
  const attempt = <T>(path: string, look: () => T): T | ReadFailure => {
    try {
      const result = kept.makeRoomFor(look);
      if (problems.size > 0) problems.delete(path);
      return result;
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== 'unreadable') problems.delete(path);
      else if (problems.size < mostProblems) problems.set(path, codeOf(error));
      return failure;
    }
  };
  const readSmall = (descriptor: number): Buffer =>
    buffer.subarray(0, fillFrom(descriptor, buffer, smallFileBytes));
  return {
    read: (path) => attempt(path, () => withFile(`${root}/${path}`, readSmall)),
    readAgain: (path) => attempt(path, () => kept.use(path, readSmall)),
    readWhole: (path) => {
      const bytes = attempt(path, () => {
        const fill = (descriptor: number): number => fillFrom(descriptor, buffer, buffer.length);
        let length = withFile(`${root}/${path}`, fill);
        while (length === buffer.length && buffer.length < largestFileBytes) {
          buffer = Buffer.allocUnsafe(Math.min(buffer.length * 4, largestFileBytes));
          length = withFile(`${root}/${path}`, fill);
        }
        return buffer.subarray(0, length);
      });
      if (bytes.length === largestFileBytes && problems.size < mostProblems)
        problems.set(path, 'longer than 64 MB, so what follows is not counted');
      return bytes;
    },
    list: (path) => attempt(path, () => host.readdirSync(`${root}/${path}`)),
    readLink: (path) => attempt(path, () => host.readlinkSync(`${root}/${path}`)),
    identify: (path) =>
      attempt(path, () => {
        const { dev, ino } = host.statSync(`${root}/${path}`);
        return `${dev}:${ino}`;
      }),
    resolve: (path) => {
      const real = attempt(path, () => host.realpathSync(path));
      // Expected for /proc, but not for a file that the configuration names.
      if (real === 'denied' && problems.size < mostProblems) problems.set(path, 'no permission to see it');
      return real;
    },
    pathOf: (path) => `${root}/${path}`,
    problems: () => problems,
    forgetOthers: (pids) => {
      for (const path of problems.keys()) {
        const pid = Number.parseInt(path, 10);
        if (pid > 0 && !pids.has(pid)) problems.delete(path);
      }
    },
    close: () => kept.close(),
  };
}

function withFile<T>(path: string, use: (descriptor: number) => T): T {
  const descriptor = host.openSync(path, 'r');
  try {
    return use(descriptor);
  } finally {
    closeQuietly(descriptor);
  }
}

function fillFrom(descriptor: number, buffer: Buffer, most: number): number {
  let length = 0;
  // The kernel returns a /proc file page by page, so a short read is not the end of the file.
  while (length < most) {
    const count = host.readSync(descriptor, buffer, length, most - length, length);
    length += count;
    if (count < shortReadBytes) break;
  }
  return length;
}

interface KeptFiles {
  use<T>(path: string, act: (descriptor: number) => T): T;
  /** If no descriptor is left for `look`, closes the kept files, keeps fewer from then on, and looks again. */
  makeRoomFor<T>(look: () => T): T;
  close(): void;
}

/**
 * Files that stay open. An open file of /proc/PID belongs to that process for ever, even after another process gets its
 * number. So if one of them can no longer be read, all files of that number are opened again. (`children` of an ended
 * process is empty without an error; `stat` gives an error.)
 */
function createKeptFiles(root: string): KeptFiles {
  const descriptors = new Map<string, number>();
  let most: number | undefined;
  const forget = (folder?: string): void => {
    for (const [path, descriptor] of descriptors) {
      if (folder !== undefined && path.split('/')[0] !== folder) continue;
      descriptors.delete(path);
      closeQuietly(descriptor);
    }
  };
  return {
    use: (path, act) => {
      const last = descriptors.get(path);
      if (last !== undefined) {
        try {
          return act(last);
        } catch {
          forget(path.split('/')[0]);
        }
      }
      most ??= countKeepable(root);
      if (most === 0) return withFile(`${root}/${path}`, act);
      if (descriptors.size >= most) forget();
      const descriptor = host.openSync(`${root}/${path}`, 'r');
      descriptors.set(path, descriptor);
      return act(descriptor);
    },
    makeRoomFor: (look) => {
      try {
        return look();
      } catch (error) {
        const code = codeOf(error);
        if ((code !== 'EMFILE' && code !== 'ENFILE') || descriptors.size === 0) throw error;
        most = Math.floor(descriptors.size / 2);
        forget();
        return look();
      }
    },
    close: () => forget(),
  };
}

/** How many files may stay open (`Max open files`, proc_pid_limits(5)). */
function countKeepable(root: string): number {
  let limits = '';
  try {
    limits = readText(`${root}/self/limits`);
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
  }
  const limit = /^Max open files +(\d+)/m.exec(limits)?.[1];
  const left = limit === undefined ? mostKeptFiles : Number(limit) - reservedDescriptors;
  return Math.max(0, Math.min(left, mostKeptFiles));
}

function failureOf(error: unknown): ReadFailure {
  const code = codeOf(error);
  // Not of the operating system: a mistake of the agent's own.
  if (code === 'no code') throw error;
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  // ESRCH: the process went away between open and read.
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR' || code === 'EINVAL') return 'gone';
  return 'unreadable';
}

/** Why a file can't be read, in words. */
export function describeFailure(proc: ProcReader, path: string, failure: ReadFailure): string {
  if (failure === 'denied') return 'no permission to read it';
  return failure === 'gone'
    ? 'it is not there'
    : `cannot be read (${proc.problems().get(path) ?? 'for now'})`;
}

/** A short file as text, without white space around it; empty if it can't be read. */
export function readTrimmed(reader: ProcReader, path: string): string {
  const bytes = reader.read(path);
  return typeof bytes === 'string' ? '' : bytes.toString('latin1').trim();
}
