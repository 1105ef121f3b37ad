import type { Case } from './case';
import { findReleaseAt } from './release-rule';
import { findTemporaryDeactivation } from './temporary-deactivation';

/**
 * The number of cases that the sweep handles in a minute. At five a second, they take 45 of the function's 60 seconds.
 * The others are due again a minute later.
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
