import type { Case } from './case';

/** When the release rule releases the thing, epoch ms; undefined if only an operator can. */
export function findReleaseAt(record: Case): number | undefined {
  const { release, containedAt } = record;
  if (!release || containedAt === undefined || 'by' in release) return undefined;
  if ('after' in release) return containedAt + release.after;
  // A finding of an audit lasts for days, and does not show how the device behaves.
  const own = Object.values(record.violations).filter(
    ({ caseId, kind }) => caseId === record.caseId && kind !== 'audit',
  );
  // A device that fell silent is invalidated, which is not clean (docs/facts.md#alarms).
  if (own.length === 0 || own.some(({ lastEventType }) => lastEventType !== 'alarm-cleared'))
    return undefined;
  // Clean since the last event of all its violations, but not before the containment.
  return Math.max(containedAt, ...own.map(({ lastEventAt }) => lastEventAt)) + release.clearedFor;
}
