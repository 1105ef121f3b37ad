import type { Criteria } from '../configuration';
import { isInNetworks, type Network, parseNetwork } from '../findings/addresses';
import type { MetricValue } from '../findings/violation';
import { compareToPercentile, type Distribution } from './percentiles';

/** By the sign of the difference between the measured value and its bound. */
const comparisons = {
  'less-than': (sign: number) => sign < 0,
  'less-than-equals': (sign: number) => sign <= 0,
  'greater-than': (sign: number) => sign > 0,
  'greater-than-equals': (sign: number) => sign >= 0,
} as const;

/** A list is compared with a set of its own kind only: a device may report another one under the metric's name. */
const setKeys = ['cidrs', 'ports', 'numbers', 'strings'] as const;

/**
 * Whether a value is out of the behavior's bounds; criteria describe what is normal (Detect: a datapoint violates
 * when NOT (value OP bound)). Undefined if the two can't be compared: no datapoint, then.
 */
export function violates(value: MetricValue, criteria: Criteria, fleet?: Distribution): boolean | undefined {
  const operator = criteria.comparisonOperator;
  if (operator === undefined) return undefined;
  if (operator in comparisons) {
    const sign = signOf(numberOf(value), criteria, fleet);
    return sign === undefined ? undefined : !comparisons[operator as keyof typeof comparisons](sign);
  }
  const { value: bounds = {} } = criteria;
  const key = setKeys.find((one) => bounds[one] !== undefined);
  if (!key) return undefined;
  const present = value[key];
  if (!Array.isArray(present)) return undefined;
  const contains = bounds.cidrs ? inNetworks(bounds.cidrs) : inSet(bounds[key]);
  // in-*-set: every element must be in the set; not-in-*-set: none may be. An empty list conforms.
  return operator.startsWith('not-')
    ? present.some((item) => contains(item))
    : present.some((item) => !contains(item));
}

/** The value of a numeric metric, whatever its key. */
export function numberOf({ number, count }: MetricValue): number | undefined {
  const value = number ?? count;
  return typeof value === 'number' ? value : undefined;
}

function signOf(
  measured: number | undefined,
  { value, statisticalThreshold }: Criteria,
  fleet: Distribution | undefined,
): number | undefined {
  if (measured === undefined) return undefined;
  if (statisticalThreshold)
    return fleet && compareToPercentile(measured, statisticalThreshold.statistic, fleet);
  const bound = value?.number ?? value?.count;
  return bound === undefined ? undefined : Math.sign(measured - bound);
}

function inSet(items: readonly unknown[] = []): (item: unknown) => boolean {
  const set = new Set(items);
  return (item) => set.has(item);
}

/** The networks of a behavior, which stay the same as long as the function lives. */
const compiled = new WeakMap<readonly string[], Network[]>();

function inNetworks(cidrs: readonly string[]): (item: unknown) => boolean {
  const networks = compiled.get(cidrs) ?? cidrs.flatMap((cidr) => parseNetworkOrNone(cidr));
  compiled.set(cidrs, networks);
  return (item) => typeof item === 'string' && isInNetworks(item, networks);
}

/** cordon.yml is refused if a network can't be read. */
function parseNetworkOrNone(cidr: string): Network[] {
  const network = parseNetwork(cidr);
  return network ? [network] : [];
}
