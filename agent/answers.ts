import { decodeAnswer, isRecord } from './encoding';
import type { Log } from './log';
import type { Destination, ReportFormat, Topics } from './topics';

const longestText = 256;

/** Logs what became of a report: a rejection is an error the operator must see. */
export function logAnswer(
  log: Log,
  destination: Destination,
  format: ReportFormat,
  kind: 'accepted' | 'rejected',
  payload: Buffer,
): void {
  const answer = decodeAnswer(payload, format);
  const about = { destination, ...(answer && idOf(answer)) };
  if (kind === 'accepted') {
    log('info', 'accepted', about);
    return;
  }
  const details = answer && isRecord(answer.statusDetails) ? answer.statusDetails : {};
  log('error', 'rejected', {
    ...about,
    code: textOf(details.ErrorCode) ?? 'unknown',
    message: textOf(details.ErrorMessage) ?? (answer ? 'no message' : 'unreadable answer'),
  });
}

export function answerKind(topics: Topics, topic: string): 'accepted' | 'rejected' | undefined {
  if (topic === topics.accepted) return 'accepted';
  return topic === topics.rejected ? 'rejected' : undefined;
}

function idOf(answer: Readonly<Record<string, unknown>>): { reportId?: number } {
  const id = typeof answer.reportId === 'bigint' ? Number(answer.reportId) : answer.reportId;
  return typeof id === 'number' ? { reportId: id } : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, longestText) : undefined;
}
