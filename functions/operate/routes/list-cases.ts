import * as z from 'zod/mini';
import { type CaseStatus, openStatuses } from '../../../shared/domain/case/status';
import { type HttpAnswer, type HttpRequest, jsonResponse, readQuery } from '../../../shared/http';
import type { Clock, Floods, KillSwitchReader } from '../../../shared/ports';
import type { CasePage, CaseQuery } from '../../../shared/storage/case-list';
import { caseFilter, count, cursor, epochMs, listOf, readFilter, refuseCursor } from '../query';
import { showFloods, showKillSwitch } from '../show';

export interface ListPorts {
  readonly list: { page(query: CaseQuery): Promise<CasePage> };
  readonly killSwitch: KillSwitchReader;
  readonly floods: Pick<Floods, 'list'>;
  readonly keepClosedMs: number;
  readonly clock: Clock;
}

/** A page of as many cases, each of them long, fits a Lambda response. */
const maxLimit = 500;

export const listQuery = z.strictObject({
  status: z.optional(listOf([...openStatuses, 'closed'])),
  ...caseFilter.shape,
  since: epochMs,
  limit: count(1, maxLimit),
  cursor,
});

/** Open cases, those that need a person first, or the cases of the requested statuses; then by their last change. */
export async function listCases(
  request: HttpRequest,
  { list, killSwitch, floods, keepClosedMs, clock }: ListPorts,
): Promise<HttpAnswer> {
  const asked = readQuery(request, listQuery);
  const { status, limit = 100, cursor, since, ...filter } = asked;
  const statuses: readonly CaseStatus[] = status ?? openStatuses;
  const seen = showKillSwitch(killSwitch);
  const flooding = floods.list(clock());
  const page = list.page({
    statuses,
    filter: readFilter(filter),
    since,
    // Of open cases all are kept.
    ...(statuses.includes('closed') && { keptSince: Math.max(0, clock() - keepClosedMs) }),
    limit,
    cursor,
  });
  const [found, told, state] = await Promise.all([page.catch(refuseCursor), flooding, seen]);
  return jsonResponse({ ...found, ...showFloods(told), ...state });
}
