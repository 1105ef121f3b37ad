import { decode, encode } from 'cborg';
import type { DefenderTopic } from './topics';

export interface DefenderAnswer {
  readonly outcome: 'accepted' | 'rejected';
  readonly payload: Buffer;
}

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Answers a report as Device Defender does ("Sending metrics from devices" of the developer guide); nothing is evaluated.
 * Keys beyond the documented ones are let pass, as agents send them and AWS is not known to mind.
 */
export function answerDefenderReport(topic: DefenderTopic, payload: Buffer, now: number): DefenderAnswer {
  const report = decodeReport(topic.format, payload);
  const reportId = readReportId(report);
  const identity = { thingName: topic.thingName, ...(reportId !== undefined && { reportId }) };
  const isAccepted = reportId !== undefined && isThingName(topic.thingName) && isReport(report);
  const answer = isAccepted
    ? { ...identity, status: 'ACCEPTED', timestamp: now }
    : {
        ...identity,
        status: 'REJECTED',
        statusDetails: { ErrorCode: 'InvalidPayload', ErrorMessage: 'Malformed metrics report' },
        timestamp: now,
      };
  return {
    outcome: isAccepted ? 'accepted' : 'rejected',
    payload: Buffer.from(topic.format === 'cbor' ? encode(answer) : JSON.stringify(answer)),
  };
}

function decodeReport(format: DefenderTopic['format'], payload: Buffer): unknown {
  try {
    // It follows no tags, and what nests deeper than its stack is malformed.
    if (format === 'cbor') return decode(payload, { rejectDuplicateMapKeys: true });
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
}

/** "Thing names with control characters or longer than 128 bytes of UTF-8 are rejected" (developer guide). */
function isThingName(name: string): boolean {
  return Buffer.byteLength(name) <= 128 && !/\p{Cc}/u.test(name);
}

function readReportId(report: unknown): number | undefined {
  const header = isFields(report) ? pick(report, 'header', 'hed') : undefined;
  const id = isFields(header) ? pick(header, 'report_id', 'rid') : undefined;
  const value = typeof id === 'bigint' ? Number(id) : id;
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

const isReport = matches({
  'header|hed': required(
    matches({ 'version|v': required((value) => typeof value === 'string' && /^\d+\.\d+$/.test(value)) }),
  ),
  'metrics|met': optional(
    matches({
      'tcp_connections|tc': optional(
        matches({
          'established_connections|ec': optional(
            matches({
              'connections|cs': optional(
                listOf(
                  matches({
                    'remote_addr|rad': required(isText),
                    'local_port|lp': optional(isCount),
                    'local_interface|li': orNull(isText),
                  }),
                ),
              ),
              'total|t': optional(isCount),
            }),
          ),
        }),
      ),
      'listening_tcp_ports|tp': optional(isPortList()),
      'listening_udp_ports|up': optional(isPortList()),
      'network_stats|ns': optional(
        matches({
          'bytes_in|bi': optional(isCount),
          'bytes_out|bo': optional(isCount),
          'packets_in|pi': optional(isCount),
          'packets_out|po': optional(isCount),
        }),
      ),
    }),
  ),
  'custom_metrics|cmet': optional(isCustomMetrics),
  '': (report) => hasEither(report, 'metrics|met', 'custom_metrics|cmet'),
});

/** Checks an object by its keys, `long|short`; the empty key checks the object itself. */
function matches(shape: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (!isFields(value)) return false;
    return Object.entries(shape).every(([names, check]) =>
      check(names === '' ? value : pickNamed(value, names)),
    );
  };
}

function required(check: Check): Check {
  return (value) => value !== undefined && check(value);
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** The sample agent sends null if it finds no interface (docs/facts.md#other-agents), and no rejection of it is known. */
function orNull(check: Check): Check {
  return (value) => value === undefined || value === null || check(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function isPortList(): Check {
  const isPort: Check = (value) => isCount(value) && value !== 0;
  return matches({
    'ports|pts': optional(listOf(matches({ 'port|pt': optional(isPort), 'interface|if': orNull(isText) }))),
    'total|t': optional(isCount),
  });
}

/** Even a single number comes as a list of one object, with one of the four keys. */
function isCustomMetrics(value: unknown): boolean {
  return (
    isFields(value) && Object.values(value).every((metric) => Array.isArray(metric) && metric.every(isDatum))
  );
}

function isDatum(value: unknown): boolean {
  if (!isFields(value)) return false;
  const [entry, ...others] = Object.entries(value);
  if (!entry || others.length > 0) return false;
  const [kind, datum] = entry;
  if (kind === 'number') return isNumber(datum);
  if (kind === 'number_list') return listOf(isNumber)(datum);
  return (kind === 'string_list' || kind === 'ip_list') && listOf(isText)(datum);
}

function hasEither(value: unknown, ...names: readonly string[]): boolean {
  return isFields(value) && names.some((name) => pickNamed(value, name) !== undefined);
}

function pickNamed(fields: Fields, names: string): unknown {
  const [long = '', short = ''] = names.split('|');
  return pick(fields, long, short);
}

function pick(fields: Fields, long: string, short: string): unknown {
  if (Object.hasOwn(fields, long)) return fields[long];
  return Object.hasOwn(fields, short) ? fields[short] : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
}

function isCount(value: unknown): boolean {
  return isNumber(value) && Number(value) >= 0;
}
