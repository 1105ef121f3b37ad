import { matches } from './compare';

/** Another check of the doctor says so. */
export const toldElsewhere: readonly string[] = [];

/** Compares each field that was deployed. */
export function compareFields(deployed: unknown, present: object): string[] {
  const fields = deployed as Readonly<Record<string, unknown>>;
  return Object.entries(fields).flatMap(([name, value]) =>
    differ(name, value, (present as Readonly<Record<string, unknown>>)[name]),
  );
}

/** Names what differs; the values of a function's variables may be secret. */
export function differ(name: string, deployed: unknown, actual: unknown): string[] {
  if (matches(deployed, actual)) return [];
  if (name.startsWith('Environment.Variables.')) return [`${name} is not as deployed`];
  if (isFields(deployed) && isFields(actual))
    return Object.keys(deployed).flatMap((key) => differ(`${name}.${key}`, deployed[key], actual[key]));
  const isShort = [deployed, actual].every((value) => typeof value !== 'object' && value !== undefined);
  return [isShort ? `${name} was ${deployed} and is ${actual}` : `${name} is not as deployed`];
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
