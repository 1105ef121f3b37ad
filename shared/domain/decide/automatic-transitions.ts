import { descriptorOf } from '../actions/registry';
import { type Case, isContainment, isOpen } from '../case/case';
import { countAnew, findDeniedAt, isCut, replanCut, reverify } from '../case/ledger';
import { holdsThing, type LedgerEntry } from '../case/ledger-entry';
import { closeIfCleared, containAgain, newCase, retryMs } from '../case/lifecycle';
import { announce, note, noteEvent } from '../case/outbox';
import { findBitesAt } from '../case/policy-denials';
import type { LeftOut, Reason } from '../case/reasons';
import { endTemporaryDeactivation, findTemporaryDeactivation } from '../case/temporary-deactivation';
import { findReleaseAt } from '../case/timers';
import { findWithheld } from '../guards/kill-switch';
import { ownField } from '../json';
import type { Command } from './command';
import { coverCertificates } from './cover-certificates';
import { type Context, changed, type Decision, unchanged } from './decision';
import { addClientId } from './plan';
import { type Deciding, need } from './questions';

/** Decisions without an alert or an operator: the device reconnected, time passed, or the sweep found something. */

export function onReconnected(current: Case | undefined, command: Reconnect, context: Context): Decision {
  const cuts = current?.ledger.find(isCut);
  if (!isOpen(current) || !cuts || !holdsThing(current) || current.status === 'releasing')
    return unchanged({ code: 'not-held' });
  const bitesAt = findBitesAt(findDeniedAt(current.ledger), context.policyCacheMs) ?? Infinity;
  const withheld = findWithheld(context.killSwitch);
  if (withheld) return unchanged(withheld);
  if (command.connectedAt >= bitesAt) return unchanged({ code: 'session-under-denial' });
  const { connects = {} } = current;
  const before = ownField(connects, command.clientId);
  if (before && isOlder(command, before)) return unchanged({ code: 'older-session' });
  const isOther = descriptorOf(cuts.action).clientIds?.list(cuts.prior).includes(command.clientId) === false;
  const heard = noteConnect(current, command);
  const known = isOther ? addClientId(heard, command.clientId, context.now) : heard;
  // The session of this event has been cut since, if both clocks agree and its version shows nothing else.
  if (!isOther && isBeforeCut(command, before, cuts))
    return changed({ ...known, ledger: replanCut(known.ledger) });
  const noted = noteEvent(known, {
    at: context.now,
    event: { code: 'reconnected', clientId: command.clientId },
  });
  const ledger = replanCut(noted.ledger);
  // No denial is in place at all, which was announced already.
  if (!Number.isFinite(bitesAt)) return changed({ ...known, ledger, dueAt: context.now + retryMs });
  const { containedAt: _containedAt, ...again } = containAgain({ ...noted, ledger }, context.now);
  const reason: Reason = { code: 'evades', until: bitesAt };
  const passes: LeftOut = { code: 'session-while-inactive', clientId: command.clientId };
  const leftOut = current.leftOut ?? (beganWhileInactive(command, current) ? [passes] : undefined);
  const evading: Case = { ...again, evadesUntil: bitesAt, reason, isTold: true, ...(leftOut && { leftOut }) };
  // Announced once, since a device may reconnect every second.
  return changed(
    current.evadesUntil === bitesAt ? evading : announce(evading, 'containing', [reason], context.now),
  );
}

type Reconnect = Extract<Command, { type: 'reconnected' }>;

/** AWS restarts the versions of a client once it was disconnected for an hour (IoT developer guide, "Lifecycle events"). */
const versionsLastMs = 3_600_000;

function isOlder({ version, connectedAt }: Reconnect, before: { version: number; at: number }): boolean {
  if (version === undefined) return false;
  const isComparable = Math.abs(connectedAt - before.at) < versionsLastMs;
  return isComparable ? version <= before.version : connectedAt < before.at;
}

/**
 * Compares the times. But if a session that began after the cut is known, a session with a higher version began after
 * the cut too.
 */
function isBeforeCut(
  { version, connectedAt }: Reconnect,
  before: { at: number } | undefined,
  { appliedAt }: LedgerEntry,
): boolean {
  if (appliedAt === undefined) return false;
  const isNewerThanCut = version !== undefined && before !== undefined && before.at >= appliedAt;
  return connectedAt < appliedAt && !isNewerThanCut;
}

/** Whether a session began although the temporary deactivation was in place. */
function beganWhileInactive({ connectedAt }: Reconnect, { ledger }: Case): boolean {
  const { status, appliedAt = Infinity } = findTemporaryDeactivation(ledger) ?? {};
  return status === 'verified' && connectedAt >= appliedAt;
}

/** Cordon cuts no more client ids. */
const maxConnects = 10;

function noteConnect(current: Case, { clientId, version, connectedAt }: Reconnect): Case {
  if (version === undefined) return current;
  const { [clientId]: _before, ...others } = current.connects ?? {};
  const kept = Object.entries(others).slice(1 - maxConnects);
  return { ...current, connects: { ...Object.fromEntries(kept), [clientId]: { version, at: connectedAt } } };
}

export function* onResume(
  current: Case | undefined,
  { early }: Extract<Command, { type: 'resume' }>,
  context: Context,
): Deciding<Decision> {
  const { now } = context;
  if (!current) return unchanged({ code: 'no-case' });
  const isDue = current.dueAt !== undefined && current.dueAt <= now;
  if (!isDue && !(early && isContainment(current))) return unchanged({ code: 'nothing-due' });
  switch (current.status) {
    case 'contained': {
      const releaseAt = findReleaseAt(current);
      if (releaseAt === undefined || releaseAt > now)
        return changed(yield* takeUp(early ? holdAnew(current, context) : current, context));
      const event = { code: 'time-release', rule: current.release } as const;
      const { decided: _decided, ...rest } = current;
      const releasing: Case = { ...rest, status: 'releasing', dueAt: now + retryMs };
      return changed(note(releasing, { at: now, event, actor: 'timer' }));
    }
    case 'containing':
    case 'containment-failed':
      return changed(yield* takeUp(current, context));
    // AWS failed in a way that may pass.
    case 'release-conflict':
      return changed({ ...current, status: 'releasing', dueAt: now + retryMs });
    case 'awaiting-approval': {
      const { dueAt: _dueAt, reason: asked, request: _request, ...rest } = current;
      const reason: Reason = { code: 'approval-expired', asked };
      const event = { code: 'approval-expired', reason } as const;
      const observed: Case = { ...rest, status: 'observed', reason };
      const next = closeIfCleared(note(observed, { at: now, event }), now);
      return changed(announce(next, 'approval-expired', [reason], now));
    }
    default:
      return changed({ ...current, dueAt: now + retryMs });
  }
}

/**
 * The quarantine was incomplete, so sessions may have begun without a denial: its denials are applied again at once, and
 * count from then.
 */
function holdAnew(current: Case, { now, killSwitch }: Context): Case {
  if (killSwitch.state !== 'off') return current;
  return { ...current, ledger: replanCut(countAnew(current.ledger, now)) };
}

function* takeUp(current: Case, context: Context): Deciding<Case> {
  const { now, killSwitch } = context;
  const withheld = killSwitch.state !== 'off';
  // Planned actions don't wait for a lookup of the thing: new certificates are seen the next time.
  const urgent = current.status !== 'contained';
  // A certificate may have been attached to the held thing since.
  const covered = withheld
    ? current
    : coverCertificates(current, { ...context, facts: yield* need('facts', { urgent }) });
  const ledger = endTemporaryDeactivation(covered.ledger, now).map((entry) => reopen(entry, withheld));
  return { ...covered, ledger, dueAt: now + retryMs };
}

/** The sweep found the thing in the quarantine group: somebody else put it there, or a case was lost. */
export function* onDrift(current: Case | undefined, context: Context): Deciding<Decision> {
  if (isOpen(current)) return unchanged({ code: 'has-open-case' });
  const { configuration } = context;
  const facts = yield* need('facts', { urgent: false });
  // It may have been released since the sweep looked.
  if (facts.kind !== 'known' || !facts.groups.includes(configuration.quarantine.thingGroup))
    return unchanged({ code: 'not-in-quarantine-group' });
  const reason = { code: 'drift' } as const;
  const open = newCase(current, 'operator', 'high', { ...context, facts });
  const next = note({ ...open, reason }, { at: context.now, event: reason });
  return changed(announce(next, 'drift', [reason], context.now));
}

/** Verified entries are verified again; what was not verified, or was refused, is applied again if that is allowed. */
function reopen(entry: LedgerEntry, withheld: boolean): LedgerEntry {
  if (entry.status === 'verified') return reverify(entry);
  if (withheld) return entry;
  if (entry.temporary?.over) return entry;
  if (entry.status === 'applied' || entry.status === 'failed') return { ...entry, status: 'planned' };
  return entry;
}
