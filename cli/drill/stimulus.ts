import type { Configuration, Criteria } from '../../shared/domain/configuration';
import { violates } from '../../shared/domain/detection/criteria';
import { findMetric, type Metric, type ValueKey } from '../../shared/domain/detection/metrics';
import type { MetricValue } from '../../shared/domain/findings/violation';
import { boundNumber } from '../../shared/domain/json';
import { CliError, UsageError } from '../cli-error';

/** A behavior that a drill can break, with a value inside its bounds and one outside. */
export interface Stimulus {
  readonly securityProfileName: string;
  readonly behaviorName: string;
  readonly metric: string;
  readonly key: ValueKey;
  /** Absent if no value conforms, such as a count below 0. */
  readonly normal?: MetricValue;
  readonly violating: MetricValue;
  /** Reports in a row until the alarm is raised. */
  readonly reports: number;
  /** The behavior bounds the sum of this time; 0: each report by itself. */
  readonly windowSeconds: number;
}

type Profiles = Pick<Configuration, 'securityProfiles' | 'customMetrics' | 'playbooks'>;

/** Finds the behavior `PROFILE/NAME`, or else the first of an enforcing playbook that a drill can break. */
export function chooseStimulus(configuration: Profiles, wanted?: string): Stimulus {
  const all = Object.entries(configuration.securityProfiles).flatMap(([profile, { behaviors }]) =>
    behaviors.map((behavior) => ({ profile, behavior, key: `${profile}/${behavior.name}` })),
  );
  const enforced = all.filter(({ profile, behavior }) => isEnforced(configuration, profile, behavior));
  if (wanted !== undefined) {
    const found = all.find(({ key }) => key === wanted);
    if (!found)
      throw new UsageError(
        `cordon.yml has no behavior ${JSON.stringify(wanted)}: give one of ${all.map(({ key }) => key).join(', ')}`,
      );
    const stimulus = deriveStimulus(configuration, found.profile, found.behavior);
    if (typeof stimulus === 'string')
      throw new CliError(`a drill can't violate ${wanted}: ${stimulus}. Choose another behavior`);
    if (!enforced.includes(found))
      throw new CliError(
        `no playbook of mode enforce applies to ${wanted}, so nothing would contain the thing: choose another behavior, or set mode: enforce`,
      );
    return stimulus;
  }
  const reasons: string[] = [];
  for (const { profile, behavior, key } of enforced) {
    const stimulus = deriveStimulus(configuration, profile, behavior);
    if (typeof stimulus !== 'string') return stimulus;
    reasons.push(`${key}: ${stimulus}`);
  }
  throw new CliError(
    reasons.length > 0
      ? ['a drill can violate none of the behaviors that a playbook enforces:', ...reasons]
      : 'cordon.yml has no playbook of mode enforce that applies to a behavior, so a drill would contain nothing: set mode: enforce',
  );
}

type Behavior = Profiles['securityProfiles'][string]['behaviors'][number];

/** Whether the first playbook that takes the behavior, of a thing without groups, type and attributes, enforces. */
function isEnforced(
  { playbooks }: Profiles,
  profile: string,
  { name, metric, suppressAlerts }: Behavior,
): boolean {
  if (suppressAlerts) return false;
  const first = playbooks.find(
    ({ when }) =>
      (when.securityProfile ?? profile) === profile &&
      (when.behavior ?? name) === name &&
      (when.metric ?? metric) === metric &&
      when.source === undefined &&
      when.thingGroup === undefined &&
      when.thingType === undefined &&
      when.attribute === undefined &&
      when.confidence === undefined,
  );
  return first?.mode === 'enforce' && first.actions.length > 0;
}

/** The stimulus, or why there is none. */
function deriveStimulus(configuration: Profiles, profile: string, behavior: Behavior): Stimulus | string {
  const { metric: name, criteria } = behavior;
  const metric = findMetric(name, configuration.customMetrics);
  if (metric?.source !== 'report') return `${name} is not in the reports of a device`;
  const { targets } = configuration.securityProfiles[profile] ?? { targets: [] };
  if (!targets.some((target) => target === 'all/registered-things' || target === 'all/things'))
    return `${profile} is attached to thing groups only, and the drill's thing is in none`;
  if (!criteria.value) return 'its bound is not in cordon.yml: it depends on the fleet';
  const candidates = listCandidates(metric, criteria);
  const violating = candidates.find((value) => violates(value, criteria) === true);
  const normal = candidates.find((value) => violates(value, criteria) === false);
  if (!violating) return 'no value that a device reports is out of its bounds';
  return {
    securityProfileName: profile,
    behaviorName: behavior.name,
    metric: name,
    key: metric.key,
    ...(normal && { normal }),
    violating,
    reports: criteria.consecutiveDatapointsToAlarm,
    windowSeconds: criteria.durationSeconds ?? 0,
  };
}

/** Addresses of documentation and benchmarks (RFC 5737, 3849, 2544): nobody's fleet talks to them. */
const addresses = [
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.1',
  '198.18.0.1',
  '2001:db8::1',
  '10.0.0.1',
  '8.8.8.8',
];

/** Values around the bound. The detector's own rule decides which of them violate, so that the two never differ. */
function listCandidates({ key }: Metric, { value = {} }: Criteria): MetricValue[] {
  switch (key) {
    case 'count':
    case 'number': {
      const bound = value.count ?? value.number ?? 0;
      // Far enough that adding it changes a large bound.
      const step = Math.max(1, Math.ceil(Math.abs(bound) * 0.01));
      // As the detector reads them from a report.
      const near = [bound, bound + step, bound - step].map(boundNumber);
      return near
        .filter((candidate) => key === 'number' || (candidate >= 0 && Number.isSafeInteger(candidate)))
        .map((candidate) => ({ [key]: candidate }));
    }
    case 'numbers': {
      const { numbers = [] } = value;
      return lists('numbers', numbers.map(boundNumber), [boundNumber(Math.max(0, ...numbers) + 1)]);
    }
    case 'ports': {
      const { ports = [] } = value;
      const known = new Set(ports);
      const free = Array.from({ length: 65_535 }, (_, index) => 65_535 - index).find(
        (port) => !known.has(port),
      );
      return lists('ports', ports, free === undefined ? [] : [free]);
    }
    case 'strings': {
      const { strings = [] } = value;
      return lists('strings', strings, [`cordon-drill-${strings.join('').length}`]);
    }
    case 'cidrs': {
      const { cidrs = [] } = value;
      return lists(
        'cidrs',
        cidrs.map((cidr) => cidr.replace(/\/\d+$/, '')),
        addresses,
      );
    }
    default:
      return [];
  }
}

/** Lists of one element each, and the empty one. */
function lists(key: ValueKey, members: readonly unknown[], others: readonly unknown[]): MetricValue[] {
  return [...[...members, ...others].map((item) => [item]), []].map(
    (list) => ({ [key]: list }) as MetricValue,
  );
}

const customForms = {
  number: 'number',
  numbers: 'number_list',
  strings: 'string_list',
  cidrs: 'ip_list',
} as const;

/** A report of one metric, in the format of Device Defender's device metrics. */
export function writeReport({ metric, key }: Stimulus, value: MetricValue, reportId: number): object {
  const header = { report_id: reportId, version: '1.0' };
  if (!metric.startsWith('aws:')) {
    const form = customForms[key as keyof typeof customForms];
    return { header, custom_metrics: { [metric]: [{ [form]: value[key] }] } };
  }
  return { header, metrics: writeDeviceMetric(metric, value) };
}

function writeDeviceMetric(metric: string, value: MetricValue): object {
  const { count = 0 } = value;
  const listening = /^aws:(?:num-)?listening-(tcp|udp)-ports$/.exec(metric)?.[1];
  if (listening) {
    const ports = listOf(value.ports).map((port) => ({ port }));
    return {
      [`listening_${listening}_ports`]: { ports, total: metric.includes('num-') ? count : ports.length },
    };
  }
  const counter = /^aws:all-((?:bytes|packets)-(?:in|out))$/.exec(metric)?.[1];
  if (counter) return { network_stats: { [counter.replace('-', '_')]: count } };
  const connections = listOf(value.cidrs).map((address) => ({
    remote_addr: `${String(address).includes(':') ? `[${address}]` : address}:443`,
  }));
  const total = metric === 'aws:destination-ip-addresses' ? connections.length : count;
  return { tcp_connections: { established_connections: { connections, total } } };
}

function listOf(value: MetricValue[string] | undefined): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
