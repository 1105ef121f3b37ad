import type { ApiResponse } from '../../types';
import type { InvocationOutcome } from '../lambda/definitions';
import { isRecord } from '../wire/json';

/** What API Gateway says itself. */
export function formatMessage(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ message }),
  };
}

/** A function's result as an answer; without a `statusCode` the whole result is the body (payload format 2.0). */
export function readResult(outcome: InvocationOutcome): ApiResponse {
  if (outcome.status === 'failed') return formatMessage(500, 'Internal Server Error');
  const result: unknown = JSON.parse(outcome.payload);
  if (!isRecord(result) || result.statusCode === undefined)
    return { status: 200, headers: { 'content-type': 'application/json' }, body: outcome.payload };
  const status = Number(result.statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599)
    return formatMessage(500, 'Internal Server Error');
  const headers = Object.entries(isRecord(result.headers) ? result.headers : {}).map(
    ([name, value]) => [name.toLowerCase(), String(value)] as const,
  );
  const text = typeof result.body === 'string' ? result.body : '';
  return {
    status,
    headers: Object.fromEntries(headers),
    body: result.isBase64Encoded === true ? Buffer.from(text, 'base64') : text,
  };
}
