import type { LedgerEntry } from './case';

/** Denies by policies, which IoT Core caches. */
export function isPolicyDenial({ action }: Pick<LedgerEntry, 'action'>): boolean {
  return action === 'quarantine' || action === 'deny-certificate' || action === 'replace-policy-version';
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
 * Whether a denial that AWS refused is made up for: the certificate is denied itself, which reaches further than the
 * group, or what it stood in for is in place by now.
 */
export function isReplaced(
  { action, status, standsInFor }: LedgerEntry,
  ledger: readonly LedgerEntry[],
): boolean {
  const substitute = action === 'quarantine' ? 'deny-certificate' : standsInFor;
  return (
    status === 'failed' &&
    ledger.some(
      (entry) => entry.action === substitute && (entry.status === 'applied' || entry.status === 'verified'),
    )
  );
}
