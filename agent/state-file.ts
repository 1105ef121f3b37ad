import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The state folder can't be used. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';
}

export interface StateFile {
  /** Undefined where nothing was kept yet. */
  read(): string | undefined;
  /** Keeps the text also through a crash. On a full disk it is only warned, once until it works again. */
  write(text: string): void;
}

/** No room, or a file system that went read-only: whoever filled it must not thereby silence the agent. */
const noRoom = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** One file of the thing in the state folder, which is made if it isn't there. */
export function openStateFile(
  directory: string,
  thingName: string,
  what: string,
  warn: (problem: string) => void,
  replace = replaceFile,
): StateFile {
  const path = join(directory, `${thingName}.${what}`);
  let isFull = false;
  const attempt = <T>(problem: string, run: () => T): T | undefined => {
    try {
      const result = run();
      isFull = false;
      return result;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (!noRoom.has(String(code))) throw new StateDirectoryError(`${problem}: ${message}`, { cause });
      if (!isFull) warn(`${problem}: ${message}; going on without it`);
      isFull = true;
      return undefined;
    }
  };
  attempt(`cannot keep state in ${directory}`, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  return {
    read: () => {
      try {
        return readFileSync(path, 'utf8');
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw new StateDirectoryError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
      }
    },
    write: (text) => attempt(`cannot write ${path}`, () => replace(path, text)),
  };
}

/** A rename replaces the file as a whole (rename(2)), so a crash leaves the old text or the new one. */
function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
