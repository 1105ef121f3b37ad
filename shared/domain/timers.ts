import { type Case, openViolations } from './case';

/** When time itself releases the thing, epoch ms; undefined while only an operator can. */
export function findReleaseAt(record: Case): number | undefined {
  const { release, containedAt } = record;
  if (!release || containedAt === undefined || 'by' in release) return undefined;
  if ('after' in release) return containedAt + release.after;
  if (openViolations(record).length > 0) return undefined;
  const own = Object.values(record.violations).filter(({ caseId }) => caseId === record.caseId);
  // Clean since the last event of all its violations, and no sooner than it was held.
  const cleanSince = Math.max(containedAt, ...own.map(({ lastEventAt }) => lastEventAt));
  return own.length > 0 ? cleanSince + release.clearedFor : undefined;
}
