import { writeJson } from '../json';
import { type Example, type ExpectedAlert, readExamples } from './file';
import type { Alert } from './simulate';
import { simulate } from './simulate';

export interface Outcome {
  readonly text: string;
  readonly isMatch: boolean;
}

/** Prints the alerts that conformance files cause, and how they differ from the expected ones. */
export function runExamples(files: readonly string[], { json }: { readonly json?: boolean } = {}): Outcome {
  const outcomes = files.flatMap((file) =>
    readExamples(file).map((example) => ({ file, example, ...compare(example) })),
  );
  const failed = outcomes.filter(({ differences }) => differences.length > 0).length;
  const isMatch = failed === 0;
  if (json)
    return {
      text: writeJson(
        outcomes.map(({ file, example, alerts, differences }) => ({
          ...{ file, name: example.name, differences },
          alerts: alerts.map((line) => JSON.parse(line)),
        })),
      ),
      isMatch,
    };
  const lines = outcomes.flatMap(({ file, example, alerts, differences }) => [
    `${differences.length === 0 ? 'ok  ' : 'FAIL'} ${file}: ${example.name}`,
    ...(example.alerts && differences.length === 0 ? [] : alerts.map((line) => `       ${line}`)),
    ...differences.map((line) => `     ! ${line}`),
  ]);
  return {
    text: [...lines, `${outcomes.length - failed} as expected, ${failed} not`].join('\n'),
    isMatch,
  };
}

/** The alerts of an example in words, and its differences from those expected. */
export function compare(example: Example): { alerts: string[]; differences: string[] } {
  const found = simulate(example);
  const names = nameViolations(found);
  const alerts = found.map((alert) => writeAlert(alert, names));
  if (!example.alerts) return { alerts, differences: [] };
  const differences = example.alerts.flatMap((expected, index) => {
    const alert = found[index];
    if (!alert) return [`missing: ${JSON.stringify(write(expected))}`];
    const differing = Object.entries(write(expected)).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(describe(alert, names)[key]),
    );
    return differing.map(
      ([key, value]) =>
        `alert ${index + 1}: ${key} is ${JSON.stringify(describe(alert, names)[key])}, expected ${JSON.stringify(value)}`,
    );
  });
  const surplus = alerts.slice(example.alerts.length).map((line) => `not expected: ${line}`);
  return { alerts, differences: [...differences, ...surplus] };
}

/** An alert in the form of a file, to compare. */
function write({ at, ...rest }: ExpectedAlert): Record<string, unknown> {
  return { at: writeTime(at), ...rest };
}

function describe(
  { at, thingName, event }: Alert,
  names: ReadonlyMap<string, string>,
): Record<string, unknown> {
  return {
    at: writeTime(at),
    thing: thingName,
    profile: event.securityProfileName,
    behavior: event.behavior.name,
    type: event.eventType,
    value: event.value,
    violation: names.get(event.violationId),
  };
}

function writeAlert(alert: Alert, names: ReadonlyMap<string, string>): string {
  return JSON.stringify(describe(alert, names));
}

/** `v1`, `v2`: the violation ids in the order in which they appear. */
function nameViolations(alerts: readonly Alert[]): ReadonlyMap<string, string> {
  const ids = [...new Set(alerts.map(({ event }) => event.violationId))];
  return new Map(ids.map((id, index) => [id, `v${index + 1}`]));
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** 5400000 -> `1h30m`. */
function writeTime(ms: number): string {
  let left = ms;
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count > 0 ? `${count}${unit}` : '';
  });
  return parts.join('') || '0s';
}
