import { Decoder, Encoder } from 'cbor-x/index-no-eval';
import type { Report } from './report';
import { shortenNames } from './report-names';
import type { ReportFormat } from './topics';

/** How a report spells what it holds: both ways are Device Defender's. */
export type ReportNames = 'long' | 'short';

const largestAnswerBytes = 16 * 1024;
const largestUint32 = 0xffff_ffff;

/** Plain CBOR maps with text keys and the shortest heads (RFC 8949, 4.1), no tags of cbor-x's own. */
const encoder = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });
const decoder = new Decoder({ useRecords: false, mapsAsObjects: true });

export function encodeReport(report: Report, format: ReportFormat, names: ReportNames = 'long'): Buffer {
  const document = names === 'short' ? shortenNames(report) : report;
  return format === 'json' ? Buffer.from(JSON.stringify(document)) : encoder.encode(widenIntegers(document));
}

/** Reads an answer of the backend; undefined for what is no map, in whatever way. */
export function decodeAnswer(
  payload: Buffer,
  format: ReportFormat,
): Readonly<Record<string, unknown>> | undefined {
  if (payload.length > largestAnswerBytes) return undefined;
  try {
    const answer: unknown =
      format === 'json' ? JSON.parse(payload.toString('utf8')) : decoder.decode(payload);
    return isRecord(answer) ? answer : undefined;
  } catch {
    // Whatever came, it is logged as unreadable by the caller.
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** cbor-x writes a number over 32 bits as a float; a report id and a byte count are integers, and a bigint stays one. */
function widenIntegers(value: unknown): unknown {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && Math.abs(value) > largestUint32 ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(widenIntegers);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, widenIntegers(inner)]));
}
