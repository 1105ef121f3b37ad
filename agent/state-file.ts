import { basename, dirname, join } from 'node:path';
import { codeOf, host, readText } from './host';
import type { Problems } from './problems';

/**
 * The agent works without its state folder: a failure throws no error, but is a reported problem until the folder works
 * again.
 */
export interface StateFile {
  /** Undefined if nothing was kept yet, or if it can't be read. */
  read(): string | undefined;
  /** Keeps the text also through a crash. */
  write(text: string): void;
}

/** One file of the thing in the state folder, which is made if it isn't there. */
export function openStateFile(
  directory: string,
  thingName: string,
  what: string,
  problems: Problems,
): StateFile {
  const path = join(directory, `${thingName}.${what}`);
  let isClean = false;
  const attempt = (doing: string, run: () => void): void => {
    try {
      run();
      problems.end(`state ${what}`);
    } catch (error) {
      const reason = `cannot ${doing}: ${(error as Error).message}; continuing without it`;
      problems.note(`state ${what}`, reason, () => attempt(doing, run));
    }
  };
  return {
    read: () => {
      let text: string | undefined;
      attempt(`read ${path}`, () => {
        try {
          text = readText(path);
        } catch (error) {
          if (codeOf(error) !== 'ENOENT') throw error;
        }
      });
      return text;
    },
    write: (text) =>
      attempt(`write ${path}`, () => {
        createFolder(directory);
        replaceFile(path, text);
        if (!isClean) removeTemporaries(directory, listFolder(directory), (name) => name === basename(path));
        isClean = true;
      }),
  };
}

/**
 * Makes a folder and those above it. Not by `recursive` of Node.js, which never ends if the file system has the parent
 * and says ENOENT all the same (/proc, autofs).
 */
export function createFolder(directory: string): void {
  if (createInParent(directory) === undefined) return;
  const parent = dirname(directory);
  if (parent !== directory) createFolder(parent);
  const error = createInParent(directory);
  if (error !== undefined) throw error;
}

/** Gives the error if the parent is not there. */
function createInParent(directory: string): unknown {
  try {
    host.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another agent may have just created it, and a read-only file system refuses even an existing folder. The first
    // write shows whether the folder can be used.
    if (codeOf(error) === 'ENOENT') return error;
  }
  return undefined;
}

/** A rename replaces the file as a whole (rename(2)), so a crash leaves the old text or the new one. */
export function replaceFile(path: string, text: string, isUrgent = false): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeNew(temporary, text);
    if (isUrgent) sync(temporary);
    host.renameSync(temporary, path);
  } catch (error) {
    try {
      removeIfThere(temporary);
    } catch {
      // Reports the first failure; the next run removes the remaining file.
    }
    throw error;
  }
  if (isUrgent) sync(dirname(path));
}

const temporaryName = /^(.+)\.\d+\.tmp$/;

/** A run that is killed while it writes leaves its temporary file, and the next one has another pid. `names`: in the folder. */
export function removeTemporaries(
  folder: string,
  names: readonly string[],
  isOurs: (name: string) => boolean,
): void {
  for (const name of names) {
    const written = temporaryName.exec(name)?.[1];
    if (written !== undefined && isOurs(written)) removeIfThere(join(folder, name));
  }
}

export function removeIfThere(path: string): void {
  try {
    host.unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Into a new file: an existing one could be a pipe without a reader, or a link to somewhere else. */
function writeNew(path: string, text: string): void {
  const write = (): void => host.writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  try {
    write();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    host.unlinkSync(path);
    write();
  }
}

/** Waits until the data is on the disk; for a folder, until the entry of the file is (fsync(2)). */
function sync(path: string): void {
  const descriptor = host.openSync(path, 'r');
  try {
    host.fsyncSync(descriptor);
  } finally {
    host.closeSync(descriptor);
  }
}

/** An empty list if the folder isn't there. */
export function listFolder(folder: string): readonly string[] {
  try {
    return host.readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
