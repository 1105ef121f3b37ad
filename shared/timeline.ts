import { createHash } from 'node:crypto';
import type { DescribedEntry } from './domain/messages/describe-event';

/** One append to a case's timeline. `hash` covers all the rest, `previousHash` the row before: a chain. */
export interface TimelineRow {
  readonly caseId: string;
  readonly thingName: string;
  /** Sort key: time of the first entry and number of the row, so that rows sort as they were written. */
  readonly sk: string;
  readonly entries: readonly DescribedEntry[];
  readonly previousHash: string;
  readonly hash: string;
}

export function hashRow({ caseId, thingName, sk, entries, previousHash }: Omit<TimelineRow, 'hash'>): string {
  const fields = entries.map(({ at, what, actor, detail }) => [at, what, actor ?? null, detail ?? null]);
  return createHash('sha256')
    .update(JSON.stringify([caseId, thingName, sk, fields, previousHash]))
    .digest('hex');
}

/** What is wrong with a timeline: rows changed, missing, or cut off its end. Empty if it is whole. */
export function findTampering(rows: readonly TimelineRow[], head: string): string[] {
  const faults: string[] = [];
  let previousHash = '';
  for (const row of rows) {
    if (row.previousHash !== previousHash)
      faults.push(`${row.sk}: the row before it is missing or another one`);
    if (!isSound(row)) faults.push(`${row.sk}: the row was changed`);
    previousHash = row.hash;
  }
  if (previousHash !== head)
    faults.push('the end: the newest rows are missing or were added by somebody else');
  return faults;
}

/** The table may hold anything, so a row that can't be hashed counts as changed too. */
function isSound(row: TimelineRow): boolean {
  try {
    return hashRow(row) === row.hash;
  } catch {
    return false;
  }
}
