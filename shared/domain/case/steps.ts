import type { ActionName } from '../actions/registry';
import { isEqual } from '../json';
import { type Case, isContainment } from './case';
import type { Detail } from './details';
import type { LedgerEntry } from './ledger-entry';
import { announce, note } from './outbox';
import { isDeniedByPolicy } from './policy-denials';
import { findTemporaryDeactivation } from './temporary-deactivation';

/** One thing to do to AWS, of a saved plan. */
export interface Step {
  readonly kind: 'apply' | 'verify' | 'revert';
  readonly entry: LedgerEntry;
}

export type Outcome =
  /** `left`, of a revert: the parts that are not as they were before, because Cordon can't or must not restore them. */
  | { readonly result: 'done'; readonly detail: readonly Detail[]; readonly left?: readonly Detail[] }
  /** Verify: not verified (yet); `unproven` if AWS gave no answer. */
  | { readonly result: 'unverified'; readonly detail: readonly Detail[]; readonly unproven?: true }
  /** Revert: somebody else changed an object that it would restore. */
  | { readonly result: 'conflict'; readonly detail: readonly Detail[] }
  /** Apply: AWS refused permanently, or failed too often; `isUnsure` if a call may have had its effect all the same. */
  | { readonly result: 'refused'; readonly detail: readonly Detail[]; readonly isUnsure?: true };

/**
 * The next step of a case; `seen` are actions that this invocation has finished. Unless the kill switch is off
 * (`withheld`), nothing is applied, not even an earlier plan; verification and release continue.
 */
export function nextStep(record: Case, seen: ReadonlySet<ActionName>, withheld = false): Step | undefined {
  if (record.status === 'releasing') {
    // Last applied is first undone.
    const entry = record.ledger.findLast(({ status }) => status !== 'reverted' && status !== 'conflict');
    const retried =
      entry ?? record.ledger.findLast(({ action, status }) => status === 'conflict' && !seen.has(action));
    return retried && { kind: 'revert', entry: retried };
  }
  if (!isContainment(record)) return undefined;
  const planned = record.ledger.find(({ action, status }) => status === 'planned' && !seen.has(action));
  if (planned && !withheld) return { kind: 'apply', entry: planned };
  const applied = record.ledger.find(({ action, status }) => status === 'applied' && !seen.has(action));
  if (applied) return { kind: 'verify', entry: applied };
  const deactivation = findTemporaryDeactivation(record.ledger);
  return deactivation?.temporary.over && isDeniedByPolicy(record.ledger)
    ? { kind: 'revert', entry: deactivation }
    : undefined;
}

/** Steps of one kind that do not depend on each other. */
export interface Round {
  readonly kind: Step['kind'];
  readonly steps: readonly Step[];
}

/**
 * The next steps that can run in parallel: all planned ones, then all verifications. Reverts run one after the other, as
 * each depends on the ones before.
 */
export function nextRound(record: Case, seen: ReadonlySet<ActionName>, withheld = false): Round | undefined {
  const first = nextStep(record, seen, withheld);
  if (!first) return undefined;
  const { kind, entry } = first;
  if (kind === 'revert') return { kind, steps: [first] };
  const entries = record.ledger.filter(
    (other) => other === entry || (other.status === entry.status && !seen.has(other.action)),
  );
  return { kind, steps: entries.map((one) => ({ kind, entry: one })) };
}

export function recordOutcome(record: Case, step: Step, outcome: Outcome, now: number): Case {
  const { entry } = step;
  const { detail } = outcome;
  const done = outcome.result === 'done';
  const changed: LedgerEntry =
    step.kind === 'apply'
      ? {
          ...entry,
          status: done ? 'applied' : 'failed',
          attempts: entry.attempts + 1,
          detail,
          ...(done && { appliedAt: entry.appliedAt ?? now }),
          ...(outcome.result === 'refused' && outcome.isUnsure && { wasApplied: true }),
        }
      : step.kind === 'verify'
        ? recordVerification(entry, outcome, now)
        : recordRevert(entry, outcome, now);
  const ledger = record.ledger.map((other) => (other.action === entry.action ? changed : other));
  const next = { ...record, ledger, updatedAt: now };
  // The timeline records only changes: no repeated result, and no repeated refusal.
  const doneBefore = { apply: entry.appliedAt, verify: entry.verifiedAt, revert: undefined }[step.kind];
  if (done ? doneBefore !== undefined : isEqual(entry.detail, detail)) return next;
  const { action } = entry;
  const event = { code: 'step', action, kind: step.kind, result: outcome.result, detail } as const;
  const noted = note(next, { at: now, event });
  // The release itself reports what it leaves.
  const isLeft = outcome.result === 'done' && outcome.left && step.kind === 'revert';
  return isLeft && record.status !== 'releasing'
    ? announce(noted, 'contained', [{ code: 'deactivation-over', detail }], now)
    : noted;
}

function recordRevert({ left: _left, ...entry }: LedgerEntry, outcome: Outcome, now: number): LedgerEntry {
  const { detail } = outcome;
  if (outcome.result !== 'done') return { ...entry, status: 'conflict', detail };
  const { left = [] } = outcome;
  return { ...entry, status: 'reverted', detail, revertedAt: now, ...(left.length > 0 && { left }) };
}

function recordVerification(
  { unproven: _unproven, ...entry }: LedgerEntry,
  outcome: Outcome,
  now: number,
): LedgerEntry {
  const { detail } = outcome;
  if (outcome.result === 'done')
    return { ...entry, detail, status: 'verified', verifiedAt: entry.verifiedAt ?? now };
  // A missing answer changes nothing: the application counts from its time.
  if (outcome.result === 'unverified' && outcome.unproven) return { ...entry, detail, unproven: true };
  if (entry.verifiedAt === undefined) return { ...entry, detail };
  // A lost proof: the denial, and the trust in new sessions, count from its next application.
  const { appliedAt: _appliedAt, verifiedAt: _verifiedAt, ...lost } = entry;
  return { ...lost, detail, wasApplied: true };
}
