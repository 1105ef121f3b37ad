import { randomUUID } from 'node:crypto';
import type { Comparison, Expression, RuleStatement } from './rule-sql';

/** A message on its way through the rules. */
export interface RuleMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly receivedAt: number;
  /** Absent for messages that came by HTTPS or from AWS IoT itself. */
  readonly clientId?: string;
  /** Certificate id of the publisher; absent as above. */
  readonly principal?: string;
  readonly sourceIp?: string;
  /** How many rules have republished it. */
  readonly hops?: number;
}

/** The statement reads fields of the payload, and the payload is no JSON. */
export class PayloadNotJsonError extends Error {
  override readonly name = 'PayloadNotJsonError';
}

/** `undefined` is SQL's Undefined: left out of a selection, and not true in a condition. */
type Value = unknown;

/** The input of a rule's actions, or undefined when its condition does not hold. */
export function selectPayload(statement: RuleStatement, message: RuleMessage): Buffer | undefined {
  const readJson = createPayloadReader(message.payload);
  if (statement.where && evaluate(statement.where, message, readJson) !== true) return undefined;
  const [first] = statement.select;
  // "Working with binary payloads" of the developer guide: a lone * passes the bytes as they are.
  if (statement.select.length === 1 && first?.type === 'all') return message.payload;
  const fields: [string, Value][] = [];
  for (const item of statement.select) {
    if (item.type === 'all') fields.push(...Object.entries(toFields(readJson())));
    else fields.push([item.alias, evaluate(item.expression, message, readJson)]);
  }
  // fromEntries defines own properties, so an alias or key `__proto__` is a field like any other.
  return Buffer.from(JSON.stringify(Object.fromEntries(fields)));
}

function createPayloadReader(payload: Buffer): () => Value {
  let parsed: { readonly value: Value } | undefined;
  return () => {
    parsed ??= { value: parseJson(payload) };
    return parsed.value;
  };
}

function parseJson(payload: Buffer): Value {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (cause) {
    throw new PayloadNotJsonError('The payload is not JSON', { cause });
  }
}

function toFields(value: Value): Readonly<Record<string, Value>> {
  return isRecord(value) ? value : {};
}

function isRecord(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function evaluate(expression: Expression, message: RuleMessage, readJson: () => Value): Value {
  switch (expression.type) {
    case 'literal':
      return expression.value;
    case 'path':
      return readPath(readJson(), expression.keys);
    case 'call':
      return call(expression, message);
    case 'not':
      return negate(evaluate(expression.operand, message, readJson));
    case 'compare': {
      const [left, right] = expression.sides;
      return compare(
        expression.operator,
        evaluate(left, message, readJson),
        evaluate(right, message, readJson),
      );
    }
    case 'and':
    case 'or': {
      const [left, right] = expression.sides.map((side) => evaluate(side, message, readJson));
      // Undefined stays Undefined, or a NOT around it would turn a missing field into a match.
      if (typeof left !== 'boolean' || typeof right !== 'boolean') return undefined;
      return expression.type === 'and' ? left && right : left || right;
    }
  }
}

function readPath(root: Value, keys: readonly string[]): Value {
  let value = root;
  for (const key of keys) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function call(expression: Extract<Expression, { type: 'call' }>, message: RuleMessage): Value {
  switch (expression.name) {
    case 'encode':
      return message.payload.toString('base64');
    case 'topic':
      return expression.topicSegment === undefined
        ? message.topic
        : message.topic.split('/')[expression.topicSegment - 1];
    case 'clientid':
      return message.clientId ?? 'n/a'; // The documented values for messages that were not sent over MQTT.
    case 'principal':
      return message.principal;
    case 'timestamp':
      return message.receivedAt;
    case 'newuuid':
      return randomUUID();
    case 'sourceip':
      return message.sourceIp;
  }
}

function negate(value: Value): Value {
  return typeof value === 'boolean' ? !value : undefined;
}

/** The guide's tables of `=` and `<`: unlike types are unequal, an order exists between decimals only. */
function compare(operator: Comparison, left: Value, right: Value): Value {
  if (left === undefined || right === undefined) return undefined;
  if (operator === '=') return isEqual(left, right);
  if (operator === '<>') return !isEqual(left, right);
  const [a, b] = [toDecimal(left), toDecimal(right)];
  if (a === undefined || b === undefined) return undefined;
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function isEqual(left: Value, right: Value): boolean {
  if (typeof left === 'object' && typeof right === 'object')
    return JSON.stringify(left) === JSON.stringify(right);
  return left === right;
}

function toDecimal(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}
