import { decode, type EncodeOptions, encode } from 'cborg';
import type { ReportFormat, ReportNames } from '../topics';
import type { Report } from './report';
import { shortenNames } from './report-names';

const largestAnswerBytes = 16 * 1024;
/** Keys in the report's own order, as in JSON; fractions in the eight bytes that every decoder reads. */
const asWritten: EncodeOptions = { mapSorter: () => 0, float64: true, ignoreUndefinedProperties: true };

export function encodeReport(report: Report, format: ReportFormat, names: ReportNames = 'long'): Buffer {
  const document = names === 'short' ? shortenNames(report) : report;
  return format === 'json' ? Buffer.from(JSON.stringify(document)) : Buffer.from(encode(document, asWritten));
}

/** Reads an answer of the backend; undefined if it is no map. Tags of CBOR are not followed. */
export function decodeAnswer(
  payload: Buffer,
  format: ReportFormat,
): Readonly<Record<string, unknown>> | undefined {
  if (payload.length > largestAnswerBytes) return undefined;
  try {
    const answer: unknown =
      format === 'json'
        ? JSON.parse(payload.toString('utf8'))
        : decode(payload, { rejectDuplicateMapKeys: true });
    return isRecord(answer) ? answer : undefined;
  } catch {
    // The caller logs any such answer as unreadable.
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
