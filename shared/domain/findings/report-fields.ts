import { boundNumber, isObject } from '../json';

/** An object of a report, with fields of any form. */
export type Json = Record<string, unknown>;

/** A field by its long or its short name. */
export function pick(object: Json, long: string, short: string): unknown {
  return object[long] ?? object[short];
}

export function listObjects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The AWS C agent writes numbers as text in CBOR (docs/facts.md#other-agents). */
export function toNumber(value: unknown): number | undefined {
  if (isFiniteNumber(value)) return boundNumber(value);
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
