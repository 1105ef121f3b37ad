import { descriptorOf } from '../actions/registry';
import type { LedgerEntry } from './ledger-entry';

/** Denies by policies, which IoT Core caches. */
export function isPolicyDenial({ action }: Pick<LedgerEntry, 'action'>): boolean {
  return descriptorOf(action).means === 'policy';
}

/**
 * Whether each denial by policy is verified, or at least applied if AWS gives no answer: without a proof, a certificate
 * must not stay inactive forever.
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
 * Whether a refused denial is replaced: every certificate that can connect is denied itself, which covers more than the
 * group does, or the action that this one backs is applied after all.
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
 * The time (epoch ms) from which new sessions are subject to a denial. An earlier session may use policies that IoT
 * Core has cached. It includes a margin, since the times of sessions are approximate.
 */
export function findBitesAt(deniedAt: number | undefined, policyCacheMs: number): number | undefined {
  return deniedAt === undefined
    ? undefined
    : deniedAt + policyCacheMs + Math.min(marginMs, policyCacheMs / 2);
}
