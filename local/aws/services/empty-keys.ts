import { isRecord } from '../wire/json';

const name = String.raw`([#\w.-]+)`;
const value = String.raw`(:\w+)`;
/** The conditions on a key (API reference, Query). */
const conditions = [
  new RegExp(String.raw`${name}\s*(?:=|<=|>=|<|>)\s*${value}`, 'g'),
  new RegExp(String.raw`begins_with\s*\(\s*${name}\s*,\s*${value}`, 'gi'),
  new RegExp(String.raw`${name}\s+BETWEEN\s+${value}`, 'gi'),
  new RegExp(String.raw`${name}\s+BETWEEN\s+:\w+\s+AND\s+${value}`, 'gi'),
];

/** The key that a query compares with an empty text, which DynamoDB refuses and dynalite accepts. */
export function findEmptyKey(body: Readonly<Record<string, unknown>>): string | undefined {
  const { KeyConditionExpression: expression, ExpressionAttributeValues: values } = body;
  if (typeof expression !== 'string' || !isRecord(values)) return undefined;
  const names = isRecord(body.ExpressionAttributeNames) ? body.ExpressionAttributeNames : {};
  for (const [, key = '', placeholder = ''] of conditions.flatMap((one) => [...expression.matchAll(one)])) {
    const given = values[placeholder];
    if (isRecord(given) && (given.S === '' || given.B === '')) return String(names[key] ?? key);
  }
  return undefined;
}
