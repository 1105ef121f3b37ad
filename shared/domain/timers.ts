import type { Case } from './case';
import { findBridge } from './temporary-deactivation';

/** When time itself releases the thing, epoch ms; undefined while only an operator can. */
export function findReleaseAt(record: Case): number | undefined {
  const { release, containedAt } = record;
  if (!release || containedAt === undefined || 'by' in release) return undefined;
  if ('after' in release) return containedAt + release.after;
  const own = Object.values(record.violations).filter(({ caseId }) => caseId === record.caseId);
  // A device that fell silent is invalidated, which is not clean (docs/facts.md#alarms).
  if (own.length === 0 || own.some(({ lastEventType }) => lastEventType !== 'alarm-cleared'))
    return undefined;
  // Clean since the last event of all its violations, and no sooner than it was held.
  return Math.max(containedAt, ...own.map(({ lastEventAt }) => lastEventAt)) + release.clearedFor;
}

/** How long a verified denial is trusted at first, and at most, before the sweep verifies it again. */
const firstReverifyMs = 15 * 60_000;
export const longestReverifyMs = 2 * 3_600_000;

/**
 * When a held thing is verified again, epoch ms: after a quarter of the time it has been held, so that a fleet's worth of
 * held things doesn't crowd out the next containment, and spread by the case, so that a wave of them doesn't come back at once.
 */
export function findVerificationAt({ caseId, containedAt }: Case, now: number): number {
  const heldMs = now - (containedAt ?? now);
  const interval = Math.min(Math.max(heldMs / 4, firstReverifyMs), longestReverifyMs);
  // The id is a hash: its first digits are as good as a die.
  const share = (Number.parseInt(caseId.slice(0, 4), 16) || 0) / 0xffff;
  return now + Math.round(interval * (1 - share / 4));
}

/** Whether a case is due for nothing but another look at a denial that stands: whatever else is due comes first. */
export function isRoutine(record: Case): boolean {
  const { status, dueAt, ledger } = record;
  return (
    status === 'contained' &&
    dueAt !== undefined &&
    dueAt < (findReleaseAt(record) ?? Infinity) &&
    !findBridge(ledger) &&
    !ledger.some((entry) => entry.status === 'planned')
  );
}
