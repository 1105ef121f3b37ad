import type { ActionName } from '../actions/registry';
import type { KillSwitch } from '../guards/kill-switch';
import { isEqual } from '../json';
import { type Case, type ContainmentCase, isContainment } from './case';
import type { Detail } from './details';
import { type LedgerEntry, listConflicts } from './ledger-entry';
import { close, retryMs } from './lifecycle';
import { announce, note } from './outbox';
import { isDeniedByPolicy, isPolicyDenial, isReplaced } from './policy-denials';
import type { Reason } from './reasons';
import { remind, startReminding } from './reminders';
import { listStrength } from './strength';
import { findTemporaryDeactivation, findTemporaryDeactivationEnd } from './temporary-deactivation';
import { findReleaseAt, findVerificationAt } from './timers';

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
  /** Revert: somebody else changed an object that it would restore. Apply: AWS refused permanently. */
  | { readonly result: 'conflict' | 'refused'; readonly detail: readonly Detail[] };

/** After this long without a verified denial the containment counts as failed, but the attempts continue. */
const verifyDeadlineMs = 20 * 60_000;

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
  const temporary = findTemporaryDeactivation(record.ledger);
  return temporary?.bridge.over && isDeniedByPolicy(record.ledger)
    ? { kind: 'revert', entry: temporary }
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
  return { ...lost, detail };
}

/** Sets the status once no step is left. `changed`: somebody else's changes, which the release leaves. */
export function settle(
  record: Case,
  now: number,
  killSwitch: KillSwitch = { state: 'off' },
  changed: readonly Detail[] = [],
): Case {
  if (record.status === 'releasing') return settleRelease(record, now, changed);
  if (isContainment(record)) return settleContainment(record, now, killSwitch);
  if (record.status === 'awaiting-approval') return record;
  if (record.status === 'observed' && record.heldBackBy) return record;
  const { dueAt: _dueAt, ...rest } = record;
  return rest;
}

function settleContainment(record: ContainmentCase, now: number, killSwitch: KillSwitch): Case {
  // A temporary deactivation that somebody else ended matters to the release only: the denial by policy has spread.
  const entries = record.ledger.filter(
    ({ status, bridge }) => status !== 'reverted' && !(bridge && status === 'conflict'),
  );
  // Refused actions, except those replaced by another denial or by the cut at each connect.
  const isMadeUpFor = (entry: LedgerEntry) => isReplaced(entry, entries) || entry.bridge !== undefined;
  const failed = entries.filter((entry) => entry.status === 'failed' && !isMadeUpFor(entry));
  const evades = record.evadesUntil !== undefined && now < record.evadesUntil;
  const temporary = findTemporaryDeactivation(entries);
  const isTemporarilyDeactivated = temporary?.status === 'verified' && !record.leftOut;
  // The certificate still keeps the device out, but people must know that nothing else would.
  const isLate = ({ appliedAt, plannedAt }: LedgerEntry) => now - (appliedAt ?? plannedAt) > verifyDeadlineMs;
  const denied = entries.every(
    (entry) =>
      entry.status === 'verified' ||
      (entry.status === 'failed' && isMadeUpFor(entry)) ||
      (isTemporarilyDeactivated && entry.status === 'applied' && isPolicyDenial(entry) && !isLate(entry)),
  );
  if (denied && evades && !isTemporarilyDeactivated)
    return { ...record, status: 'containing', dueAt: record.evadesUntil };
  if (denied) {
    const {
      reason: _reason,
      evadesUntil: _evadesUntil,
      isTold: _isTold,
      reminder: _reminder,
      isTaken: _isTaken,
      ...rest
    } = record;
    const held: Case = { ...rest, status: 'contained', containedAt: record.containedAt ?? now };
    // Until its denial by policy is proven, and for the time of the cache, the certificate alone keeps the device out.
    const reactivatesAt = temporary ? (findTemporaryDeactivationEnd(entries) ?? now + retryMs) : Infinity;
    const dueAt = Math.min(findVerificationAt(held, now), findReleaseAt(held) ?? Infinity, reactivatesAt);
    const next: Case = { ...held, dueAt };
    if (record.status === 'contained') return next;
    const strength = listStrength(next);
    const noted = note(next, { at: now, event: { code: 'contained', strength } });
    return announce(noted, 'contained', [{ code: 'denied' }, ...strength], now);
  }
  const waiting = entries.find(({ status }) => status === 'applied');
  const overdue = now - Math.min(...entries.map(({ plannedAt }) => plannedAt)) > verifyDeadlineMs;
  if (failed.length > 0 || (overdue && record.status !== 'contained')) {
    const { detail } = failed[0] ?? waiting ?? {};
    const status = 'containment-failed';
    const reason: Reason = { code: 'not-denied', ...(detail && { detail }) };
    const next: Case = { ...record, status, reason, isTold: true, dueAt: now + retryMs };
    if (record.status === status) return remind(next, reason, now);
    const isTaken = record.isTaken || record.assignee !== undefined;
    const open: Case = isTaken ? next : { ...next, reminder: startReminding(now) };
    return announce(
      note(open, { at: now, event: { code: 'status', status, reason } }),
      status,
      [reason],
      now,
    );
  }
  // Nothing but the kill switch keeps a plan from being carried out.
  const planned = entries.flatMap(({ action, status }) => (status === 'planned' ? [action] : []));
  const reason: Reason =
    planned.length > 0
      ? { code: 'not-applied', killSwitch, actions: planned }
      : { code: 'unverified', ...(waiting?.detail && { detail: waiting.detail }) };
  const { reminder: _reminder, ...rest } = record;
  const next: Case = { ...rest, status: 'containing', reason, isTold: true, dueAt: now + retryMs };
  return record.status === 'containing' && record.isTold ? next : announce(next, 'containing', [reason], now);
}

function settleRelease(record: Case, now: number, changed: readonly Detail[]): Case {
  const conflicts = listConflicts(record);
  if (conflicts.length === 0) {
    const all = [...record.ledger.flatMap((entry) => entry.left ?? []), ...changed];
    const left = all.filter((one, index) => all.findIndex((other) => isEqual(one, other)) === index);
    return announce(
      close(record, { code: 'released', left }, now),
      'released',
      [{ code: 'restored', left }],
      now,
    );
  }
  const status = 'release-conflict';
  const reason: Reason = { code: status, conflicts };
  const { dueAt: _dueAt, ...rest } = record;
  const stopped: Case = { ...rest, status, reason };
  const next = note(stopped, { at: now, event: { code: 'status', status, reason } });
  return announce(next, status, [reason], now);
}
