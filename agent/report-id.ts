import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The state folder can't be used, so report ids could fall back after a restart. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';
}

export interface ReportIds {
  /** Gives an id greater than every one before it, also those of earlier runs. */
  next(now: number): number;
}

/** The id after `last`: the time where the clock goes forward, one more where it was set back. */
export function nextReportId(last: number, now: number): number {
  return Math.max(last + 1, Math.floor(now));
}

/** Keeps the last id in `directory`, written before it is used, and proves at once that it can. */
export function openReportIds(
  directory: string,
  thingName: string,
  warn: (problem: string) => void,
): ReportIds {
  const path = join(directory, `${thingName}.report-id`);
  let last = 0;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    last = readLast(path, warn);
    writeLast(path, last);
  } catch (cause) {
    throw new StateDirectoryError(`cannot keep state in ${directory}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return {
    next: (now) => {
      const id = nextReportId(last, now);
      try {
        writeLast(path, id);
      } catch (cause) {
        throw new StateDirectoryError(`cannot write ${path}: ${(cause as Error).message}`, { cause });
      }
      last = id;
      return id;
    },
  };
}

function readLast(path: string, warn: (problem: string) => void): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  const last = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(last)) return last;
  warn(`${path} holds no report id; going on from the clock`);
  return 0;
}

/** A rename replaces the file as a whole (rename(2)), so a crash leaves the old id or the new one. */
function writeLast(path: string, id: number): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${id}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}
