import { type Case, isOpen } from '../case/case';
import { close, newCase } from '../case/lifecycle';
import type { News } from '../case/news';
import { announce, noteEvent } from '../case/outbox';
import { keepFinding, recordFinding, wasOvertaken } from '../case/record-finding';
import { isNewClaim } from '../case/rejections';
import { findReleaseAt } from '../case/release-rule';
import { findWayRound } from '../case/strength';
import { openViolations, type ViolationRecord } from '../case/violation-record';
import type { Playbook } from '../configuration';
import { ownsCertificate } from '../facts';
import { type Finding, findingKey } from '../findings/finding';
import type { Violation } from '../findings/violation';
import { chooseActions } from '../guards/choose-actions';
import { findPlaybook, matchesFinding } from '../guards/find-playbook';
import { evaluateGuards } from '../guards/guards';
import { announceOnce } from './announce-once';
import { containOrHoldBack } from './contain-or-hold-back';
import { type Context, changed, type Decision, type Informed, unchanged } from './decision';
import { dropOutOfOrderClear, findOutOfOrderClear, keepOutOfOrderClear } from './out-of-order-clears';
import { coverClientId, findMissing, isHeld, listHolding, named, planContainment, worsened } from './plan';
import { type Deciding, need, notAsked } from './questions';
import { isOfSideEffect, isSideEffect } from './side-effects';

export function* onViolation(
  current: Case | undefined,
  violation: Finding,
  context: Context,
): Deciding<Decision> {
  const key = findingKey(violation);
  const known = current?.violations[key];
  if (current && known && violation.occurredAt <= readLastEvent(known, context.now))
    return wasOvertaken(current, known, violation)
      ? yield* onOvertaken(current, known, violation, context)
      : unchanged({ code: 'late-event' });
  if (violation.eventType !== 'in-alarm') return yield* onClear(current, known, violation, context);
  const alarmed = yield* onAlarm(dropOutOfOrderClear(current, violation), known, violation, context);
  const end = findOutOfOrderClear(current, violation);
  return end && alarmed.outcome === 'changed' ? yield* onViolation(alarmed.next, end, context) : alarmed;
}

/**
 * Handles an alarm that a newer event of its behavior overtook as if it had come in order: the newer event stays the
 * last one.
 */
function* onOvertaken(
  current: Case,
  known: ViolationRecord,
  alarm: Violation,
  context: Context,
): Deciding<Decision> {
  const alarmed = yield* onAlarm(current, known, alarm, context);
  if (alarmed.outcome !== 'changed') return alarmed;
  const key = findingKey(alarm);
  const change = (record: Case, last: Partial<ViolationRecord>): Case => {
    const judged = record.violations[key];
    // Every kind of record has these fields.
    return judged
      ? { ...record, violations: { ...record.violations, [key]: { ...judged, ...last } as ViolationRecord } }
      : record;
  };
  const { violationId, lastEventType, lastEventAt } = known;
  const alarmAt = Math.max(known.alarmAt, alarm.occurredAt);
  if (lastEventType === 'in-alarm')
    return changed(change(alarmed.next, { violationId, lastEventType, lastEventAt, alarmAt }));
  const { thingName, securityProfileName, behaviorName, metric, detector } = alarm;
  const subject = { thingName, securityProfileName, behaviorName, metric, detector };
  const end: Violation = { ...subject, violationId, eventType: lastEventType, occurredAt: lastEventAt };
  return yield* onViolation(change(alarmed.next, { alarmAt }), end, context);
}

const dayMs = 86_400_000;

/** An event from the future, stored by an earlier version, would hide later events of its behavior, so it is ignored. */
function readLastEvent({ lastEventAt }: ViolationRecord, now: number): number {
  return lastEventAt > now + dayMs ? 0 : lastEventAt;
}

function* onAlarm(
  current: Case | undefined,
  known: ViolationRecord | undefined,
  violation: Finding,
  context: Context,
): Deciding<Decision> {
  if (current && isSideEffect(current, known, violation, context.now)) return unchanged({ code: 'own-echo' });
  const facts = isHardEnough(current, violation, context)
    ? notAsked
    : yield* need('facts', { urgent: false });
  const informed: Informed = { ...context, facts };
  const playbook = findPlaybook(context.configuration.playbooks, violation, facts);
  const severity = playbook?.severity ?? violation.severity ?? 'medium';
  const open = isOpen(current) ? current : newCase(current, violation.detector, severity, informed);
  const rises =
    !isOpen(current) ||
    known?.caseId !== open.caseId ||
    known.lastEventType !== 'in-alarm' ||
    // Another child than the excepted one may run now.
    known.excepted !== undefined ||
    isNewClaim(open, known, violation);
  // A repeated violation: its newest value is kept, without an announcement or a timeline entry.
  // Each audit gives its findings new ids.
  const again = !rises && (violation.kind === 'audit' || known.violationId === violation.violationId);
  const recorded = (again ? keepFinding : recordFinding)(open, violation, context.now);
  if (isHeld(recorded))
    return rises ? yield* onFurther(recorded, known, violation, playbook, informed) : changed(recorded);
  // Only a new violation stops a release under way, which an operator ordered.
  if (!rises && (recorded.status === 'releasing' || recorded.status === 'release-conflict'))
    return changed(recorded);
  return changed(yield* containOrHoldBack(recorded, violation, { playbook, known, rises }, informed));
}

/** Held already, with the strictest actions of any playbook. */
function isHardEnough(
  current: Case | undefined,
  violation: Finding,
  { configuration }: Context,
): current is Case {
  if (!isOpen(current) || !isHeld(current)) return false;
  return (
    isOfSideEffect(violation) ||
    !configuration.playbooks.some(
      ({ when, actions }) => matchesFinding(when, violation) && findMissing(current, actions).length > 0,
    )
  );
}

/** Another behavior of a contained thing: its playbook may add actions. */
function* onFurther(
  held: Case,
  known: ViolationRecord | undefined,
  violation: Finding,
  playbook: Playbook | undefined,
  context: Informed,
): Deciding<Decision> {
  const { facts, now, configuration } = context;
  const key = findingKey(violation);
  const covered = worsened(coverClientId(held, violation, now), playbook);
  const wanted = playbook ? chooseActions(playbook, held.pastContainments ?? [], facts, now) : [];
  const missing = facts.kind === 'known' ? findMissing(held, wanted) : [];
  const { guards, sources } = configuration;
  const senders = sources.external;
  const input = { ...context, playbook, actions: missing, guards, senders, finding: violation };
  const verdict =
    missing.length > 0 && playbook?.mode !== 'observe'
      ? yield* evaluateGuards({ ...input, isCounted: true, isRejected: false })
      : undefined;
  // A device can't forge the findings of an audit, so people are told however many alarms there are.
  const wayRound = findWayRound(covered.violations[key], covered.ledger);
  const told = { ...context, isAlwaysTold: wayRound.length > 0 };
  const announceNews = (news: News) => (next: Case) =>
    announce(next, 'new-violation', [news, ...wayRound], now);
  if (verdict?.outcome !== 'contain') {
    const without = verdict && { without: { actions: missing, reason: verdict.reason } };
    const news: News = { code: 'further-violation', behavior: key, ...without };
    return changed(announceOnce(covered, key, known, announceNews(news), told));
  }
  const all = [...new Set([...listHolding(held), ...missing])];
  const { pastContainments, release } = held;
  const planned = planContainment(named(covered, playbook), playbook, all, 'playbook', context);
  // It continues as the same containment, under the stricter release rule. A newly attached certificate is still to be
  // covered.
  const same = {
    ...planned,
    ...(held.facts && { facts: held.facts }),
    ...(pastContainments && { pastContainments }),
  };
  const stricter: Case = release && 'by' in release ? { ...same, release } : same;
  const harder: News = { code: 'held-harder', behavior: key, actions: missing };
  return changed(announceOnce(stricter, key, known, announceNews(harder), told));
}

/**
 * Whether an event is known to come from a certificate that isn't the thing's, by the case's facts and by AWS's answer
 * now.
 */
function* isForeign({ reporter }: Finding, current: Case): Deciding<boolean> {
  if (reporter === undefined || ownsCertificate(current.facts, reporter.principal)) return false;
  return !ownsCertificate(yield* need('facts', { urgent: false }), reporter.principal);
}

/** A clear from a certificate that isn't the thing's has no effect: another device may want the thing released. */
function disregard(current: Case, known: ViolationRecord, violation: Finding, context: Context): Case {
  const { now } = context;
  const key = findingKey(violation);
  const event = { code: 'foreign-clear', behavior: key } as const;
  const noted = noteEvent(current, { at: now, event });
  return announceOnce(noted, key, known, (next) => announce(next, 'refused', [event], now), context);
}

function* onClear(
  current: Case | undefined,
  known: ViolationRecord | undefined,
  violation: Finding,
  context: Context,
): Deciding<Decision> {
  if (!isOpen(current) || known?.caseId !== current.caseId) {
    const kept = violation.kind === undefined ? keepOutOfOrderClear(current, violation, context) : undefined;
    return kept ? changed(kept) : unchanged({ code: 'late-clear' });
  }
  const { now } = context;
  if (yield* isForeign(violation, current)) return changed(disregard(current, known, violation, context));
  const recorded = recordFinding(current, violation, now);
  const next = isHeld(recorded) ? announceClosed(recorded, known, findingKey(violation), now) : recorded;
  // A clear alone releases nothing: a device can cause its own. It may start a clean hold time, at whose end the sweep
  // looks again. A case that holds nothing ends with it.
  const releaseAt = findReleaseAt(next);
  if (next.status === 'contained' && releaseAt !== undefined)
    return changed({ ...next, dueAt: Math.min(next.dueAt ?? releaseAt, releaseAt) });
  if (next.status !== 'observed' || openViolations(next).length > 0) return changed(next);
  return changed(close(next, { code: 'cleared' }, now));
}

/** Announces that a later audit no longer has the way round the containment, if that was announced. */
function announceClosed(next: Case, known: ViolationRecord, key: string, now: number): Case {
  if (findWayRound(next.violations[key], next.ledger).length > 0) return next;
  const [closed] = findWayRound(known, next.ledger);
  return closed
    ? announce(next, 'way-round-closed', [{ ...closed, code: 'no-longer-undermined' }], now)
    : next;
}
