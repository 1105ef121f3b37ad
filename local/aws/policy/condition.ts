import { BlockList, isIP } from 'node:net';
import { toList } from './to-list';
import { normalizeKey, type PolicyContext, resolvePattern } from './variables';
import { compileParts, type PatternPart } from './wildcard';

/** `unknown`: an operator or value that can't be read, which must never widen access. */
type Truth = 'yes' | 'no' | 'unknown';

type Condition = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Compares the request's value with one value of the policy; undefined if either can't be read. */
type Test = (actual: string, wanted: readonly PatternPart[]) => boolean | undefined;

interface Operator {
  readonly test: Test;
  /** True for the `Not` operators: they hold when no listed value matches, and when the key is absent. */
  readonly negated: boolean;
}

function onText(test: (actual: string, wanted: string) => boolean | undefined): Test {
  return (actual, wanted) =>
    test(actual, wanted.map((part) => ('literal' in part ? part.literal : part.wildcard)).join(''));
}

function onNumbers(holds: (actual: number, wanted: number) => boolean): Test {
  return onText((actual, wanted) => {
    const [a, w] = [Number(actual), Number(wanted)];
    return Number.isNaN(a) || Number.isNaN(w) ? undefined : holds(a, w);
  });
}

const isLike: Test = (actual, wanted) => compileParts(wanted)(actual);

/** ARN operators match each of the six colon-separated components by itself (IAM User Guide, condition operators). */
const isArnLike: Test = (actual, wanted) => {
  const values = actual.split(':');
  const patterns = splitAtColons(wanted);
  if (values.length < 6 || patterns.length < 6) return false;
  const six = [...values.slice(0, 5), values.slice(5).join(':')];
  return patterns.every((pattern, index) => isLike(six[index] ?? '', pattern));
};

/** The six components of an ARN's pattern; fewer if it has fewer. */
function splitAtColons(parts: readonly PatternPart[]): PatternPart[][] {
  const components: PatternPart[][] = [[]];
  for (const part of parts) {
    if ('wildcard' in part) {
      components.at(-1)?.push(part);
      continue;
    }
    const [first = '', ...rest] = part.literal.split(':');
    components.at(-1)?.push({ literal: first });
    for (const piece of rest) {
      if (components.length < 6) components.push([{ literal: piece }]);
      else components.at(-1)?.push({ literal: `:${piece}` });
    }
  }
  return components;
}

/** Whether an address lies in `wanted`: an address, or a network as `10.0.0.0/8`. */
const isInNetwork = onText((actual, wanted) => {
  // A dual-stack socket prints an IPv4 peer as `::ffff:10.0.0.1`.
  const address = actual.replace(/^::ffff:(?=\d+\.)/i, '');
  const [network = '', bits, extra] = wanted.split('/');
  const version = isIP(network);
  const maxBits = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? maxBits : Number(bits);
  const readable = isIP(address) && version && extra === undefined && bits !== '';
  if (!readable || !Number.isInteger(prefix) || prefix < 0 || prefix > maxBits) return undefined;
  const list = new BlockList();
  list.addSubnet(network, prefix, version === 6 ? 'ipv6' : 'ipv4');
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
});

const equals = onText((actual, wanted) => actual === wanted);
const equalsIgnoreCase = onText((actual, wanted) => actual.toLowerCase() === wanted.toLowerCase());

function both(name: string, negation: string, test: Test): [string, Operator][] {
  return [
    [name, { test, negated: false }],
    [negation, { test, negated: true }],
  ];
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ...both('StringEquals', 'StringNotEquals', equals),
  ...both('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', equalsIgnoreCase),
  ...both('StringLike', 'StringNotLike', isLike),
  ...both('ArnEquals', 'ArnNotEquals', isArnLike),
  ...both('ArnLike', 'ArnNotLike', isArnLike),
  ...both('IpAddress', 'NotIpAddress', isInNetwork),
  ...both(
    'NumericEquals',
    'NumericNotEquals',
    onNumbers((a, w) => a === w),
  ),
  ['NumericLessThan', { test: onNumbers((a, w) => a < w), negated: false }],
  ['NumericLessThanEquals', { test: onNumbers((a, w) => a <= w), negated: false }],
  ['NumericGreaterThan', { test: onNumbers((a, w) => a > w), negated: false }],
  ['NumericGreaterThanEquals', { test: onNumbers((a, w) => a >= w), negated: false }],
  ['Bool', { test: equalsIgnoreCase, negated: false }],
]);

/** `Null`, whose value says whether the key is absent. */
const isAbsent: Operator = { test: equalsIgnoreCase, negated: false };

const byLowerName = new Map([...operators].map(([name, operator]) => [name.toLowerCase(), operator]));

interface OperatorUse {
  readonly set?: 'forallvalues' | 'foranyvalue';
  readonly name: string;
  readonly ifExists: boolean;
}

/** Reads `ForAnyValue:StringLikeIfExists`; the names of operators are read without case. */
function readOperator(operator: string): OperatorUse {
  const [, set, name = '', ifExists] =
    /^(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?$/.exec(operator.toLowerCase()) ?? [];
  return { ...(set && { set: set as 'forallvalues' }), name, ifExists: ifExists !== undefined };
}

/** Whether this evaluator can evaluate a condition of this operator. */
export function isSupportedOperator(operator: string): boolean {
  const { set, name, ifExists } = readOperator(operator);
  return name === 'null' ? !set && !ifExists : byLowerName.has(name);
}

function toTruth(value: boolean): Truth {
  return value ? 'yes' : 'no';
}

function negate(truth: Truth): Truth {
  return truth === 'unknown' ? 'unknown' : toTruth(truth === 'no');
}

function allOf(truths: readonly Truth[]): Truth {
  if (truths.includes('no')) return 'no';
  return truths.includes('unknown') ? 'unknown' : 'yes';
}

function anyOf(truths: readonly Truth[]): Truth {
  if (truths.includes('yes')) return 'yes';
  return truths.includes('unknown') ? 'unknown' : 'no';
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Whether one value of the request meets the values of the policy, any of them or, negated, none. */
function testValue(
  { test, negated }: Operator,
  actual: string,
  wanted: unknown,
  variables: PolicyContext | undefined,
): Truth {
  const met = anyOf(
    toList(wanted).map((one) => {
      const pattern = isScalar(one) ? resolvePattern(String(one), variables) : undefined;
      const result = pattern && test(actual, pattern);
      return result === undefined ? 'unknown' : toTruth(result);
    }),
  );
  return negated ? negate(met) : met;
}

/** What a condition is read with. */
interface ConditionScope {
  readonly context: PolicyContext;
  /** Absent for policies that have none. */
  readonly variables: PolicyContext | undefined;
  readonly hasSetOperators: boolean;
}

/** One operator on one key (IAM user guide, condition operators, and multivalued context keys). */
function testKey(
  use: OperatorUse,
  actual: string | readonly string[] | undefined,
  wanted: unknown,
  { variables, hasSetOperators }: ConditionScope,
): Truth {
  if (use.set && !hasSetOperators) return 'unknown';
  if (use.name === 'null' && !use.set && !use.ifExists)
    return testValue(isAbsent, String(actual === undefined), wanted, variables);
  const operator = byLowerName.get(use.name);
  if (!operator) return 'unknown';
  const truths = toList(actual).map((value) => testValue(operator, value, wanted, variables));
  if (use.set === 'forallvalues') return allOf(truths);
  if (actual === undefined) return toTruth(use.ifExists || (use.set === undefined && operator.negated));
  return anyOf(truths);
}

/** Whether a statement's Condition holds. */
export function testCondition(condition: Condition, scope: ConditionScope): Truth {
  return allOf(
    Object.entries(condition).flatMap(([operator, keys]) => {
      const use = readOperator(operator);
      return Object.entries(keys).map(([key, wanted]) =>
        testKey(use, scope.context.get(normalizeKey(key)), wanted, scope),
      );
    }),
  );
}
