import type { Log } from '../log';
import { decodeAnswer, isRecord } from '../report/encoding';
import type { Destination, ReportFormat, Topics } from '../topics';

const longestText = 256;

/** The reply of Cordon or Device Defender to a report. */
export interface Answer {
  readonly reportId?: number;
  /** Epoch ms, by the backend's clock. */
  readonly timestamp?: number;
  readonly code: string;
  readonly message: string;
}

export function readAnswer(payload: Buffer, format: ReportFormat): Answer {
  const answer = decodeAnswer(payload, format);
  const details = answer && isRecord(answer.statusDetails) ? answer.statusDetails : {};
  const reportId = numberOf(answer?.reportId);
  const timestamp = numberOf(answer?.timestamp);
  return {
    ...(reportId !== undefined && { reportId }),
    ...(timestamp !== undefined && { timestamp }),
    code: textOf(details.ErrorCode) ?? 'unknown',
    message: textOf(details.ErrorMessage) ?? (answer ? 'no message' : 'unreadable answer'),
  };
}

/** Logs the outcome of a report. A rejection is an error that the operator must see. */
export function logAnswer(
  log: Log,
  destination: Destination,
  format: ReportFormat,
  kind: 'accepted' | 'rejected',
  payload: Buffer,
): void {
  const { reportId, code, message } = readAnswer(payload, format);
  const about = { destination, ...(reportId !== undefined && { reportId }) };
  if (kind === 'accepted') log('info', 'accepted', about);
  else log('error', 'rejected', { ...about, code, message });
}

export function replyKind(topics: Topics, topic: string): 'accepted' | 'rejected' | undefined {
  if (topic === topics.accepted) return 'accepted';
  return topic === topics.rejected ? 'rejected' : undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, longestText) : undefined;
}
