import type { Configuration } from '../configuration';
import type { Case, ClosedCase } from './case';
import { owesNews } from './outbox';
import { openViolations, type ViolationRecord } from './violation-record';

/** `history.keepClosed` of cordon.yml. */
export function readKeeping({ history }: Pick<Configuration, 'history'>): number {
  return history.keepClosed === 'forever' ? Infinity : history.keepClosed;
}

/** A closed case with the expiry of the case, its timeline and its channel states; none if kept forever. */
export function dateKeeping(record: ClosedCase, keepMs: number): ClosedCase {
  const { keptUntil: _before, ...rest } = record;
  return Number.isFinite(keepMs) ? { ...rest, keptUntil: record.closedAt + keepMs } : rest;
}

/** When a case expires, epoch ms; undefined while it is open, or if kept forever. */
export function findKeptUntil(record: Case): number | undefined {
  return record.status === 'closed' ? record.keptUntil : undefined;
}

/**
 * When a thing's newest case expires, which distinguishes late repeats from new events: together with its history, but
 * never while it has something to publish, or while its violation is active in Device Defender, where the sweep would
 * find it again.
 */
export function findMemoryEnd(record: Case): number | undefined {
  if (record.status !== 'closed') return undefined;
  const { keptUntil, updatedAt, closedAt } = record;
  if (keptUntil === undefined || owesNews(record) || openViolations(record).some(isOfDefender))
    return undefined;
  return keptUntil + Math.max(0, updatedAt - closedAt);
}

function isOfDefender({ detector, defenderId }: ViolationRecord): boolean {
  return detector === 'device-defender' || defenderId !== undefined;
}
