import { invalid } from './errors';
import { requireName } from './names';

/** A behavior as the API sends it, after its outer shape has been read. */
export interface BehaviorInput {
  readonly name: string;
  readonly metric?: string;
  readonly criteria?: {
    readonly comparisonOperator?: string;
    readonly value?: Readonly<Record<string, unknown>>;
    readonly durationSeconds?: number;
    readonly consecutiveDatapointsToAlarm?: number;
    readonly consecutiveDatapointsToClear?: number;
    readonly statisticalThreshold?: { readonly statistic?: string };
    readonly mlDetectionConfig?: { readonly confidenceLevel: string };
  };
}

interface MetricRule {
  readonly valueKey: string;
  readonly operators: readonly string[];
  /** Summed over a window, so a value or a statistic needs `durationSeconds`. */
  readonly isWindowed?: boolean;
}

const NUMERIC = ['less-than', 'less-than-equals', 'greater-than', 'greater-than-equals'];
const WINDOWED: MetricRule = { valueKey: 'count', operators: NUMERIC, isWindowed: true };
const COUNTED: MetricRule = { valueKey: 'count', operators: NUMERIC };
const CIDRS: MetricRule = { valueKey: 'cidrs', operators: ['in-cidr-set', 'not-in-cidr-set'] };
const PORTS: MetricRule = { valueKey: 'ports', operators: ['in-port-set', 'not-in-port-set'] };

/** Metrics of Device Defender and what their criteria may hold (developer guide, cloud- and device-side metrics). */
const AWS_METRICS: ReadonlyMap<string, MetricRule> = new Map([
  ['aws:message-byte-size', COUNTED],
  ['aws:num-messages-sent', WINDOWED],
  ['aws:num-messages-received', WINDOWED],
  ['aws:num-authorization-failures', WINDOWED],
  ['aws:num-connection-attempts', WINDOWED],
  ['aws:num-disconnects', WINDOWED],
  ['aws:disconnect-duration', COUNTED],
  ['aws:source-ip-address', CIDRS],
  ['aws:all-bytes-in', WINDOWED],
  ['aws:all-bytes-out', WINDOWED],
  ['aws:all-packets-in', WINDOWED],
  ['aws:all-packets-out', WINDOWED],
  ['aws:num-listening-tcp-ports', COUNTED],
  ['aws:num-listening-udp-ports', COUNTED],
  ['aws:num-established-tcp-connections', COUNTED],
  ['aws:listening-tcp-ports', PORTS],
  ['aws:listening-udp-ports', PORTS],
  ['aws:destination-ip-addresses', CIDRS],
]);

const CUSTOM_METRICS: ReadonlyMap<string, MetricRule> = new Map([
  ['number', { valueKey: 'number', operators: NUMERIC }],
  ['number-list', { valueKey: 'numbers', operators: ['in-set', 'not-in-set'] }],
  ['string-list', { valueKey: 'strings', operators: ['in-set', 'not-in-set'] }],
  ['ip-address-list', CIDRS],
]);

export const CUSTOM_METRIC_TYPES: readonly string[] = [...CUSTOM_METRICS.keys()];

const DURATIONS: readonly (number | undefined)[] = [300, 600, 900, 1800, 3600];
const MAX_BEHAVIORS = 100;
const MAX_DATAPOINTS = 10;

/** Returns the type of a custom metric, or undefined if none has that name. */
export type FindMetricType = (metricName: string) => string | undefined;

function findMetricRule(metric: string, findType: FindMetricType): MetricRule {
  const rule = AWS_METRICS.get(metric) ?? CUSTOM_METRICS.get(findType(metric) ?? '');
  if (!rule) throw invalid(`Metric ${metric} does not exist.`);
  return rule;
}

function checkDatapoints(value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < 1 || value > MAX_DATAPOINTS) {
    throw invalid(`Consecutive datapoints must be from 1 to ${MAX_DATAPOINTS}.`);
  }
}

function checkCriteria(behavior: BehaviorInput, rule: MetricRule): void {
  const { criteria } = behavior;
  if (!criteria) return;
  const { value, statisticalThreshold, mlDetectionConfig, durationSeconds, comparisonOperator } = criteria;
  const where = `behavior ${behavior.name}`;
  const kinds = [value, statisticalThreshold, mlDetectionConfig].filter((kind) => kind !== undefined);
  if (kinds.length !== 1)
    throw invalid(`${where} needs one of value, statisticalThreshold, mlDetectionConfig.`);
  checkDatapoints(criteria.consecutiveDatapointsToAlarm);
  checkDatapoints(criteria.consecutiveDatapointsToClear);
  if (mlDetectionConfig) {
    const isBare = comparisonOperator === undefined && durationSeconds === undefined;
    if (!isBare) throw invalid(`${where} detects by ML, so it has no operator and no duration.`);
    return;
  }
  if (!rule.operators.includes(comparisonOperator ?? '')) {
    throw invalid(`${where} needs a comparisonOperator of ${rule.operators.join(', ')}.`);
  }
  if (value && (Object.keys(value).length !== 1 || value[rule.valueKey] === undefined)) {
    throw invalid(`${where} needs a value with ${rule.valueKey}.`);
  }
  const needsDuration = rule.isWindowed === true || statisticalThreshold !== undefined;
  if ((needsDuration || durationSeconds !== undefined) && !DURATIONS.includes(durationSeconds)) {
    throw invalid(`${where} needs durationSeconds of ${DURATIONS.join(', ')}.`);
  }
}

/** Throws InvalidRequestException on the first behavior Device Defender would refuse. */
export function checkBehaviors(behaviors: readonly BehaviorInput[], findType: FindMetricType): void {
  if (behaviors.length > MAX_BEHAVIORS) throw invalid(`A profile has at most ${MAX_BEHAVIORS} behaviors.`);
  const names = new Set<string>();
  for (const behavior of behaviors) {
    requireName('behaviorName', behavior.name);
    if (names.has(behavior.name)) throw invalid(`Two behaviors are called ${behavior.name}.`);
    names.add(behavior.name);
    if (behavior.metric === undefined) throw invalid(`Behavior ${behavior.name} names no metric.`);
    checkCriteria(behavior, findMetricRule(behavior.metric, findType));
  }
}

export function checkMetricExists(metric: string, findType: FindMetricType): void {
  findMetricRule(metric, findType);
}
