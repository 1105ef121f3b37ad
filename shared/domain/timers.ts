import type { Case } from './case';

/** When time itself releases the thing, epoch ms; undefined while only an operator can. */
export function findReleaseAt(record: Case): number | undefined {
  const { release, containedAt } = record;
  if (!release || containedAt === undefined || 'by' in release) return undefined;
  if ('after' in release) return containedAt + release.after;
  const own = Object.values(record.violations).filter(({ caseId }) => caseId === record.caseId);
  // A device that fell silent is invalidated, which is not clean (device-defender.md, 5.6).
  if (own.length === 0 || own.some(({ lastEventType }) => lastEventType !== 'alarm-cleared'))
    return undefined;
  // Clean since the last event of all its violations, and no sooner than it was held.
  return Math.max(containedAt, ...own.map(({ lastEventAt }) => lastEventAt)) + release.clearedFor;
}

/** How far a lifecycle event's time may be off: AWS calls it approximate (IoT developer guide, "Lifecycle events"). */
const marginMs = 120_000;

/**
 * From when on a session has the rights that a denial left it, epoch ms: one that began before may go on with policies
 * that IoT Core has cached. Later than the cache lasts, since the times of sessions are not exact.
 */
export function findBitesAt(deniedAt: number | undefined, policyCacheMs: number): number | undefined {
  return deniedAt === undefined
    ? undefined
    : deniedAt + policyCacheMs + Math.min(marginMs, policyCacheMs / 2);
}
