import { matchesPattern } from './wildcard';

/** Values of condition keys for one request; names are lower-case, as IAM compares them without case. */
export type IamContext = Readonly<Record<string, string | readonly string[]>>;

type Test = (value: string, expected: string) => boolean;

interface Operator {
  readonly test: Test;
  /** True for the `Not` operators: they hold when no listed value matches, and when the key is absent. */
  readonly negated: boolean;
}

/** ARN operators match each of the six colon-separated components by itself (IAM User Guide, condition operators). */
const matchesArn: Test = (value, expected) => {
  const parts = value.split(':');
  const patterns = expected.split(':');
  if (parts.length < 6 || patterns.length < 6) return false;
  const six = (all: string[]) => [...all.slice(0, 5), all.slice(5).join(':')];
  const values = six(parts);
  return six(patterns).every((pattern, index) => matchesPattern(pattern, values[index] ?? ''));
};
const equals: Test = (value, expected) => value === expected;
const equalsIgnoreCase: Test = (value, expected) => value.toLowerCase() === expected.toLowerCase();
const like: Test = (value, expected) => matchesPattern(expected, value);

const operators: ReadonlyMap<string, Operator> = new Map([
  ['StringEquals', { test: equals, negated: false }],
  ['StringNotEquals', { test: equals, negated: true }],
  ['StringEqualsIgnoreCase', { test: equalsIgnoreCase, negated: false }],
  ['StringNotEqualsIgnoreCase', { test: equalsIgnoreCase, negated: true }],
  ['StringLike', { test: like, negated: false }],
  ['StringNotLike', { test: like, negated: true }],
  ['ArnEquals', { test: matchesArn, negated: false }],
  ['ArnLike', { test: matchesArn, negated: false }],
  ['ArnNotEquals', { test: matchesArn, negated: true }],
  ['ArnNotLike', { test: matchesArn, negated: true }],
  ['Bool', { test: equalsIgnoreCase, negated: false }],
]);

const operatorName = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

export function isSupportedOperator(name: string): boolean {
  const match = operatorName.exec(name);
  if (!match) return false;
  const [, set, base = '', ifExists] = match;
  return base === 'Null' ? !set && !ifExists : operators.has(base);
}

/** True when all condition blocks hold. What is not supported never holds; registration reports it. */
export function conditionsHold(
  conditions: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  context: IamContext,
): boolean {
  return Object.entries(conditions).every(([name, keys]) =>
    Object.entries(keys).every(([key, expected]) =>
      keyHolds(name, context[key.toLowerCase()], toStrings(expected)),
    ),
  );
}

function keyHolds(
  name: string,
  present: string | readonly string[] | undefined,
  expected: readonly string[],
): boolean {
  const [, set, base = '', ifExists] = operatorName.exec(name) ?? [];
  if (base === 'Null') return expected.some((value) => (value === 'true') === (present === undefined));
  const operator = operators.get(base);
  if (!operator) return false;
  const holds = (value: string) => expected.some((one) => operator.test(value, one)) !== operator.negated;
  const values = present === undefined ? [] : toStrings(present);
  if (set === 'ForAllValues') return values.every(holds);
  if (present === undefined) return ifExists !== undefined || (set === undefined && operator.negated);
  return values.some(holds);
}

function toStrings(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}
