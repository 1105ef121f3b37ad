import { announce, type Case, holdsThing, isContainment, isOpen, note } from './case';
import { closeIfCleared, newCase, retryMs } from './case-life';
import type { Command } from './command';
import type { ActionName } from './configuration';
import { type Context, changed, type Decision, unchanged } from './decision';
import { findShared } from './guards';
import { findWithheld } from './kill-switch';
import { extendLedger, findDeniedAt, planMore, replan } from './ledger';
import { addClientId, listHolding } from './plan';
import { endBridge } from './temporary-deactivation';
import { findBitesAt, findReleaseAt } from './timers';

/** Decisions that nobody asked for: the device came back, time passed, the sweep found something. */

export function onReconnected(current: Case | undefined, command: Reconnect, context: Context): Decision {
  const cuts = current?.ledger.find(({ action }) => action === 'disconnect');
  if (!isOpen(current) || !cuts || !holdsThing(current) || current.status === 'releasing')
    return unchanged('the thing is not held');
  const bitesAt = findBitesAt(findDeniedAt(current.ledger), context.policyCacheMs) ?? Infinity;
  const withheld = findWithheld(context.killSwitch);
  if (withheld) return unchanged(withheld);
  if (command.connectedAt >= bitesAt) return unchanged('the session began under the denial');
  const before = current.connects?.[command.clientId];
  if (before && isOlder(command, before)) return unchanged('a newer session of the client was heard of');
  const isOther = cuts.prior.action === 'disconnect' && !cuts.prior.clientIds.includes(command.clientId);
  const heard = hearConnect(current, command);
  const known = isOther ? addClientId(heard, command.clientId, context.now) : heard;
  const isNewer = before !== undefined && command.version !== undefined;
  // News of a session that was cut since, if the two clocks agree and its version says nothing else.
  if (!isOther && !isNewer && cuts.appliedAt !== undefined && command.connectedAt < cuts.appliedAt)
    return changed({ ...known, ledger: replan(known.ledger, 'disconnect') });
  const noted = note(known, {
    at: context.now,
    what: 'reconnected before the denial had spread: cut again',
    detail: command.clientId,
  });
  const { containedAt: _containedAt, ...rest } = noted;
  const ledger = replan(noted.ledger, 'disconnect');
  const dueAt = context.now + retryMs;
  // No denial is in place at all, which was told already.
  if (!Number.isFinite(bitesAt)) return changed({ ...known, ledger, dueAt });
  const again: Case = { ...rest, status: 'containing', ledger, dueAt };
  const reason = `came back with cached rights; cut at each connect until ${writeTime(bitesAt)}`;
  const evading = { ...again, evadesUntil: bitesAt, reason };
  // Told once: a device may come back every second.
  return changed(
    current.evadesUntil === bitesAt ? evading : announce(evading, 'containing', reason, context.now),
  );
}

type Reconnect = Extract<Command, { type: 'reconnected' }>;

/** AWS starts the versions of a client anew once it was away for an hour (IoT developer guide, "Lifecycle events"). */
const versionsLastMs = 3_600_000;

function isOlder({ version, connectedAt }: Reconnect, before: { version: number; at: number }): boolean {
  return version !== undefined && version <= before.version && connectedAt < before.at + versionsLastMs;
}

/** As many client ids as are cut. */
const maxConnects = 10;

function hearConnect(current: Case, { clientId, version, connectedAt }: Reconnect): Case {
  if (version === undefined) return current;
  const { [clientId]: _before, ...others } = current.connects ?? {};
  const kept = Object.entries(others).slice(1 - maxConnects);
  return { ...current, connects: { ...Object.fromEntries(kept), [clientId]: { version, at: connectedAt } } };
}

/** Epoch ms as hours, minutes and seconds of UTC, without a clock. */
function writeTime(at: number): string {
  const parts = [Math.floor(at / 3_600_000) % 24, Math.floor(at / 60_000) % 60, Math.floor(at / 1_000) % 60];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')} UTC`;
}

export function onResume(
  current: Case | undefined,
  { early }: Extract<Command, { type: 'resume' }>,
  context: Context,
): Decision {
  const { now } = context;
  const withheld = context.killSwitch.state !== 'off';
  if (!current) return unchanged('the thing has no case');
  const isDue = current.dueAt !== undefined && current.dueAt <= now;
  if (!isDue && !(early && isContainment(current))) return unchanged('nothing is due');
  switch (current.status) {
    case 'contained': {
      const releaseAt = findReleaseAt(current);
      if (releaseAt === undefined || releaseAt > now)
        return changed(takeUp(withheld ? current : coverCertificates(current, context), withheld, now));
      const entry = { at: now, what: 'release', actor: 'timer', detail: JSON.stringify(current.release) };
      return changed(note({ ...current, status: 'releasing', dueAt: now + retryMs }, entry));
    }
    case 'containing':
    case 'containment-failed':
      return changed(takeUp(current, withheld, now));
    case 'awaiting-approval': {
      const { dueAt: _dueAt, ...rest } = current;
      const reason = `nobody approved in time (${current.reason ?? ''})`;
      const next = note(
        { ...rest, status: 'observed', reason },
        { at: now, what: 'approval expired', detail: reason },
      );
      return changed(announce(closeIfCleared(next, now), 'approval-expired', reason, now));
    }
    default:
      return changed({ ...current, dueAt: now + retryMs });
  }
}

/**
 * What the thing's certificates need now to be held: one that somebody attached since, or one whose policies reach
 * beyond the quarantine group by now. Unless others use it.
 */
function coverCertificates(current: Case, context: Context): Case {
  const { facts, now, configuration } = context;
  if (facts.kind !== 'known') return current;
  const known = current.facts?.kind === 'known' ? current.facts.principals : [];
  const added = facts.principals.filter(({ arn }) => !known.some((old) => old.arn === arn));
  const held = listHolding(current);
  const escapes = held.includes('quarantine') && !held.includes('deny-certificate');
  const escaping = facts.principals.filter(
    ({ arn, escapesGroup }) =>
      escapes && escapesGroup && !known.some((old) => old.arn === arn && old.escapesGroup),
  );
  const uncovered = [...new Set([...added, ...escaping])];
  if (uncovered.length === 0) return current;
  const name = (principals: typeof added) =>
    principals.map(({ certificateId }) => certificateId.slice(0, 8)).join(', ');
  const what =
    added.length > 0
      ? `certificate ${name(added)} was attached while the thing is held`
      : `certificate ${name(escaping)} can act where the quarantine group doesn't bind`;
  const seen = { ...current, facts };
  const wanted: ActionName[] = escaping.length > 0 ? [...held, 'deny-certificate'] : held;
  const shared = findShared(wanted, configuration.guards.maxThingsSharingPolicy, {
    ...facts,
    principals: uncovered,
  });
  if (shared)
    return announce(note(seen, { at: now, what, detail: shared }), 'drift', `${what}: ${shared}`, now);
  const planning = { ...context, caseId: current.caseId, clientIds: [], violationIds: [] };
  const extended = extendLedger(current.ledger, planning);
  const ledger = escaping.length > 0 ? planMore(extended, 'deny-certificate', planning) : extended;
  const next = note({ ...seen, ledger: replan(ledger, 'disconnect') }, { at: now, what });
  return announce(next, 'drift', `${what}: it is held as well`, now);
}

function takeUp(current: Case, withheld: boolean, now: number): Case {
  const ledger = endBridge(current.ledger, now).map((entry) => reopen(entry, withheld));
  return { ...current, ledger, dueAt: now + retryMs };
}

/** The sweep found the thing in the quarantine group: somebody else put it there, or a case was lost. */
export function onDrift(current: Case | undefined, context: Context): Decision {
  if (isOpen(current)) return unchanged('the thing has an open case');
  const { facts, configuration } = context;
  // It may have been released since the sweep looked.
  if (facts.kind !== 'known' || !facts.groups.includes(configuration.quarantine.thingGroup))
    return unchanged('the thing is not in the quarantine group');
  const reason = 'the thing is in the quarantine group without a case: somebody else put it there';
  const open = newCase(current, 'operator', 'high', context);
  const next = note({ ...open, reason }, { at: context.now, what: 'drift', detail: reason });
  return changed(announce(next, 'drift', reason, context.now));
}

/** Verified entries are verified again; what was not verified, or was refused, is applied again if that is allowed. */
function reopen(entry: Case['ledger'][number], withheld: boolean): Case['ledger'][number] {
  if (entry.status === 'verified') return { ...entry, status: 'applied' };
  if (withheld) return entry;
  if (entry.bridge?.over) return entry;
  if (entry.status === 'applied' || entry.status === 'failed') return { ...entry, status: 'planned' };
  return entry;
}
