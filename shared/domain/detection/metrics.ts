import type { Configuration } from '../configuration';
import { ownField } from '../json';

/** The metrics of Device Defender and how a behavior may use them (docs/facts.md#metrics-and-behaviors). */

export type ValueKey = 'count' | 'number' | 'numbers' | 'strings' | 'ports' | 'cidrs';

export interface Metric {
  readonly key: ValueKey;
  /**
   * The source of the metric for Cordon's detector. `device-defender`: only AWS measures it. `agent`: it is about the
   * agent itself, and AWS does not know it.
   */
  readonly source: 'report' | 'lifecycle' | 'device-defender' | 'agent';
  /** A datapoint is the amount since the last one; a behavior bounds the sum over `durationSeconds`. */
  readonly sums: boolean;
}

const delta: Metric = { key: 'count', source: 'report', sums: true };
const gauge: Metric = { key: 'count', source: 'report', sums: false };
const unseen: Metric = { key: 'count', source: 'device-defender', sums: true };

export const connectionAttempts = 'aws:num-connection-attempts';
export const disconnects = 'aws:num-disconnects';
export const sourceAddress = 'aws:source-ip-address';
export const disconnectDuration = 'aws:disconnect-duration';

const awsMetrics: ReadonlyMap<string, Metric> = new Map([
  ['aws:all-bytes-in', delta],
  ['aws:all-bytes-out', delta],
  ['aws:all-packets-in', delta],
  ['aws:all-packets-out', delta],
  ['aws:num-listening-tcp-ports', gauge],
  ['aws:num-listening-udp-ports', gauge],
  ['aws:num-established-tcp-connections', gauge],
  ['aws:listening-tcp-ports', { ...gauge, key: 'ports' }],
  ['aws:listening-udp-ports', { ...gauge, key: 'ports' }],
  ['aws:destination-ip-addresses', { ...gauge, key: 'cidrs' }],
  [connectionAttempts, { ...delta, source: 'lifecycle' }],
  [disconnects, { ...delta, source: 'lifecycle' }],
  [sourceAddress, { key: 'cidrs', source: 'lifecycle', sums: false }],
  [disconnectDuration, { ...gauge, source: 'lifecycle' }],
  ['aws:message-byte-size', { ...unseen, sums: false }],
  ['aws:num-messages-sent', unseen],
  ['aws:num-messages-received', unseen],
  ['aws:num-authorization-failures', unseen],
]);

/** Metrics of Cordon itself: how well the agent of a thing sees, and whether it reports. */
const agentGauge: Metric = { key: 'count', source: 'agent', sums: false };
export const missedReports = 'cordon:missed-reports';

const cordonMetrics: ReadonlyMap<string, Metric> = new Map([
  ['cordon:agent-degraded', { ...agentGauge, key: 'strings' }],
  ['cordon:agent-version', { ...agentGauge, key: 'strings' }],
  ['cordon:agent-restarts', agentGauge],
  ['cordon:spool-depth', agentGauge],
  ['cordon:sample-interval', agentGauge],
  [missedReports, agentGauge],
]);

export const cordonMetricNames: readonly string[] = [...cordonMetrics.keys()];

const customKeys: Readonly<Record<string, ValueKey>> = {
  number: 'number',
  'number-list': 'numbers',
  'string-list': 'strings',
  'ip-address-list': 'cidrs',
};

/** A metric of Device Defender or one of customMetrics; undefined if there is none of that name. */
export function findMetric(
  name: string,
  customMetrics: Configuration['customMetrics'] = {},
): Metric | undefined {
  const custom = ownField(customMetrics, name);
  const key = custom && customKeys[custom.type];
  return key ? { key, source: 'report', sums: false } : (awsMetrics.get(name) ?? cordonMetrics.get(name));
}

export function isSummed(metric: string): boolean {
  return awsMetrics.get(metric)?.sums ?? false;
}

export function isLifecycle(metric: string): boolean {
  return awsMetrics.get(metric)?.source === 'lifecycle';
}
