import type { ReleaseRule } from './configuration';

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `90 minutes`, `1 day`: in the largest unit that leaves a whole number. */
export function writeDuration(ms: number): string {
  const [unit, size] = units.find(([, length]) => ms >= length && ms % length === 0) ?? ['second', 1_000];
  return writeCount(ms / size, unit);
}

export function writeCount(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun.replace(/(?<![aeiou])y$/, 'ie')}s`;
}

export function writeRelease(rule: ReleaseRule): string {
  if ('after' in rule) return `by time, ${writeDuration(rule.after)} after the denial was verified`;
  if ('clearedFor' in rule)
    return `by time, once every violation has been clear for ${writeDuration(rule.clearedFor)}`;
  return 'by an operator';
}
