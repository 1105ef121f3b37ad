import { type Case, isOpen } from '../case/case';
import { openViolations } from '../case/violation-record';
import { type FindingSubject, findingKey } from '../findings/finding';
import type { MetricValue, ViolationEventType } from '../findings/violation';

/** How a behavior compares a value, to be read before the bound. */
export const comparisons: Readonly<Record<string, string>> = {
  'less-than': 'less than',
  'less-than-equals': 'at most',
  'greater-than': 'more than',
  'greater-than-equals': 'at least',
  'in-set': 'nothing but',
  'not-in-set': 'anything but',
  'in-port-set': 'nothing but the ports',
  'not-in-port-set': 'any but the ports',
  'in-cidr-set': 'nothing but addresses in',
  'not-in-cidr-set': 'no address in',
};

const alarms: Readonly<Record<ViolationEventType, string>> = {
  'in-alarm': 'in alarm',
  'alarm-cleared': 'alarm cleared',
  'alarm-invalidated': 'alarm withdrawn',
};

/** What an event means for a behavior. A newer Cordon may know more of them. */
export function describeAlarm(eventType: ViolationEventType): string {
  return alarms[eventType] ?? eventType;
}

/** The warning to the person who releases a thing. */
export function describeStillInAlarm(record: Case | undefined): string | undefined {
  const names = isOpen(record) ? openViolations(record).map((open) => nameFinding(findingKey(open))) : [];
  return names.length > 0 ? `still in alarm, so it may be contained again: ${names.join(', ')}` : undefined;
}

interface Measured {
  readonly metric: string;
  readonly value?: MetricValue;
  /** As JSON, like Device Defender's. */
  readonly criteria?: string;
}

/** What a finding says: `1 child process of myapp; at most 0 is normal`, `siem reports: beacon to 203.0.113.9 (high)`. */
export function describeFinding(finding: FindingSubject, displayName?: string): string {
  switch (finding.kind) {
    case undefined:
      return describeMeasured(finding, displayName);
    case 'external': {
      const { source, title, severity, product, url } = finding;
      const more = [severity, product && `found by ${product}`, url].filter(Boolean).join(', ');
      return `${source} reports: ${title} (${more})`;
    }
    case 'audit': {
      const { check, resource, reason, severity } = finding;
      return `${reason || nameCheck(check)} (audit of ${shortenId(resource)}, ${severity})`;
    }
  }
}

/** `1 child process of myapp; at most 0 is normal`. `displayName`: of the metric in cordon.yml. */
export function describeMeasured({ metric, value, criteria }: Measured, displayName?: string): string {
  const normal = describeNormal(criteria);
  return `${describeValue(metric, value, displayName)}${normal && `; ${normal} is normal`}`;
}

/** The value alone: `1 child process of myapp`, `listening tcp ports: 22, 4444`. */
export function describeValue(metric: string, value: MetricValue | undefined, displayName?: string): string {
  const [measured] = Object.values(value ?? {});
  const plain = metric.replace(/^(aws|cordon):/, '').replaceAll('-', ' ');
  const counted = nameCounted(metric, displayName);
  if (measured === undefined) return `${displayName ?? counted ?? plain}: no value`;
  if (typeof measured !== 'number') return `${displayName ?? plain}: ${list(measured)}`;
  if (counted === undefined) return `${displayName ?? plain} is ${write(measured)}`;
  return `${write(measured)} ${measured === 1 ? singular(counted) : counted}`;
}

/** The key of a finding, for people: `audit finding/DEVICE_CERTIFICATE_SHARED_CHECK/2be077a1`. */
export function nameFinding(key: string): string {
  return key.split('/').map(shortenId).join('/');
}

/** As many digits of a certificate's id as other texts show. */
function shortenId(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 8) : name;
}

/** `IOT_POLICY_OVERLY_PERMISSIVE_CHECK` -> `IoT policy overly permissive` */
export function nameCheck(check: string): string {
  return check
    .replace(/_CHECK$/, '')
    .replaceAll('_', ' ')
    .toLowerCase()
    .replace(/\b(?:iot|ca|cognito)\b/g, (word) => properNames[word] ?? word);
}

const properNames: Readonly<Record<string, string>> = { iot: 'IoT', ca: 'CA', cognito: 'Cognito' };

/** `9,000,000`: a port and a year stay as they are. */
function groupDigits(number: number): string {
  return String(number).replace(/^-?\d+$|^-?\d+(?=\.)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
}

/** What a metric counts, in the plural; undefined if it is no count. */
function nameCounted(metric: string, displayName: string | undefined): string | undefined {
  if (metric === 'aws:disconnect-duration') return 'minutes without a connection';
  if (metric === 'aws:message-byte-size') return 'bytes in a message';
  if (metric === 'cordon:missed-reports') return 'missed reports';
  const [, named] = /^number of (.+)$/i.exec(displayName ?? '') ?? [];
  if (named || displayName) return named;
  const [, parent] = /^num_child_procs_(.+)$/.exec(metric) ?? [];
  return parent
    ? `child processes of ${parent}`
    : /^aws:(?:num|all)-(.+)$/.exec(metric)?.[1]?.replaceAll('-', ' ');
}

/** The last word before `of`, `in` and the like carries the plural. */
function singular(counted: string): string {
  return counted.replace(
    /^(.*?\w)(sses|s)(?=$| (?:of|in|out|on|with|without|to|from|sent|received)\b)/,
    (_, stem, end) => (end === 'sses' ? `${stem}ss` : stem),
  );
}

function describeNormal(criteria: string | undefined): string {
  const { comparisonOperator, value, statisticalThreshold, mlDetectionConfig } = parse(criteria);
  if (mlDetectionConfig) return 'what Device Defender has learned';
  const [bound] = Object.values(value ?? {});
  const limit = statisticalThreshold
    ? `${write(statisticalThreshold.statistic)} of the fleet`
    : bound === undefined
      ? ''
      : list(bound);
  const name = write(comparisonOperator);
  const operator = Object.hasOwn(comparisons, name) && comparisons[name];
  return limit && [operator, limit].filter(Boolean).join(' ');
}

interface Bounds {
  readonly comparisonOperator?: string;
  readonly value?: MetricValue;
  readonly statisticalThreshold?: { readonly statistic?: string };
  readonly mlDetectionConfig?: object;
}

/** Returns no bounds if the JSON was cut. */
function parse(criteria: string | undefined): Bounds {
  try {
    return JSON.parse(criteria ?? '{}') ?? {};
  } catch {
    return {};
  }
}

const mostListed = 10;

function list(items: unknown): string {
  const all = [items].flat();
  const more = all.length > mostListed ? ` and ${all.length - mostListed} more` : '';
  return all.length === 0 ? 'none' : `${all.slice(0, mostListed).map(write).join(', ')}${more}`;
}

/** An object of somebody else's may have no text of its own: `{ "toString": false }`. */
function write(item: unknown): string {
  if (typeof item === 'number' && Math.abs(item) >= 10_000) return groupDigits(item);
  return typeof item === 'object' ? JSON.stringify(item) : String(item);
}
