import { boundNumber, isObject } from '../json';
import { clip, registryName } from '../text';
import { type AgentHealth, metricsOf, readHealth } from './agent-health';
import { readDeviceMetrics } from './device-metrics';
import { isCount, isFiniteNumber, type Json, listObjects, pick, toNumber } from './report-fields';
import { boundUncounted, type Evidence, type MetricValue } from './violation';

/** One device metrics report, its names resolved: metric name -> value as behaviors compare it. */
export interface DeviceReport {
  readonly reportId: number;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  readonly evidence: readonly Evidence[];
  /** By metric, the exceptions of the agent's configuration that applied: it did not count these children. */
  readonly uncounted?: Readonly<Record<string, readonly string[]>>;
  /** Metrics whose list is shorter than the total that the device states: the list proves nothing about the rest. */
  readonly partial?: readonly string[];
  readonly health?: AgentHealth;
  /** The number of reports that the device folded into this one, each with traffic of its own. */
  readonly intervals?: number;
  /** When the device measured it, epoch ms by its own clock. */
  readonly madeAt?: number;
}

export type ReadReport =
  | { readonly kind: 'report'; readonly report: DeviceReport }
  | {
      readonly kind: 'rejected';
      /** Error codes of Device Defender's own rejections (docs/facts.md#reports). */
      readonly errorCode: 'InvalidPayload' | 'MissingHeader' | 'Malformed' | 'Throttled';
      readonly reason: string;
      readonly reportId?: number;
    };

/** A window has no more parts. */
const mostIntervals = 60;

/**
 * Reads a decoded Device Defender metrics document, long, short or mixed names (developer guide, "Sending metrics
 * from devices"), as real agents send it: totals may be missing, interfaces null, numbers may be text.
 */
export function readReport(document: unknown): ReadReport {
  if (!isObject(document)) return reject('Malformed', 'the report is not an object');
  const header = pick(document, 'header', 'hed');
  if (!isObject(header)) return reject('MissingHeader', 'header: missing');
  const reportId = pick(header, 'report_id', 'rid');
  if (typeof reportId !== 'number' || !Number.isSafeInteger(reportId) || reportId < 1)
    return reject('InvalidPayload', 'header.report_id: expected a positive integer');
  const version = pick(header, 'version', 'v');
  if (typeof version !== 'string' || !/^\d+\.\d+$/.test(version))
    return reject('InvalidPayload', 'header.version: expected "1.0"', reportId);
  const metrics = pick(document, 'metrics', 'met');
  const custom = pick(document, 'custom_metrics', 'cmet');
  if (metrics === undefined && custom === undefined)
    return reject('InvalidPayload', 'metrics: one of metrics and custom_metrics is needed', reportId);
  if (metrics !== undefined && !isObject(metrics))
    return reject('InvalidPayload', 'metrics: expected an object', reportId);
  if (custom !== undefined && !isObject(custom))
    return reject('InvalidPayload', 'custom_metrics: expected an object', reportId);
  const read: Record<string, MetricValue> = Object.create(null);
  const partial: string[] = [];
  if (metrics) readDeviceMetrics(metrics, read, partial);
  const fault = custom && readCustomMetrics(custom, read);
  if (fault) return reject('InvalidPayload', fault, reportId);
  const { evidence, madeAt, totals, exceptions, intervals } = document;
  if (isObject(totals)) partial.push(...listCut(read, totals));
  const uncounted = readExceptions(exceptions);
  const health = readHealth(document.health);
  if (health) Object.assign(read, metricsOf(health));
  return {
    kind: 'report',
    report: {
      ...{ reportId, metrics: { ...read }, evidence: readEvidence(evidence) },
      ...(uncounted && { uncounted }),
      ...(partial.length > 0 && { partial }),
      ...(health && { health }),
      ...(isCount(intervals) && intervals > 1 && { intervals: Math.min(intervals, mostIntervals) }),
      ...(isFiniteNumber(madeAt) && { madeAt: boundNumber(madeAt) }),
    },
  };
}

/** Custom metrics of which the agent says that their lists were longer: `{"names": 61}`. */
function listCut(read: Readonly<Record<string, MetricValue>>, totals: Json): string[] {
  return Object.entries(read).flatMap(([name, { numbers, strings, cidrs }]) => {
    const list = numbers ?? strings ?? cidrs;
    const total = Object.hasOwn(totals, name) ? toNumber(totals[name]) : undefined;
    return Array.isArray(list) && total !== undefined && total > list.length ? [name] : [];
  });
}

const customForms = {
  number: 'number',
  number_list: 'numbers',
  string_list: 'strings',
  ip_list: 'cidrs',
} as const;

/** Reads custom metrics; returns what is wrong with the first that is malformed. */
function readCustomMetrics(custom: Json, into: Record<string, MetricValue>): string | undefined {
  for (const [name, wrapped] of Object.entries(custom)) {
    const label = `custom_metrics.${clip(name, 128)}`;
    if (!registryName.test(name)) return `${label}: not a metric name`;
    // A device must not measure what AWS or Cordon measures of it.
    if (/^(aws|cordon):/.test(name))
      return `${label}: a custom metric's name begins with neither aws: nor cordon:`;
    // Even a number is wrapped in an array of one; the service refuses a bare {"number":0}.
    const first = Array.isArray(wrapped) && wrapped.length === 1 ? wrapped[0] : undefined;
    if (!isObject(first)) return `${label}: expected an array of one object`;
    const form = Object.keys(customForms).find((key) => key in first) as keyof typeof customForms | undefined;
    if (!form) return `${label}: expected number, number_list, string_list or ip_list`;
    const value = first[form];
    const wellFormed =
      form === 'number'
        ? isFiniteNumber(value)
        : Array.isArray(value) &&
          value.every(form === 'number_list' ? isFiniteNumber : (item) => typeof item === 'string');
    if (!wellFormed) return `${label}.${form}: expected ${form === 'number' ? 'a number' : 'a list'}`;
    into[name] = { [customForms[form]]: boundNumbers(value) };
  }
  return undefined;
}

function boundNumbers(value: unknown) {
  return Array.isArray(value) && typeof value[0] === 'number'
    ? value.map(boundNumber)
    : typeof value === 'number'
      ? boundNumber(value)
      : (value as string[]);
}

/** Evidence is the device's word and optional: what is malformed is left out, never a reason to refuse a report. */
function readEvidence(value: unknown): Evidence[] {
  return listObjects(value)
    .slice(0, 10)
    .map((row) => ({
      ...textField(row, 'metric', 128),
      ...numberField(row, 'pid'),
      ...numberField(row, 'ppid'),
      ...textField(row, 'executable', 512),
      ...textField(row, 'commandLine', 1024),
      ...(isCount(row.argumentCount) && { argumentCount: row.argumentCount }),
      ...textField(row, 'user', 128),
      ...numberField(row, 'startedAt'),
      ...(Array.isArray(row.parents) && {
        parents: row.parents
          .filter((parent) => typeof parent === 'string' && parent !== '')
          .slice(0, 10)
          .map((parent) => clip(parent, 128)),
      }),
    }));
}

/** As the agent names them; what is malformed is left out. */
function readExceptions(value: unknown): Record<string, string[]> | undefined {
  if (!isObject(value)) return undefined;
  const read = Object.entries(value).flatMap(([metric, list]) =>
    registryName.test(metric) && Array.isArray(list)
      ? [[metric, boundUncounted(list.filter((one) => typeof one === 'string'))] as const]
      : [],
  );
  return read.length > 0 ? Object.fromEntries(read.slice(0, 20)) : undefined;
}

function textField(row: Json, key: string, max: number): Json {
  const value = row[key];
  return typeof value === 'string' && value !== '' ? { [key]: clip(value, max) } : {};
}

function numberField(row: Json, key: string): Json {
  const value = row[key];
  return isFiniteNumber(value) ? { [key]: boundNumber(value) } : {};
}

function reject(
  errorCode: 'InvalidPayload' | 'MissingHeader' | 'Malformed',
  reason: string,
  reportId?: number,
): ReadReport {
  return { kind: 'rejected', errorCode, reason, ...(reportId !== undefined && { reportId }) };
}
