import type { Configuration } from '../configuration';
import { type Case, openViolations, owesNews, type ViolationRecord } from './case';

/** `history.keepClosed` of cordon.yml. */
export function readKeeping({ history }: Pick<Configuration, 'history'>): number {
  return history.keepClosed === 'forever' ? Infinity : history.keepClosed;
}

/** A case with the expiry of the case, its timeline and its channel states; none while it is open, or if kept forever. */
export function dateKeeping(record: Case, keepMs: number): Case {
  const { keptUntil: _before, ...rest } = record;
  if (record.status !== 'closed' || !Number.isFinite(keepMs)) return rest;
  return { ...rest, keptUntil: (record.closedAt ?? record.updatedAt) + keepMs };
}

/**
 * When a thing's newest case expires, which distinguishes late repeats from new events: together with its history, but
 * never while it has something to publish, or while its violation is active in Device Defender, where the sweep would
 * find it again.
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
