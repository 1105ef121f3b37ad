import { type Case, isOpen } from '../case/case';
import type { ViolationRecord } from '../case/violation-record';
import type { Finding } from '../findings/finding';
import { isHeld } from './plan';

/** Metrics that a containment itself drives out of bounds (Device Defender developer guide, "Cloud-side metrics"). */
const drivenMetrics = new Set([
  'aws:num-authorization-failures',
  'aws:num-connection-attempts',
  'aws:num-disconnects',
  'aws:disconnect-duration',
]);

export function isOfSideEffect({ metric }: Finding): boolean {
  return metric !== undefined && drivenMetrics.has(metric);
}

/** How long a side effect of a containment may stay in alarm after it: Detect sums these metrics over at most an hour. */
const lastsMs = 3_600_000;

/**
 * A violation caused by a containment itself is not announced: neither while the containment holds or is being reverted,
 * nor for a while afterwards if it began during it, since the sweep finds what is still in alarm.
 */
export function isSideEffect(
  record: Case,
  known: ViolationRecord | undefined,
  violation: Finding,
  now: number,
): boolean {
  if (!isOfSideEffect(violation) || known?.caseId === record.caseId) return false;
  if (isOpen(record)) return isHeld(record) || record.status === 'releasing';
  const { pastContainments = [], openedAt, closedAt } = record;
  const heldAt = pastContainments.at(-1) ?? 0;
  const within = heldAt >= openedAt && violation.occurredAt >= heldAt && violation.occurredAt <= closedAt;
  return within && now < closedAt + lastsMs;
}
