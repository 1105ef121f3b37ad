import { compileParts, type PatternPart } from '../policy/wildcard';
import { isRecord } from '../wire/json';

type Json = Readonly<Record<string, unknown>>;

/** The value of a message attribute as a filter policy sees it: number, text, or the items of an array. */
export function readAttribute(dataType: string, text: string): unknown {
  if (dataType.startsWith('Number')) return Number(text);
  if (!dataType.startsWith('String.Array')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}

/**
 * Whether a message passes an SNS filter policy (SNS Developer Guide, "Filter policy constraints"): every key must
 * match, a key by any of its conditions. `message` is the message's attributes or, for the scope MessageBody, its body.
 */
export function matchesFilterPolicy(policy: Json, message: Json): boolean {
  return Object.entries(policy).every(([key, conditions]) => {
    if (key === '$or' && Array.isArray(conditions)) {
      return conditions.some((group) => isRecord(group) && matchesFilterPolicy(group, message));
    }
    const present = Object.hasOwn(message, key) ? message[key] : undefined;
    if (isRecord(conditions)) return isRecord(present) && matchesFilterPolicy(conditions, present);
    // Any item of an array may match; an absent key has no values at all.
    const values = present === undefined || Array.isArray(present) ? present : [present];
    return Array.isArray(conditions) && conditions.some((condition) => matchesCondition(condition, values));
  });
}

type Operator = (value: unknown, operand: unknown) => boolean;

const onText =
  (test: (value: string, operand: string) => boolean): Operator =>
  (value, operand) =>
    typeof value === 'string' && typeof operand === 'string' && test(value, operand);

const operators: Readonly<Record<string, Operator>> = {
  prefix: onText((value, operand) => value.startsWith(operand)),
  suffix: onText((value, operand) => value.endsWith(operand)),
  wildcard: onText((value, operand) => compileParts(parseSnsPattern(operand))(value)),
  'equals-ignore-case': onText((value, operand) => value.toLowerCase() === operand.toLowerCase()),
  numeric: (value, operand) =>
    typeof value === 'number' && Array.isArray(operand) && matchesNumeric(value, operand),
};

/** Unlike in IAM, `?` is an ordinary character here. */
function parseSnsPattern(pattern: string): PatternPart[] {
  return pattern.split(/(\*)/).map((piece) => (piece === '*' ? { wildcard: piece } : { literal: piece }));
}

function matchesCondition(condition: unknown, values: readonly unknown[] | undefined): boolean {
  if (!isRecord(condition)) return values?.includes(condition) ?? false;
  if ('exists' in condition) return (values !== undefined) === condition.exists;
  if (values === undefined) return false;
  if ('anything-but' in condition) {
    const excluded = condition['anything-but'];
    const list = Array.isArray(excluded) ? excluded : [excluded];
    return values.every((value) => !list.some((one) => matchesCondition(one, [value])));
  }
  return Object.entries(condition).every(([name, operand]) => {
    const operator = operators[name];
    return operator !== undefined && values.some((value) => operator(value, operand));
  });
}

function matchesNumeric(value: number, terms: readonly unknown[]): boolean {
  for (let index = 0; index < terms.length; index += 2) {
    const bound = Number(terms[index + 1]);
    const holds = {
      '=': value === bound,
      '<': value < bound,
      '<=': value <= bound,
      '>': value > bound,
      '>=': value >= bound,
    };
    if (!Object.entries(holds).some(([sign, held]) => sign === terms[index] && held)) return false;
  }
  return terms.length > 0;
}

/** Names the operators of a policy that are not emulated; they match nothing. */
export function unsupportedConditions(policy: Json): string[] {
  return Object.entries(policy).flatMap(([, conditions]) => {
    if (isRecord(conditions)) return unsupportedConditions(conditions);
    if (!Array.isArray(conditions)) return [];
    return conditions
      .filter(isRecord)
      .flatMap((condition) => Object.keys(condition))
      .filter((name) => name === 'cidr');
  });
}
