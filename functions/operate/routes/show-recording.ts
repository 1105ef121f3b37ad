import * as z from 'zod/mini';
import { caseStatuses } from '../../../shared/domain/case/status';
import { type HttpAnswer, type HttpRequest, jsonResponse, readQuery } from '../../../shared/http';
import type { RecordedCase } from '../../../shared/replay/recording';
import type { CaseQuery, WholePage } from '../../../shared/storage/case-list';
import { fitAnswer } from '../fit-answer';
import { count, cursor as cursorText, epochMs, refuseCursor } from '../query';
import type { ListPorts } from './list-cases';

export interface RecordingPorts extends Pick<ListPorts, 'clock' | 'keepClosedMs'> {
  readonly list: { pageWhole(query: CaseQuery): Promise<WholePage> };
}

const maxLimit = 200;

export const recordingQuery = z.strictObject({
  since: epochMs,
  limit: count(1, maxLimit),
  cursor: cursorText,
});

/** A page of cases with what a replay needs of each: events and facts. Reads only cases that changed since then. */
export async function showRecording(
  request: HttpRequest,
  { list, keepClosedMs, clock }: RecordingPorts,
): Promise<HttpAnswer> {
  const { since, cursor, limit: most = 100 } = readQuery(request, recordingQuery);
  const query = { statuses: caseStatuses, since, keptSince: Math.max(0, clock() - keepClosedMs), cursor };
  return fitAnswer(most, async (limit) => {
    const { cases, damaged, next } = await list.pageWhole({ ...query, limit }).catch(refuseCursor);
    return jsonResponse({
      cases: cases.map(pick),
      ...(damaged.length > 0 && { damaged }),
      ...(next !== undefined && { next }),
    });
  });
}

/** Its own violations: a case also has those of cases before. */
function pick({ thingName, caseId, openedAt, updatedAt, facts, violations }: RecordedCase) {
  const own = Object.entries(violations).filter(([, violation]) => violation.caseId === caseId);
  return {
    ...{ thingName, caseId, openedAt, updatedAt },
    ...(facts && { facts }),
    violations: Object.fromEntries(own),
  };
}
