import { InvalidArgumentError, Option } from 'commander';
import { caseStatuses } from '../shared/domain/case/status';
import { durationPattern, expectedDuration, readDurationMs } from '../shared/domain/configuration/duration';
import { severities } from '../shared/domain/severity';
import { parseThing } from '../shared/domain/thing-ref';

/** A text of so many characters. */
export function readText(least: number, most: number): (text: string) => string {
  return (text) => {
    if (text.length >= least && text.length <= most) return text;
    throw new InvalidArgumentError(`expected ${least} to ${most} characters, not ${text.length}`);
  };
}

export function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('expected a number of seconds, such as 30');
  return seconds;
}

/** `7d` -> milliseconds, written as in cordon.yml. */
export function readDuration(text: string): number {
  if (!durationPattern.test(text)) throw new InvalidArgumentError(expectedDuration);
  return readDurationMs(text);
}

export function readCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a number, 1 or more');
  return Number(text);
}

const keptMs = 14 * 86_400_000;

/** A duration, at most as long as values are kept. */
export function readKeptDuration(text: string): number {
  const duration = readDuration(text);
  if (duration > keptMs) throw new InvalidArgumentError('values are kept for 14 days: expected at most 14d');
  return duration;
}

/** A thing, or all whose names begin alike. */
export function readThings(text: string): string {
  if (parseThing(text.replace(/\*$/, 'x'))) return text;
  throw new InvalidArgumentError(
    'expected a thing name, or the beginning of names and a star, such as sensor-*',
  );
}

/** `--status observed,contained` */
export function statusOption(): Option {
  return listOption('--status <statuses>', 'only these', caseStatuses);
}

export function severityOption(description = 'only these'): Option {
  return listOption('--severity <severities>', description, severities);
}

/** Several of the names, separated by commas; completion has them too. */
function listOption(flags: string, description: string, names: readonly string[]): Option {
  const option = new Option(flags, `${description}, separated by commas`);
  return option.choices(names).argParser((text) => readNames(text, names));
}

/** Whether an option takes several names. */
export function isList({ flags }: Option): boolean {
  return listed.has(flags);
}

const listed = new Set(['--status <statuses>', '--severity <severities>']);

/** Several of the names, separated by commas. */
function readNames<T extends string>(text: string, names: readonly T[]): T[] {
  const asked = new Set(text.split(','));
  const found = names.filter((name) => asked.has(name));
  if (found.length < asked.size) throw new InvalidArgumentError(`expected some of ${names.join(', ')}`);
  return found;
}
