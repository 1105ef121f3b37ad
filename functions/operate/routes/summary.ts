import { openStatuses } from '../../../shared/domain/case/status';
import { matchesFilter } from '../../../shared/domain/lists/filter';
import { summarizeCases } from '../../../shared/domain/lists/summary';
import { type HttpAnswer, type HttpRequest, jsonResponse, readQuery } from '../../../shared/http';
import type { CaseListReader } from '../../../shared/storage/case-list';
import { caseFilter, readFilter } from '../query';

export interface SummaryPorts {
  readonly list: Pick<CaseListReader, 'readAll'>;
}

/** Open cases by status, and alike ones as one line, as in a storm. */
export async function summarize(request: HttpRequest, { list }: SummaryPorts): Promise<HttpAnswer> {
  const filter = readFilter(readQuery(request, caseFilter));
  const { cases, isComplete } = await list.readAll(openStatuses);
  return jsonResponse({ ...summarizeCases(cases.filter((one) => matchesFilter(one, filter))), isComplete });
}
