import { descriptorOf } from '../actions/registry';
import type { PrincipalFacts } from '../facts';
import { nameShared } from '../guards/shared-objects';
import type { LedgerEntry } from './ledger-entry';
import { findBitesAt, isDeniedByPolicy, isPolicyDenial, listPolicyDenials } from './policy-denials';
import { extendPrior, findPrior, type PlanContext } from './prior-state';
import type { LeftOut } from './reasons';

/** Certificates to deactivate until the denial by policy has spread, and why the others are not. */
interface Temporary {
  readonly principals: readonly PrincipalFacts[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * A device that was cut can reconnect at once with the policies that IoT Core has cached, but not with a certificate that
 * is not ACTIVE (API reference, UpdateCertificate). So its own certificates are inactive for that time. A certificate that
 * others use as well is left out, and each connect with it is cut; one that is not ACTIVE can't connect anyway.
 */
function findTemporary(ledger: readonly LedgerEntry[], context: PlanContext): Temporary {
  const { configuration, facts, policyCacheMs } = context;
  const isNeeded =
    policyCacheMs > 0 &&
    ledger.some(isPolicyDenial) &&
    ledger.some(({ action }) => descriptorOf(action).means === 'session') &&
    !ledger.some(isLastingDeactivation);
  if (!isNeeded || facts.kind !== 'known') return { principals: [], leftOut: [] };
  if (configuration.quarantine.untilPoliciesSpread === 'cut-reconnects')
    return { principals: [], leftOut: [{ code: 'cut-reconnects' }] };
  const usable = facts.principals.filter(mayConnect);
  const principals = usable.filter(({ sharedWith }) => sharedWith.length === 0);
  const leftOut = usable
    .filter(({ sharedWith }) => sharedWith.length > 0)
    .map((one) => nameShared('certificate', one.certificateId.slice(0, 8), one));
  return { principals, leftOut };
}

/** A deactivation that stays until the release. */
export function isLastingDeactivation({ action, temporary }: LedgerEntry): boolean {
  return descriptorOf(action).means === 'certificate-status' && !temporary;
}

export function planTemporaryDeactivation(
  ledger: readonly LedgerEntry[],
  context: PlanContext,
): LedgerEntry[] {
  const { facts, policyCacheMs, now } = context;
  const { principals } = findTemporary(ledger, context);
  if (facts.kind !== 'known' || principals.length === 0 || findTemporaryDeactivation(ledger)) return [];
  const prior = findPrior('deactivate-certificate', { ...context, facts: { ...facts, principals } });
  const until = { temporary: { spreadMs: policyCacheMs } };
  return [{ action: prior.action, ...until, status: 'planned', prior, plannedAt: now, attempts: 0 }];
}

/**
 * Extends the temporary deactivation to newly attached certificates. A finished one starts again for those alone, unless
 * the release must report what it left.
 */
export function extendTemporaryDeactivation(
  ledger: readonly LedgerEntry[],
  context: PlanContext,
): readonly LedgerEntry[] {
  const before = ledger.find(({ temporary }) => temporary);
  const others = ledger.filter(({ temporary }) => !temporary);
  const [fresh] = planTemporaryDeactivation(others, context);
  if (!fresh) return ledger;
  if (!before || (before.status === 'reverted' && !before.left)) return [...others, fresh];
  return [...others, { ...fresh, prior: extendPrior(before.prior, context) ?? before.prior }];
}

/** Why some certificates can still connect until the policies have spread. */
export function listLeftOut(ledger: readonly LedgerEntry[], context: PlanContext): readonly LeftOut[] {
  return findTemporary(ledger, context).leftOut;
}

/** AWS IoT accepts only ACTIVE certificates; an unknown status may be ACTIVE. */
export function mayConnect({ status, before }: PrincipalFacts): boolean {
  // Inactive only because of another containment, so it is ACTIVE again once that ends.
  return status === undefined || status === 'ACTIVE' || before?.statusBefore === 'ACTIVE';
}

/** The deactivation for the time of cached policies, while it holds or may hold. */
export function findTemporaryDeactivation(
  ledger: readonly LedgerEntry[],
): (LedgerEntry & Required<Pick<LedgerEntry, 'temporary'>>) | undefined {
  for (const { temporary, ...entry } of ledger)
    if (temporary && entry.status !== 'reverted' && entry.status !== 'conflict')
      return { ...entry, temporary };
  return undefined;
}

/**
 * When the temporary deactivation may end (epoch ms). Undefined without one, or while a denial by policy is unverified.
 * It must not end before new sessions are trusted: otherwise Cordon would cut a device that returns with its
 * certificate, and count it as evading.
 */
export function findTemporaryDeactivationEnd(ledger: readonly LedgerEntry[]): number | undefined {
  const deactivation = findTemporaryDeactivation(ledger);
  if (!deactivation || !isDeniedByPolicy(ledger)) return undefined;
  const denials = listPolicyDenials(ledger);
  const deniedAt = Math.max(...denials.map(({ appliedAt, plannedAt }) => appliedAt ?? plannedAt));
  return findBitesAt(deniedAt, deactivation.temporary.spreadMs);
}

/** Marks the temporary deactivation as over once its time has passed; if its denial by policy was lost, it waits again. */
export function endTemporaryDeactivation(
  ledger: readonly LedgerEntry[],
  now: number,
): readonly LedgerEntry[] {
  const endsAt = findTemporaryDeactivationEnd(ledger);
  const isOver = endsAt !== undefined && endsAt <= now;
  return ledger.map(({ temporary, ...entry }) => {
    if (!temporary) return entry;
    const { over: _over, ...rest } = temporary;
    return { ...entry, temporary: { ...rest, ...(isOver && { over: true }) } };
  });
}
