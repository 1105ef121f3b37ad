import { openStateFile } from './state-file';

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
  const file = openStateFile(directory, thingName, 'report-id', warn);
  const last = parseLast(file.read()?.trim(), warn);
  file.write(`${last}\n`);
  return countReportIds(last, (id) => file.write(`${id}\n`));
}

/** Goes on after `last`; each id is kept before it is used. By default none is: printed reports need no memory. */
export function countReportIds(last = 0, keep: (id: number) => void = () => undefined): ReportIds {
  let newest = last;
  return {
    next: (now) => {
      newest = nextReportId(newest, now);
      keep(newest);
      return newest;
    },
  };
}

function parseLast(text: string | undefined, warn: (problem: string) => void): number {
  if (text === undefined) return 0;
  const last = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(last)) return last;
  warn('the state holds no report id; going on from the clock');
  return 0;
}
