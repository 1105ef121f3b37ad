import { invalid } from './errors';
import rules from './input-rules.json' with { type: 'json' };
import type { IotCall } from './operations/route';

interface Member {
  readonly of: string;
  /** Outside the body. */
  readonly in?: string;
  readonly as?: string;
}

/** A shape of botocore's service model; `scripts/write-input-rules.ts` writes them. */
interface Shape {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  /** The member that is the whole body. */
  readonly payload?: string;
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: string;
  readonly key?: string;
  readonly value?: string;
}

const inputs: Readonly<Record<string, string>> = rules.inputs;
const shapes: Readonly<Record<string, Shape>> = rules.shapes;

/** Throws for input that AWS IoT refuses before it looks anything up: missing, too long, or not of the pattern. */
export function checkInput(operation: string, call: IotCall): void {
  const input = shapes[inputs[operation] ?? ''];
  if (!input) return;
  const sent = input.payload === undefined ? call.body : { [input.payload]: call.body };
  const body = isObject(sent) ? sent : {};
  for (const [field, member] of Object.entries(input.members ?? {})) {
    const value = readMember(field, member, call, body);
    if (value !== undefined) check(field, value, member.of, member.in === 'querystring');
    else if (input.required?.includes(field)) throw isMissing(field);
  }
}

function readMember(
  field: string,
  { in: place, as = field }: Member,
  { params, query, headers }: IotCall,
  body: Readonly<Record<string, unknown>>,
): unknown {
  if (place === 'uri') return params[as];
  if (place === 'querystring') return query.get(as) ?? undefined;
  if (place === 'header') return headers[as.toLowerCase()];
  return body[field];
}

function check(at: string, value: unknown, name: string, isText = false): void {
  const shape = shapes[name];
  switch (shape?.type) {
    case 'string':
      checkText(at, value, shape);
      break;
    case 'integer':
    case 'long': {
      const number = isText && /^-?\d{1,15}$/.test(String(value)) ? Number(value) : value;
      if (!Number.isInteger(number)) throw refuse(at, value, 'Member must be a number');
      checkSize(at, value, Number(number), shape, 'value');
      break;
    }
    case 'list':
      if (!Array.isArray(value)) throw refuse(at, value, 'Member must be a list');
      checkSize(at, value, value.length, shape, 'length');
      for (const [index, one] of value.entries()) check(`${at}.${index + 1}.member`, one, shape.member ?? '');
      break;
    case 'map':
      if (!isObject(value)) throw refuse(at, value, 'Member must be a map');
      checkSize(at, value, Object.keys(value).length, shape, 'length');
      for (const [key, one] of Object.entries(value)) {
        check(at, key, shape.key ?? '');
        check(`${at}.${key}.member`, one, shape.value ?? '');
      }
      break;
    case 'structure':
      checkStructure(at, value, shape);
      break;
  }
}

function checkStructure(at: string, value: unknown, { members = {}, required = [] }: Shape): void {
  if (!isObject(value)) throw refuse(at, value, 'Member must be a structure');
  for (const field of required) if (value[field] === undefined) throw isMissing(`${at}.${field}`);
  for (const [field, { of }] of Object.entries(members))
    if (value[field] !== undefined) check(`${at}.${field}`, value[field], of);
}

const patterns = new Map<string, RegExp>();

function checkText(at: string, value: unknown, { min, max, pattern, enum: names }: Shape): void {
  if (typeof value !== 'string') throw refuse(at, value, 'Member must be a string');
  if (names && !names.includes(value))
    throw refuse(at, value, `Member must satisfy enum value set: [${names.join(', ')}]`);
  checkSize(
    at,
    value,
    value.length,
    { ...(min !== undefined && { min }), ...(max !== undefined && { max }) },
    'length',
  );
  if (pattern === undefined) return;
  const expected = patterns.get(pattern) ?? new RegExp(pattern, 'u');
  patterns.set(pattern, expected);
  if (!expected.test(value))
    throw refuse(at, value, `Member must satisfy regular expression pattern: ${pattern.slice(4, -2)}`);
}

function checkSize(
  at: string,
  value: unknown,
  size: number,
  { min = -Infinity, max = Infinity }: Pick<Shape, 'min' | 'max'>,
  what: 'length' | 'value',
): void {
  const has = what === 'length' ? 'have length' : 'have value';
  if (size < min) throw refuse(at, value, `Member must ${has} greater than or equal to ${min}`);
  if (size > max) throw refuse(at, value, `Member must ${has} less than or equal to ${max}`);
}

function isMissing(at: string) {
  return invalid(
    `1 validation error detected: Value null at '${at}' failed to satisfy constraint: Member must not be null`,
  );
}

const mostShown = 100;

function refuse(at: string, value: unknown, rule: string) {
  const shown = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, mostShown);
  return invalid(
    `1 validation error detected: Value '${shown}' at '${at}' failed to satisfy constraint: ${rule}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
