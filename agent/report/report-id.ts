import type { Problems } from '../problems';
import { openStateFile } from '../state-file';

export interface ReportIds {
  /** Returns an id greater than all earlier ones, also those of earlier runs. */
  next(now: number): number;
}

/** The id after `last`: the time, or one more than `last` if the clock was set back. */
export function nextReportId(last: number, now: number): number {
  return Math.max(last + 1, Math.floor(now));
}

/** The newest id of a thing in this run, from which a reload continues even if no id can be stored. */
export interface NewestId {
  id: number;
}

/** Stores each id in `directory` before it is used. If that fails, ids still rise while the agent runs. */
export function openReportIds(
  directory: string,
  thingName: string,
  problems: Problems,
  newest: NewestId = { id: 0 },
): ReportIds {
  const file = openStateFile(directory, thingName, 'report-id', problems);
  const last = parseLast(file.read()?.trim(), problems);
  newest.id = Math.max(newest.id, last);
  file.write(`${newest.id}\n`);
  return countReportIds(newest, (id) => file.write(`${id}\n`));
}

/**
 * Continues after `newest`. Each id is stored before it is used; by default none is, because printed reports need no
 * memory.
 */
export function countReportIds(
  newest: NewestId = { id: 0 },
  keep: (id: number) => void = () => undefined,
): ReportIds {
  return {
    next: (now) => {
      newest.id = nextReportId(newest.id, now);
      keep(newest.id);
      return newest.id;
    },
  };
}

/**
 * The year 2262 (2^63 ns), which no Linux clock passes. A greater id in the file was not written by an agent, and would
 * leave no higher ids.
 */
const mostId = 2 ** 63 / 1e6;

function parseLast(text: string | undefined, problems: Problems): number {
  if (text === undefined) return 0;
  const last = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (last <= mostId) return last;
  problems.note('report-id', 'the state holds no report id; continuing from the clock');
  problems.end('report-id');
  return 0;
}
