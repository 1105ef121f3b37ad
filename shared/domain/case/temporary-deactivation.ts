import { descriptorOf } from '../actions/registry';
import type { PrincipalFacts } from '../facts';
import { nameShared } from '../guards/guards';
import type { LedgerEntry } from './case';
import { findBitesAt, isDeniedByPolicy, isPolicyDenial, listPolicyDenials } from './policy-denials';
import { extendPrior, findPrior, type PlanContext } from './prior-state';
import type { LeftOut } from './reasons';

/** Certificates to deactivate until the denial by policy has spread, and why the others are not. */
interface Temporary {
  readonly principals: readonly PrincipalFacts[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * A device that was cut may come back at once with the policies that IoT Core has cached, but not with a certificate
 * that is not ACTIVE (API reference, UpdateCertificate). So its own certificates are inactive for that time. One that
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
export function isLastingDeactivation({ action, bridge }: LedgerEntry): boolean {
  return descriptorOf(action).means === 'certificate-status' && !bridge;
}

export function planTemporaryDeactivation(
  ledger: readonly LedgerEntry[],
  context: PlanContext,
): LedgerEntry[] {
  const { facts, policyCacheMs, now } = context;
  const { principals } = findTemporary(ledger, context);
  if (facts.kind !== 'known' || principals.length === 0 || findTemporaryDeactivation(ledger)) return [];
  const prior = findPrior('deactivate-certificate', { ...context, facts: { ...facts, principals } });
  const bridge = { spreadMs: policyCacheMs };
  return [{ action: prior.action, bridge, status: 'planned', prior, plannedAt: now, attempts: 0 }];
}

/**
 * Has the bridge hold certificates that came since as well. One that is over begins anew for them alone, unless release
 * has something to tell of it.
 */
export function extendTemporaryDeactivation(
  ledger: readonly LedgerEntry[],
  context: PlanContext,
): readonly LedgerEntry[] {
  const before = ledger.find(({ bridge }) => bridge);
  const others = ledger.filter(({ bridge }) => !bridge);
  const [fresh] = planTemporaryDeactivation(others, context);
  if (!fresh) return ledger;
  if (!before || (before.status === 'reverted' && !before.left)) return [...others, fresh];
  return [...others, { ...fresh, prior: extendPrior(before.prior, context) ?? before.prior }];
}

/** Why certificates may go on connecting until the policies have spread. */
export function listLeftOut(ledger: readonly LedgerEntry[], context: PlanContext): readonly LeftOut[] {
  return findTemporary(ledger, context).leftOut;
}

/** AWS IoT lets no device connect with a certificate that is not ACTIVE; one whose status is unknown may be. */
export function mayConnect({ status, before }: PrincipalFacts): boolean {
  // Inactive by another containment only, it is ACTIVE again once that ends.
  return status === undefined || status === 'ACTIVE' || before?.statusBefore === 'ACTIVE';
}

/** The deactivation that bridges the cache, while it stands or may stand. */
export function findTemporaryDeactivation(
  ledger: readonly LedgerEntry[],
): (LedgerEntry & Required<Pick<LedgerEntry, 'bridge'>>) | undefined {
  for (const { bridge, ...entry } of ledger)
    if (bridge && entry.status !== 'reverted' && entry.status !== 'conflict') return { ...entry, bridge };
  return undefined;
}

/**
 * When the bridge may go, epoch ms; undefined where there is none, or a denial by policy is not verified. Not before a
 * session is trusted: a device that comes back with its certificate would be cut, and be said to have evaded.
 */
export function findTemporaryDeactivationEnd(ledger: readonly LedgerEntry[]): number | undefined {
  const bridge = findTemporaryDeactivation(ledger)?.bridge;
  if (!bridge || !isDeniedByPolicy(ledger)) return undefined;
  const denials = listPolicyDenials(ledger);
  const deniedAt = Math.max(...denials.map(({ appliedAt, plannedAt }) => appliedAt ?? plannedAt));
  return findBitesAt(deniedAt, bridge.spreadMs);
}

/** Has the bridge undone if its time has passed; one whose denial by policy was lost meanwhile has to wait anew. */
export function endBridge(ledger: readonly LedgerEntry[], now: number): readonly LedgerEntry[] {
  const endsAt = findTemporaryDeactivationEnd(ledger);
  const isOver = endsAt !== undefined && endsAt <= now;
  return ledger.map(({ bridge, ...entry }) => {
    if (!bridge) return entry;
    const { over: _over, ...rest } = bridge;
    return { ...entry, bridge: { ...rest, ...(isOver && { over: true }) } };
  });
}
