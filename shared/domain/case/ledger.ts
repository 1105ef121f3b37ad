import { type ActionName, descriptorOf } from '../actions/registry';
import type { LedgerEntry } from './case';
import { isPolicyDenial } from './policy-denials';
import { extendPrior, findPrior, type PlanContext } from './prior-state';
import {
  extendTemporaryDeactivation,
  isLastingDeactivation,
  mayConnect,
  planTemporaryDeactivation,
} from './temporary-deactivation';

/**
 * Plans each action with the state it finds. An entry that still holds the thing keeps its prior state: that, not
 * the present one, is what release must restore. What cuts soonest comes first, whatever AWS says of the rest: the
 * certificate, so that what is cut can't come back, then the session, then the policies, which take minutes to spread.
 */
export function planLedger(
  ledger: readonly LedgerEntry[],
  actions: readonly ActionName[],
  context: PlanContext,
): LedgerEntry[] {
  const kept = ledger.filter(({ action, status }) => status !== 'reverted' && !actions.includes(action));
  const planned = actions.map((action): LedgerEntry => {
    const held = ledger.find((entry) => entry.action === action && entry.status !== 'reverted');
    // A bridge leaves certificates out that the action itself does not.
    const more = held?.bridge && extendPrior(held.prior, context);
    const prior = more ?? held?.prior ?? findPrior(action, context);
    return { action, status: 'planned', prior, plannedAt: context.now, attempts: 0 };
  });
  const all = [...planned, ...kept];
  return [...all, ...planTemporaryDeactivation(all, context)].toSorted((a, b) => rankOf(a) - rankOf(b));
}

const ranks = { 'certificate-status': 0, session: 1, policy: 2, none: 3 } as const;

function rankOf({ action }: LedgerEntry): number {
  return ranks[descriptorOf(action).means];
}

/**
 * Plans what backs an action that AWS refused: it denies as well, but only certificates that no other thing uses. It
 * stands in for the action where it reaches all that can connect. Returns the same ledger where nothing can be done.
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
  const prior = findPrior(action, context);
  const added: LedgerEntry = { action, status: 'planned', prior, plannedAt: context.now, attempts: 0 };
  return [...others, added].toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** Takes in certificates that were attached to the thing while it was held; those entries are applied again. */
export function extendLedger(ledger: readonly LedgerEntry[], context: PlanContext): LedgerEntry[] {
  const extended = ledger.map((entry): LedgerEntry => {
    if (entry.bridge || entry.status === 'reverted') return entry;
    const prior = extendPrior(entry.prior, context);
    return prior ? { ...entry, prior, status: 'planned' } : entry;
  });
  return extendTemporaryDeactivation(extended, context).toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** Has the denials by policy count from now: for a certificate that is new to them they have yet to spread. */
export function countAnew(ledger: readonly LedgerEntry[], now: number): LedgerEntry[] {
  return ledger.map((entry) => {
    if (!isPolicyDenial(entry) || entry.status === 'reverted') return entry;
    const { appliedAt: _appliedAt, verifiedAt: _verifiedAt, unproven: _unproven, ...rest } = entry;
    return { ...rest, status: 'planned', plannedAt: now };
  });
}

/** Ends sessions, and has to again whenever the device comes back. */
export function isCut({ action }: Pick<LedgerEntry, 'action'>): boolean {
  return descriptorOf(action).means === 'session';
}

/** Has the session ended again. */
export function replanCut(ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger.map((entry) => (isCut(entry) ? { ...entry, status: 'planned' } : entry));
}

/** When the broker was first told to refuse the device; it may go on with cached policies for a while. */
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
 * Has what was verified verified again. What holds nothing is asked for once: AWS keeps jobs and tasks for a time, and the
 * device must not be asked anew.
 */
export function reverify(entry: LedgerEntry): LedgerEntry {
  return entry.status === 'verified' && descriptorOf(entry.action).means !== 'none'
    ? { ...entry, status: 'applied' }
    : entry;
}
