import type { KillSwitch } from '../guards/kill-switch';
import { isEqual } from '../json';
import { type Case, type ContainmentCase, isContainment } from './case';
import type { Detail } from './details';
import { hasTransient, type LedgerEntry, listConflicts } from './ledger-entry';
import { close, retryMs } from './lifecycle';
import { announce, note } from './outbox';
import { isPolicyDenial, isReplaced } from './policy-denials';
import type { Reason } from './reasons';
import { findReleaseAt } from './release-rule';
import { remind, startReminding } from './reminders';
import { listStrength } from './strength';
import { findTemporaryDeactivation, findTemporaryDeactivationEnd } from './temporary-deactivation';
import { findVerificationAt } from './timers';

/** After this long without a verified denial the containment counts as failed, but the attempts continue. */
const verifyDeadlineMs = 20 * 60_000;

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

/** How far the denial of a containment has come. */
interface Denial {
  /**
   * The entries that count. An entry at which an earlier release stopped, or a temporary deactivation that somebody
   * else ended, matters only to the release.
   */
  readonly entries: readonly LedgerEntry[];
  readonly temporary: LedgerEntry | undefined;
  readonly isTemporarilyDeactivated: boolean;
  /** Refused actions, except those replaced by another denial or by the cut at each connect. */
  readonly failed: readonly LedgerEntry[];
  readonly isDenied: boolean;
}

function judgeDenial(record: ContainmentCase, now: number): Denial {
  const entries = record.ledger.filter(({ status }) => status !== 'reverted' && status !== 'conflict');
  const isMadeUpFor = (entry: LedgerEntry) => isReplaced(entry, entries) || entry.temporary !== undefined;
  const temporary = findTemporaryDeactivation(entries);
  const isTemporarilyDeactivated = temporary?.status === 'verified' && !record.leftOut;
  // The certificate still keeps the device out, but people must know that nothing else would.
  const isLate = ({ appliedAt, plannedAt }: LedgerEntry) => now - (appliedAt ?? plannedAt) > verifyDeadlineMs;
  return {
    entries,
    temporary,
    isTemporarilyDeactivated,
    failed: entries.filter((entry) => entry.status === 'failed' && !isMadeUpFor(entry)),
    isDenied: entries.every(
      (entry) =>
        entry.status === 'verified' ||
        (entry.status === 'failed' && isMadeUpFor(entry)) ||
        (isTemporarilyDeactivated && entry.status === 'applied' && isPolicyDenial(entry) && !isLate(entry)),
    ),
  };
}

function settleContainment(record: ContainmentCase, now: number, killSwitch: KillSwitch): Case {
  const denial = judgeDenial(record, now);
  const { entries, failed, isDenied, isTemporarilyDeactivated } = denial;
  const evades = record.evadesUntil !== undefined && now < record.evadesUntil;
  if (isDenied && evades && !isTemporarilyDeactivated)
    return { ...record, status: 'containing', dueAt: record.evadesUntil };
  if (isDenied) return settleDenied(record, denial, now);
  const overdue = now - Math.min(...entries.map(({ plannedAt }) => plannedAt)) > verifyDeadlineMs;
  if (failed.length > 0 || (overdue && record.status !== 'contained'))
    return settleFailed(record, denial, now);
  return settleUnfinished(record, denial, now, killSwitch);
}

function settleDenied(record: ContainmentCase, { entries, temporary }: Denial, now: number): Case {
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

function settleFailed(record: ContainmentCase, { entries, failed }: Denial, now: number): Case {
  const { detail } = failed[0] ?? findWaiting(entries) ?? {};
  const status = 'containment-failed';
  const reason: Reason = { code: 'not-denied', ...(detail && { detail }) };
  const next: Case = { ...record, status, reason, isTold: true, dueAt: now + retryMs };
  if (record.status === status) return remind(next, reason, now);
  const isTaken = record.isTaken || record.assignee !== undefined;
  const open: Case = isTaken ? next : { ...next, reminder: startReminding(now) };
  const noted = note(open, { at: now, event: { code: 'status', status, reason } });
  return announce(noted, status, [reason], now);
}

/** Only the kill switch keeps a plan from being carried out. */
function settleUnfinished(
  record: ContainmentCase,
  { entries }: Denial,
  now: number,
  killSwitch: KillSwitch,
): Case {
  const planned = entries.flatMap(({ action, status }) => (status === 'planned' ? [action] : []));
  const waiting = findWaiting(entries);
  const reason: Reason =
    planned.length > 0
      ? { code: 'not-applied', killSwitch, actions: planned }
      : { code: 'unverified', ...(waiting?.detail && { detail: waiting.detail }) };
  const { reminder: _reminder, ...rest } = record;
  const next: Case = { ...rest, status: 'containing', reason, isTold: true, dueAt: now + retryMs };
  return record.status === 'containing' && record.isTold ? next : announce(next, 'containing', [reason], now);
}

function findWaiting(entries: readonly LedgerEntry[]): LedgerEntry | undefined {
  return entries.find(({ status }) => status === 'applied');
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
  const { dueAt: _dueAt, isTold, ...rest } = record;
  const isContinued = hasTransient(conflicts);
  const stopped: Case = {
    ...rest,
    ...{ status, reason },
    ...(isContinued && { isTold: true, dueAt: now + retryMs }),
  };
  if (isContinued && isTold) return stopped;
  const next = note(stopped, { at: now, event: { code: 'status', status, reason } });
  return announce(next, status, [reason], now);
}
