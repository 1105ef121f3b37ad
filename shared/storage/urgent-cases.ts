import { openStatuses } from '../domain/case/status';
import { matchesFilter } from '../domain/lists/filter';
import type { ListedCase } from '../domain/lists/outline';
import { compareUrgency } from '../domain/lists/urgency';
import { readUrgencyCursor, writeUrgencyCursor } from './case-cursor';
import type { CaseListReader, CasePage, CaseQuery } from './case-list';

export interface UrgencyQuery extends Omit<CaseQuery, 'keptSince'> {
  readonly now: number;
}

export interface UrgencyPage extends CasePage {
  /** Whether all cases of the statuses read were put in order. */
  readonly isComplete: boolean;
}

/** After this many cases, a page begins no further status. */
const maxExamined = 2_000;

/** Rounds the time, because it is in the cursor: otherwise the first page would change with each poll. */
const roundMs = 60_000;

/**
 * A page of open cases, the most urgent first. No index has this order, so a page reads all cases of a status, up to
 * the bound of `readAll`. It reads no status before or after the page. Urgency depends on the time of the first page,
 * so a case keeps its place from page to page. Throws CursorError.
 */
export async function pageByUrgency(
  { statuses, filter = {}, since = 0, limit, cursor, now }: UrgencyQuery,
  readAll: CaseListReader['readAll'],
): Promise<UrgencyPage> {
  const query = JSON.stringify(['urgency', statuses, filter, since]);
  const inOrder = openStatuses.filter((status) => statuses.includes(status));
  const from = cursor === undefined ? undefined : readUrgencyCursor(cursor, query, inOrder);
  const { statusIndex: first, at } = from ?? { statusIndex: 0, at: Math.floor(now / roundMs) * roundMs };
  const found: ListedCase[] = [];
  let examined = 0;
  let isComplete = true;
  for (const [index, status] of inOrder.entries()) {
    if (index < first) continue;
    const stop = (after?: ListedCase) => ({
      ...{ cases: found, examined, isComplete },
      next: writeUrgencyCursor({ at, statusIndex: index, after }, query),
    });
    if (examined >= maxExamined) return stop();
    const read = await readAll([status], since);
    examined += read.cases.length;
    isComplete &&= read.isComplete;
    const after = index === first ? from?.after : undefined;
    // The case may have had an earlier status in the list when that status was read.
    const known = new Set(found.map(({ thingName }) => thingName));
    const wanted = read.cases
      .filter(
        (one) =>
          matchesFilter(one, filter) &&
          (!after || compareUrgency(after, one, at) < 0) &&
          !known.has(one.thingName),
      )
      .toSorted((one, other) => compareUrgency(one, other, at));
    const shown = wanted.slice(0, limit - found.length);
    found.push(...shown);
    if (shown.length < wanted.length) return stop(shown.at(-1));
  }
  return { cases: found, examined, isComplete };
}
