import { BlockList, isIP } from 'node:net';
import { matchPattern, normaliseKey, type PolicyContext, substituteVariables } from './policy-pattern';
import { toList } from './to-list';

/** `unknown`: an operator or value this emulator can't read, which must never widen access. */
export type Truth = 'yes' | 'no' | 'unknown';

/** Compares the request's value with one value of the policy; undefined where either can't be read. */
type Test = (actual: string, wanted: string, context: PolicyContext | undefined) => boolean | undefined;

function compareStrings(fold: (text: string) => string): Test {
  return (actual, wanted, context) => {
    const value = substituteVariables(wanted, context);
    return value === undefined ? undefined : fold(actual) === fold(value);
  };
}

function compareNumbers(holds: (actual: number, wanted: number) => boolean): Test {
  return (actual, wanted) => {
    const [a, w] = [Number(actual), Number(wanted)];
    return Number.isNaN(a) || Number.isNaN(w) ? undefined : holds(a, w);
  };
}

const isLike: Test = (actual, wanted, context) => matchPattern(wanted, actual, context);

/** Whether an address lies in `wanted`: an address, or a network as `10.0.0.0/8`. */
const isInNetwork: Test = (actual, wanted) => {
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
};

const same = (text: string): string => text;
const lower = (text: string): string => text.toLowerCase();

const POSITIVE: Readonly<Record<string, Test>> = {
  stringequals: compareStrings(same),
  stringequalsignorecase: compareStrings(lower),
  stringlike: isLike,
  arnequals: isLike,
  arnlike: isLike,
  bool: compareStrings(lower),
  ipaddress: isInNetwork,
  numericequals: compareNumbers((a, w) => a === w),
  numericlessthan: compareNumbers((a, w) => a < w),
  numericlessthanequals: compareNumbers((a, w) => a <= w),
  numericgreaterthan: compareNumbers((a, w) => a > w),
  numericgreaterthanequals: compareNumbers((a, w) => a >= w),
};

/** Each negated operator by the one it negates. */
const NEGATED: Readonly<Record<string, string>> = {
  stringnotequals: 'stringequals',
  stringnotequalsignorecase: 'stringequalsignorecase',
  stringnotlike: 'stringlike',
  arnnotequals: 'arnequals',
  arnnotlike: 'arnlike',
  notipaddress: 'ipaddress',
  numericnotequals: 'numericequals',
};

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

function testValues(test: Test, actual: string, values: unknown, context: PolicyContext | undefined): Truth {
  return anyOf(
    toList(values).map((wanted) => {
      const result = isScalar(wanted) ? test(actual, String(wanted), context) : undefined;
      return result === undefined ? 'unknown' : toTruth(result);
    }),
  );
}

interface OperatorParts {
  readonly name: string;
  readonly ifExists: boolean;
}

function readOperator(operator: string): OperatorParts {
  const lowered = operator.toLowerCase();
  const ifExists = lowered.endsWith('ifexists');
  return { name: ifExists ? lowered.slice(0, -'ifexists'.length) : lowered, ifExists };
}

/** One operator on one key. A negated operator holds where the key is absent (IAM user guide, condition operators). */
function testKey(
  operator: OperatorParts,
  actual: string | undefined,
  values: unknown,
  variables: PolicyContext | undefined,
): Truth {
  if (operator.name === 'null')
    return testValues(POSITIVE.bool as Test, String(actual === undefined), values, variables);
  const positiveName = NEGATED[operator.name];
  const test = POSITIVE[positiveName ?? operator.name];
  if (!test) return 'unknown';
  if (actual === undefined) return toTruth(operator.ifExists || positiveName !== undefined);
  const truth = testValues(test, actual, values, variables);
  return positiveName === undefined ? truth : negate(truth);
}

/**
 * Whether a statement's Condition holds. `variables` is absent for policies of the 2008 version, which have none.
 * Set operators (`ForAnyValue:`) and dates are unknown here: no key of an MQTT connection has several values.
 */
export function testCondition(
  condition: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined,
  context: PolicyContext,
  variables: PolicyContext | undefined,
): Truth {
  return allOf(
    Object.entries(condition ?? {}).flatMap(([operator, keys]) => {
      const parts = readOperator(operator);
      return Object.entries(keys).map(([key, values]) =>
        testKey(parts, context.get(normaliseKey(key)), values, variables),
      );
    }),
  );
}
