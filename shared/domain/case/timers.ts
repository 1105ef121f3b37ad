import type { Case } from './case';
import { findTemporaryDeactivation } from './temporary-deactivation';

/** When the release rule releases the thing, epoch ms; undefined if only an operator can. */
export function findReleaseAt(record: Case): number | undefined {
  const { release, containedAt } = record;
  if (!release || containedAt === undefined || 'by' in release) return undefined;
  if ('after' in release) return containedAt + release.after;
  // What an audit finds lasts for days, and says nothing of how the device behaves.
  const own = Object.values(record.violations).filter(
    ({ caseId, kind }) => caseId === record.caseId && kind !== 'audit',
  );
  // A device that fell silent is invalidated, which is not clean (docs/facts.md#alarms).
  if (own.length === 0 || own.some(({ lastEventType }) => lastEventType !== 'alarm-cleared'))
    return undefined;
  // Clean since the last event of all its violations, but not before the containment.
  return Math.max(containedAt, ...own.map(({ lastEventAt }) => lastEventAt)) + release.clearedFor;
}

/**
 * How many cases the sweep takes up in a minute, at five a second: they take 45 of the function's 60 seconds. The others are
 * still due a minute later.
 */
export const mostResumedAMinute = 225;

/** How long a verified denial is trusted at first, and at most, before the sweep verifies it again. */
const firstReverifyMs = 15 * 60_000;
export const longestReverifyMs = 2 * 3_600_000;

/**
 * When a held thing is verified again, epoch ms: after a quarter of the time it has been held, so that a fleet of held
 * things doesn't delay the next containment, and spread by the case's id, so that a wave isn't verified at once.
 */
export function findVerificationAt({ caseId, containedAt }: Case, now: number): number {
  const heldMs = now - (containedAt ?? now);
  const interval = Math.min(Math.max(heldMs / 4, firstReverifyMs), longestReverifyMs);
  // The id is a hash, so its first digits are random.
  const share = (Number.parseInt(caseId.slice(0, 4), 16) || 0) / 0xffff;
  return now + Math.round(interval * (1 - share / 4));
}

export type DueKind = 'DUE' | 'RETRY' | 'ROUTINE';

/**
 * Why a case is due, in the sweep's order of urgency: unfinished work; another attempt for a failed or lost denial or a failed release, of
 * which a whole fleet may have some each minute; another verification of a standing denial.
 */
export function findDueKind(record: Case): DueKind {
  const { status, dueAt, ledger, containedAt } = record;
  const isLater =
    dueAt !== undefined &&
    dueAt < (findReleaseAt(record) ?? Infinity) &&
    !findTemporaryDeactivation(ledger) &&
    !ledger.some((entry) => entry.status === 'planned');
  if (!isLater) return 'DUE';
  if (status === 'contained') return 'ROUTINE';
  const wasTried =
    status === 'containment-failed' ||
    status === 'release-conflict' ||
    (status === 'containing' && containedAt !== undefined);
  return wasTried ? 'RETRY' : 'DUE';
}
