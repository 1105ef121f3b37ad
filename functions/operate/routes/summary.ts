import { openStatuses } from '../../../shared/domain/case/status';
import { summarizeCases } from '../../../shared/domain/lists/summary';
import { type HttpAnswer, type HttpRequest, jsonResponse } from '../../../shared/http';
import type { CaseListReader } from '../../../shared/storage/case-list';

export interface SummaryPorts {
  readonly list: Pick<CaseListReader, 'readAll'>;
}

/** Open cases by status, and alike ones as one line: what a storm is about. */
export async function summarize(_request: HttpRequest, { list }: SummaryPorts): Promise<HttpAnswer> {
  const { cases, isComplete } = await list.readAll(openStatuses);
  return jsonResponse({ ...summarizeCases(cases), isComplete });
}
