import { clip } from './text';

/** No message of AWS or of a device nests half as deep; what does would end a function that walks through it. */
const deepest = 64;

/** The value of a JSON text, or undefined if it is none, or is nested too deep. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Counts the brackets that are in no string, in one pass. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let isString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') isString = !isString;
    else if (isString) index += character === '\\' ? 1 : 0;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}

/** The same for a value, which may come from YAML and contain itself, so that JSON.stringify would fail. */
export function isValueTooDeep(value: unknown, levels = deepest): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isValueTooDeep(item, levels - 1));
}

/**
 * JSON as the body of a message. SQS refuses U+FFFE and U+FFFF (API reference, SendMessage), and has not always
 * accepted characters above U+FFFF, such as emoji. The texts of devices and people may contain both, and JSON.stringify
 * does not escape them. Escaping does not change the value.
 */
export function writeMessageJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\uD800-\uDFFF\uFFFE\uFFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
  );
}

/** The table takes magnitudes from 1E-130 to 9.9E+125 (DynamoDB developer guide, "Data types"); sums of these fit too. */
const largest = 1e100;
const smallest = 1e-100;

/** A number of somebody else's within what the table takes. */
export function boundNumber(number: number): number {
  if (Math.abs(number) < smallest) return 0;
  return Math.max(-largest, Math.min(largest, number));
}

/** A parsed JSON value without the fields that are null: many programs write these if a field is absent. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === null ? [] : [[name, withoutNulls(item)]])),
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of the object itself: AWS takes names such as `toString`, which every object inherits. */
export function ownField<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether two JSON values are the same, whatever the order of their fields; one that is undefined counts as absent. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, index) => isEqual(value, other[index]));
  if (!isObject(one) || !isObject(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => isEqual(one[name], other[name]));
}

/** The first names in an object, for a reason why it can't be read: `it has "Records"`. */
export function listFields(message: unknown): string {
  if (!isObject(message)) return 'it is no object';
  const names = Object.keys(message).map((name) => JSON.stringify(clip(name, 32)));
  const more = names.length > 5 ? ' and more' : '';
  return names.length === 0 ? 'it is empty' : `it has ${names.slice(0, 5).join(', ')}${more}`;
}
