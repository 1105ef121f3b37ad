import { descriptorOf } from '../actions/registry';
import { type Case, isOpen } from '../case/case';
import { findDeniedAt, isCut, replanCut } from '../case/ledger';
import { holdsThing, type LedgerEntry } from '../case/ledger-entry';
import { containAgain, retryMs } from '../case/lifecycle';
import { announce, noteEvent } from '../case/outbox';
import { findBitesAt } from '../case/policy-denials';
import type { LeftOut, Reason } from '../case/reasons';
import { findTemporaryDeactivation } from '../case/temporary-deactivation';
import { findWithheld } from '../guards/kill-switch';
import { ownField } from '../json';
import type { Command } from './command';
import { type Context, changed, type Decision, unchanged } from './decision';
import { addClientId } from './plan';

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
