import { descriptorOf } from '../actions/registry';
import type { LedgerEntry } from './case';

/** Denies by policies, which IoT Core caches. */
export function isPolicyDenial({ action }: Pick<LedgerEntry, 'action'>): boolean {
  return descriptorOf(action).means === 'policy';
}

/**
 * Whether each denial by policy is verified, or applied where AWS has no answer: a certificate must not stay inactive
 * for ever because a proof stays out.
 */
export function isDeniedByPolicy(ledger: readonly LedgerEntry[]): boolean {
  const denials = listPolicyDenials(ledger);
  return (
    denials.length > 0 &&
    denials.every(({ status, unproven }) => status === 'verified' || (status === 'applied' && unproven))
  );
}

export function listPolicyDenials(ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger.filter(
    (entry) => isPolicyDenial(entry) && entry.status !== 'reverted' && !isReplaced(entry, ledger),
  );
}

/**
 * Whether a denial that AWS refused is made up for: all certificates that can connect are denied themselves, which
 * reaches further than the group, or what it stood in for is in place by now.
 */
export function isReplaced(entry: LedgerEntry, ledger: readonly LedgerEntry[]): boolean {
  if (entry.status !== 'failed') return false;
  return ledger.some(
    (other) => isInPlace(other) && (reachesAll(other, entry) || other.action === entry.standsInFor),
  );
}

function isInPlace({ status }: LedgerEntry): boolean {
  return status === 'applied' || status === 'verified';
}

function reachesAll(denied: LedgerEntry, { action, prior }: LedgerEntry): boolean {
  const { backup } = descriptorOf(action);
  if (denied.action !== backup?.action) return false;
  const arns = new Set(descriptorOf(denied.action).listDenied?.(denied.prior));
  return denied.standsInFor === action || backup.isCovered(prior, arns);
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
