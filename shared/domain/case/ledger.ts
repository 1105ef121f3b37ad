import { type ActionName, descriptorOf } from '../actions/registry';
import { findTouched, type LedgerEntry } from './ledger-entry';
import { isPolicyDenial } from './policy-denials';
import { extendPrior, findPrior, type PlanContext, renewPrior } from './prior-state';
import {
  extendTemporaryDeactivation,
  isLastingDeactivation,
  mayConnect,
  planTemporaryDeactivation,
} from './temporary-deactivation';

/**
 * Plans each action with the state it finds. An entry that still holds the thing keeps its prior state: release must
 * restore that, not the present one. The fastest denial comes first: the certificate, so that the device can't return,
 * then the session, then the policies, which take minutes to spread.
 */
export function planLedger(
  ledger: readonly LedgerEntry[],
  actions: readonly ActionName[],
  context: PlanContext & { readonly isHeld: boolean },
): LedgerEntry[] {
  const kept = ledger.filter(({ action, status }) => status !== 'reverted' && !actions.includes(action));
  const planned = actions.map((action): LedgerEntry => {
    const held = ledger.find((entry) => entry.action === action && entry.status !== 'reverted');
    // A temporary deactivation omits certificates that the action itself includes. And what a release has left may be older
    // than a certificate of the thing. For a held thing, `coverCertificates` asks whether others use a new one.
    const more = held && (held.temporary || !context.isHeld) ? extendPrior(held.prior, context) : undefined;
    const prior = more ?? held?.prior ?? findPrior(action, context, isReverted(ledger, action));
    const wasApplied = held && findTouched(held) === 'maybe' && { wasApplied: true as const };
    return { action, status: 'planned', prior, plannedAt: context.now, attempts: 0, ...wasApplied };
  });
  const all = [...planned, ...kept];
  return [...all, ...planTemporaryDeactivation(all, context)].toSorted((a, b) => rankOf(a) - rankOf(b));
}

function isReverted(ledger: readonly LedgerEntry[], action: ActionName): boolean {
  return ledger.some((entry) => entry.action === action && entry.status === 'reverted');
}

const ranks = { 'certificate-status': 0, session: 1, policy: 2, none: 3 } as const;

function rankOf({ action }: LedgerEntry): number {
  return ranks[descriptorOf(action).means];
}

/**
 * Plans the backup of an action that AWS refused: it also denies, but only certificates that no other thing uses. It
 * replaces the action if it covers every certificate that can connect. Returns the same ledger if there is none.
 */
export function replaceRefused(ledger: readonly LedgerEntry[], context: PlanContext): readonly LedgerEntry[] {
  const { facts } = context;
  const refused = findRefused(ledger);
  if (!refused || facts.kind !== 'known') return ledger;
  const own = facts.principals.filter(({ sharedWith }) => sharedWith.length === 0);
  if (own.length === 0) return ledger;
  const reachesAll = facts.principals.every((one) => own.includes(one) || !mayConnect(one));
  const { action } = refused.backup;
  return planMore(ledger, action, { ...context, facts: { ...facts, principals: own } }).map((entry) =>
    reachesAll && entry.action === action ? { ...entry, standsInFor: refused.entry.action } : entry,
  );
}

/** An action that AWS refused, and whose backup is not planned yet. */
export function findRefused(ledger: readonly LedgerEntry[]) {
  for (const entry of ledger) {
    const { backup } = descriptorOf(entry.action);
    const isBacked = ledger.some(({ action, status }) => action === backup?.action && status !== 'reverted');
    if (backup && entry.status === 'failed' && !isBacked) return { entry, backup };
  }
  return undefined;
}

/** Adds one action to those that hold the thing. */
export function planMore(
  ledger: readonly LedgerEntry[],
  action: ActionName,
  context: PlanContext,
): LedgerEntry[] {
  const others = ledger.filter((entry) => entry.action !== action);
  const prior = findPrior(action, context, isReverted(ledger, action));
  const added: LedgerEntry = { action, status: 'planned', prior, plannedAt: context.now, attempts: 0 };
  return [...others, added].toSorted((a, b) => rankOf(a) - rankOf(b));
}

/**
 * Adds certificates that were attached to the thing while it was held; their entries are applied again, and count from then:
 * a session of such a certificate may have begun at any time before.
 */
export function extendLedger(ledger: readonly LedgerEntry[], context: PlanContext): LedgerEntry[] {
  const extended = ledger.map((entry): LedgerEntry => {
    if (entry.temporary || entry.status === 'reverted') return entry;
    const prior = extendPrior(entry.prior, context);
    return prior ? startAnew({ ...entry, prior }, context.now) : entry;
  });
  return extendTemporaryDeactivation(extended, context).toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** Restarts the spreading time of the denials by policy, which begins again for a new certificate. */
export function countAnew(ledger: readonly LedgerEntry[], now: number): LedgerEntry[] {
  return ledger.map((entry) => {
    if (!isPolicyDenial(entry) || entry.status === 'reverted') return entry;
    return startAnew(entry, now);
  });
}

function startAnew(entry: LedgerEntry, now: number): LedgerEntry {
  const { appliedAt, verifiedAt: _verifiedAt, unproven: _unproven, ...rest } = entry;
  const wasApplied = appliedAt !== undefined && { wasApplied: true as const };
  return { ...rest, status: 'planned', plannedAt: now, ...wasApplied };
}

/** Actions that are planned, and for which no call was made yet. */
export function listUntried(ledger: readonly LedgerEntry[]): ActionName[] {
  return ledger.flatMap((entry) => (isUntried(entry) ? entry.action : []));
}

function isUntried(entry: LedgerEntry): boolean {
  return entry.status === 'planned' && findTouched(entry) === 'nothing';
}

/** Finds anew what a release restores, since people may have changed it while these plans waited. */
export function renewUntried(
  ledger: readonly LedgerEntry[],
  actions: readonly ActionName[],
  context: PlanContext,
): LedgerEntry[] {
  return ledger.map((entry) =>
    isUntried(entry) && actions.includes(entry.action)
      ? { ...entry, prior: renewPrior(entry.prior, context) }
      : entry,
  );
}

/** Counts the plans as tried: after a crash, or a fault of AWS, the outcome of their calls is unknown. */
export function countTried(ledger: readonly LedgerEntry[], actions: readonly ActionName[]): LedgerEntry[] {
  return ledger.map((entry) =>
    entry.status === 'planned' && actions.includes(entry.action)
      ? { ...entry, attempts: entry.attempts + 1 }
      : entry,
  );
}

/** Ends sessions, and must do so again whenever the device reconnects. */
export function isCut({ action }: Pick<LedgerEntry, 'action'>): boolean {
  return descriptorOf(action).means === 'session';
}

/** Plans to end the session again. */
export function replanCut(ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger.map((entry) => (isCut(entry) ? { ...entry, status: 'planned' } : entry));
}

/** When the broker was first set to refuse the device; it may use cached policies for a while. */
export function findDeniedAt(ledger: readonly LedgerEntry[]): number | undefined {
  const applied = ledger.flatMap((entry) =>
    (isPolicyDenial(entry) || isLastingDeactivation(entry)) &&
    entry.status !== 'reverted' &&
    entry.appliedAt !== undefined
      ? [entry.appliedAt]
      : [],
  );
  return applied.length > 0 ? Math.min(...applied) : undefined;
}

/**
 * Marks verified entries for another verification. Jobs and tasks are excluded, since they hold nothing: AWS keeps them
 * for a limited time, and the device must not get them twice.
 */
export function reverify(entry: LedgerEntry): LedgerEntry {
  return entry.status === 'verified' && descriptorOf(entry.action).means !== 'none'
    ? { ...entry, status: 'applied' }
    : entry;
}
