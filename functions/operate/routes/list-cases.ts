import * as z from 'zod/mini';
import { type CaseStatus, caseStatuses, openStatuses } from '../../../shared/domain/case/status';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readQuery,
} from '../../../shared/http';
import type { KillSwitchReader } from '../../../shared/ports/aws';
import type { Clock } from '../../../shared/ports/runtime';
import type { Floods } from '../../../shared/ports/storage';
import type { CaseListReader } from '../../../shared/storage/case-list';
import { pageByUrgency } from '../../../shared/storage/urgent-cases';
import { fitAnswer } from '../fit-answer';
import { caseFilter, count, cursor, epochMs, listOf, readFilter, refuseCursor } from '../query';
import { showFloods, showKillSwitch } from '../show';

export interface ListPorts {
  readonly list: Pick<CaseListReader, 'page' | 'readAll'>;
  readonly killSwitch: KillSwitchReader;
  readonly floods: Pick<Floods, 'list'>;
  readonly keepClosedMs: number;
  readonly clock: Clock;
}

const maxLimit = 500;

export const listQuery = z.strictObject({
  status: z.optional(listOf(caseStatuses)),
  ...caseFilter.shape,
  since: epochMs,
  order: z.optional(z.enum(['newest', 'urgency'])),
  limit: count(1, maxLimit),
  cursor,
});

type Asked = z.output<typeof listQuery>;

/** Open cases, those that need a person first, or the cases of the requested statuses; then in the order asked for. */
export async function listCases(request: HttpRequest, ports: ListPorts): Promise<HttpAnswer> {
  const { killSwitch, floods, clock } = ports;
  const asked = readQuery(request, listQuery);
  const seen = showKillSwitch(killSwitch);
  const flooding = floods.list(clock());
  return fitAnswer(asked.limit ?? 100, async (limit) => {
    const [found, told, state] = await Promise.all([
      findPage({ ...asked, limit }, ports).catch(refuseCursor),
      flooding,
      seen,
    ]);
    return jsonResponse({ ...found, ...showFloods(told), ...state });
  });
}

async function findPage(asked: Asked & { readonly limit: number }, { list, keepClosedMs, clock }: ListPorts) {
  const { status, limit, cursor, since, order, ...filter } = asked;
  const statuses: readonly CaseStatus[] = status ?? openStatuses;
  const query = { statuses, filter: readFilter(filter), since, limit, cursor };
  const hasClosed = statuses.includes('closed');
  if (order === 'urgency') {
    if (hasClosed) throw new HttpProblem(400, 'expected only open statuses with order=urgency', 'order');
    return pageByUrgency({ ...query, now: clock() }, list.readAll);
  }
  // Open cases are kept for any time.
  return list.page({ ...query, ...(hasClosed && { keptSince: Math.max(0, clock() - keepClosedMs) }) });
}
