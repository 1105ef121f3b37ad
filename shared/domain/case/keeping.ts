import type { Configuration } from '../configuration';
import { type Case, openViolations, owesNews, type ViolationRecord } from './case';

/** `history.keepClosed` of cordon.yml. */
export function readKeeping({ history }: Pick<Configuration, 'history'>): number {
  return history.keepClosed === 'forever' ? Infinity : history.keepClosed;
}

/** A case with the time until which it, its timeline and what channels show of it are kept: none while it is open, or for ever. */
export function dateKeeping(record: Case, keepMs: number): Case {
  const { keptUntil: _before, ...rest } = record;
  if (record.status !== 'closed' || !Number.isFinite(keepMs)) return rest;
  return { ...rest, keptUntil: (record.closedAt ?? record.updatedAt) + keepMs };
}

/**
 * When a thing's newest case may be forgotten, which is the memory that tells late repeats from news: with its history,
 * but never while it owes something, or while Device Defender has its violation in alarm, which the sweep would find anew.
 */
export function findMemoryEnd(record: Case): number | undefined {
  const { keptUntil, updatedAt, closedAt = updatedAt } = record;
  if (keptUntil === undefined || owesNews(record) || openViolations(record).some(isOfDefender))
    return undefined;
  return keptUntil + Math.max(0, updatedAt - closedAt);
}

function isOfDefender({ detector, defenderId }: ViolationRecord): boolean {
  return detector === 'device-defender' || defenderId !== undefined;
}
