import {
  announce,
  type Case,
  holdsThing,
  isOpen,
  note,
  openViolations,
  type ViolationRecord,
} from '../case/case';
import { close, newCase, noteEvent, recallAlarm, record, remember } from '../case/lifecycle';
import type { News } from '../case/news';
import { isNewClaim, isRejected } from '../case/rejections';
import { findWayRound } from '../case/strength';
import { findReleaseAt } from '../case/timers';
import type { Playbook } from '../configuration';
import { ownsCertificate } from '../facts';
import { type Finding, findingKey } from '../findings/finding';
import { chooseActions, evaluateGuards, findPlaybook, matchesFinding, type Verdict } from '../guards/guards';
import { isEqual } from '../json';
import { type Context, changed, type Decision, type Informed, unchanged } from './decision';
import { dropEarlyEnd, findEarlyEnd, keepEarlyEnd } from './out-of-order-clears';
import {
  coverClientId,
  findMissing,
  isHeld,
  isMilder,
  listHolding,
  named,
  planContainment,
  worsened,
} from './plan';
import { type Deciding, need, notAsked } from './questions';

/** Metrics that a containment itself drives out of bounds (Device Defender developer guide, "Cloud-side metrics"). */
const echoes = new Set([
  'aws:num-authorization-failures',
  'aws:num-connection-attempts',
  'aws:num-disconnects',
  'aws:disconnect-duration',
]);

function isEcho({ metric }: Finding): boolean {
  return metric !== undefined && echoes.has(metric);
}

/** How long a side effect of a containment may stay in alarm after it: Detect sums these metrics over at most an hour. */
const echoMs = 3_600_000;

/**
 * A violation caused by a containment itself is not announced: neither while the containment holds or is being reverted,
 * nor for a while afterwards if it began during it, since the sweep finds what is still in alarm.
 */
function isOwnEcho(
  record: Case,
  known: ViolationRecord | undefined,
  violation: Finding,
  now: number,
): boolean {
  if (!isEcho(violation) || known?.caseId === record.caseId) return false;
  if (isOpen(record)) return isHeld(record) || record.status === 'releasing';
  const { pastContainments = [], openedAt, closedAt } = record;
  const heldAt = pastContainments.at(-1) ?? 0;
  const within = heldAt >= openedAt && violation.occurredAt >= heldAt && violation.occurredAt <= closedAt;
  return within && now < closedAt + echoMs;
}

export function* onViolation(
  current: Case | undefined,
  violation: Finding,
  context: Context,
): Deciding<Decision> {
  const key = findingKey(violation);
  const known = current?.violations[key];
  if (known && violation.occurredAt <= readLastEvent(known, context.now))
    return unchanged({ code: 'late-event' });
  if (violation.eventType !== 'in-alarm') return yield* onClear(current, known, violation, context);
  const alarmed = yield* onAlarm(dropEarlyEnd(current, violation), known, violation, context);
  const end = findEarlyEnd(current, violation);
  return end && alarmed.outcome === 'changed' ? yield* onViolation(alarmed.next, end, context) : alarmed;
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
  if (current && isOwnEcho(current, known, violation, context.now)) return unchanged({ code: 'own-echo' });
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
    // A different child than the excepted one may run by now.
    known.excepted !== undefined ||
    isNewClaim(open, known, violation);
  // A repeated violation: its newest value is kept, without an announcement or a timeline entry.
  // Each audit identifies its findings anew.
  const again = !rises && (violation.kind === 'audit' || known.violationId === violation.violationId);
  const recorded = (again ? remember : record)(open, violation, context.now);
  if (isHeld(recorded))
    return rises ? yield* onFurther(recorded, known, violation, playbook, informed) : changed(recorded);
  // Only a new violation stops a release under way, which an operator ordered.
  if (!rises && (recorded.status === 'releasing' || recorded.status === 'release-conflict'))
    return changed(recorded);
  return changed(yield* respondTo(recorded, violation, { playbook, known, rises }, informed));
}

/** Held already, with the strictest actions of any playbook. */
function isHardEnough(
  current: Case | undefined,
  violation: Finding,
  { configuration }: Context,
): current is Case {
  if (!isOpen(current) || !isHeld(current)) return false;
  return (
    isEcho(violation) ||
    !configuration.playbooks.some(
      ({ when, actions }) => matchesFinding(when, violation) && findMissing(current, actions).length > 0,
    )
  );
}

interface Judged {
  readonly playbook: Playbook | undefined;
  /** What was known of the behavior before. */
  readonly known: ViolationRecord | undefined;
  /** Whether it is not announced yet. */
  readonly rises: boolean;
}

/** Contains a thing that is not held, or says why not. */
function* respondTo(
  recorded: Case,
  violation: Finding,
  { playbook, known, rises }: Judged,
  context: Informed,
): Deciding<Case> {
  const actions = playbook
    ? chooseActions(playbook, recorded.pastContainments ?? [], context.facts, context.now)
    : [];
  const { guards, sources } = context.configuration;
  const verdict = yield* evaluateGuards({
    ...context,
    ...{ playbook, actions, guards, finding: violation, senders: sources.external },
    isCounted: holdsThing(recorded),
    isRejected: isRejected(recorded, violation),
  });
  if (verdict.outcome === 'contain')
    return planContainment(named(recorded, playbook), playbook, actions, 'playbook', context);
  // Judged again, since the obstacle may be gone; but an announced refusal is not announced again.
  const key = findingKey(violation);
  const { reason } = verdict;
  const isExcepted = reason.code === 'excepted';
  const marked = isExcepted ? markExcepted(recorded, key, reason) : recorded;
  if (!rises || (isExcepted && isEqual(known?.excepted, reason))) return marked;
  const { caseId } = marked;
  const isTold = yield* isLimitTold(reason, caseId);
  const act = (next: Case) => holdBack(next, verdict, playbook, { ...context, isLimitTold: isTold });
  return announceNews(marked, key, known, act, context);
}

/** Whether people heard of the limit with another case that waits for it. */
function* isLimitTold(reason: Refusal['reason'], caseId: string): Deciding<boolean> {
  if (reason.code === 'fleet-limit') return !(yield* need('fleetNotice', { caseId }));
  if (reason.code !== 'sender-limit') return false;
  const { sender, withinMs } = reason;
  return !(yield* need('fleetNotice', { caseId, sender, withinMs }));
}

function markExcepted(current: Case, key: string, excepted: Refusal['reason']): Case {
  const entry = current.violations[key];
  return entry
    ? { ...current, violations: { ...current.violations, [key]: { ...entry, excepted } } }
    : current;
}

/** How soon a case that the kill switch holds back is checked again. Each check invokes respond. */
const lookAgainMs = 5 * 60_000;
/** The same for an unreadable switch, which usually recovers soon, while the device is not contained. */
const readAgainMs = 60_000;

export function isHeldBack(current: Case | undefined): current is Case {
  return (
    current?.heldBackBy !== undefined &&
    (current.status === 'observed' || current.status === 'awaiting-approval')
  );
}

/** A detector raises an alarm once, so a case that was held back is decided again without another alert. */
export function* onHeldBack(current: Case, context: Context): Deciding<Decision> {
  const { now, thingName, configuration } = context;
  if (current.dueAt !== undefined && current.dueAt > now) return unchanged({ code: 'nothing-due' });
  const { state } = context.killSwitch;
  if (state !== 'off')
    return changed({ ...current, dueAt: now + (state === 'unknown' ? readAgainMs : lookAgainMs) });
  const facts = yield* need('facts', { urgent: false });
  const { heldBackBy: _heldBackBy, dueAt: _dueAt, ...rest } = current;
  const open: Case = { ...rest, status: 'observed' };
  let next = note(open, { at: now, event: { code: 'judged-again' } });
  for (const known of openViolations(current)) {
    if (isHeld(next)) break;
    const violation = recallAlarm(known, thingName);
    const playbook = findPlaybook(configuration.playbooks, violation, facts);
    const judged = { playbook, known, rises: true };
    next = yield* respondTo(next, violation, judged, { ...context, facts });
  }
  return changed(next);
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
  // A device can't make up what an audit finds, so no number of alarms keeps this from people.
  const wayRound = findWayRound(covered.violations[key]);
  const told = { ...context, isAlwaysTold: wayRound.length > 0 };
  const tell = (news: News) => (next: Case) => announce(next, 'new-violation', [news, ...wayRound], now);
  if (verdict?.outcome !== 'contain') {
    const without = verdict && { without: { actions: missing, reason: verdict.reason } };
    const news: News = { code: 'further-violation', behavior: key, ...without };
    return changed(announceNews(covered, key, known, tell(news), told));
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
  return changed(announceNews(stricter, key, known, tell(harder), told));
}

type Refusal = Exclude<Verdict, { outcome: 'contain' }>;

/** In this time, a behavior is announced to people once, however often it goes in and out of alarm. */
const toldForMs = 10 * 60_000;

/**
 * How many behaviors of a thing are announced within this time, across its cases, since a device can end an observed case
 * by clearing its alarm. Further ones are recorded without an announcement.
 */
const maxTold = 5;

/** Takes a step that announces, without the announcement if the behavior was just announced. */
function announceNews(
  current: Case,
  key: string,
  known: ViolationRecord | undefined,
  act: (current: Case) => Case,
  { now, isAlwaysTold = false }: Context & { readonly isAlwaysTold?: boolean },
): Case {
  const isRecent = (toldAt: number | undefined) => toldAt !== undefined && now - toldAt < toldForMs;
  const others = Object.entries(current.violations).filter(
    ([other, { toldAt }]) => other !== key && isRecent(toldAt),
  );
  const acted = act(current);
  const next = others.length === maxTold - 1 ? hintAtMore(acted, current) : acted;
  const isKnown = isRecent(known?.toldAt) || (others.length >= maxTold && !isAlwaysTold);
  const quiet = isKnown && next.status === current.status;
  const { announcements } = current.outbox;
  if (quiet)
    return { ...next, announcementSeq: current.announcementSeq, outbox: { ...next.outbox, announcements } };
  const entry = next.violations[key];
  return entry ? { ...next, violations: { ...next.violations, [key]: { ...entry, toldAt: now } } } : next;
}

/** Adds to the present announcement that further behaviors come without a message. */
function hintAtMore(next: Case, before: Case): Case {
  const announcements = next.outbox.announcements.map((pending) =>
    pending.seq > before.announcementSeq
      ? { ...pending, news: [...pending.news, { code: 'others-violated' } as const] }
      : pending,
  );
  return { ...next, outbox: { ...next.outbox, announcements } };
}

/** Records why nothing is done, or that a person is asked. */
function holdBack(
  record: Case,
  refusal: Refusal,
  playbook: Playbook | undefined,
  { configuration, now, isLimitTold }: Context & { readonly isLimitTold: boolean },
): Case {
  const asks = refusal.outcome === 'ask';
  // An unfinished release or a refused action must not be forgotten, so the case keeps its status.
  const leftOver = record.ledger.some(({ status }) => status !== 'reverted');
  // Nor must a pending approval be lost because another violation is only observed, or is less severe.
  const waits = record.status === 'awaiting-approval';
  if (leftOver || (waits && (!asks || isMilder(playbook, record))))
    return announce(record, 'new-violation', [refusal.reason], now);
  // Where several playbooks ask, the approval is for the first one in cordon.yml, whichever alarm came first.
  const asking = configuration.playbooks.find(
    ({ name }) =>
      name === playbook?.name || (record.status === 'awaiting-approval' && name === record.playbook),
  );
  const { dueAt: lookAt, heldBackBy: before, quiet: _quiet, ...rest } = named(record, asking);
  // A violation that is only observed must not replace one that the kill switch held back.
  const { reason } = refusal;
  const bySwitch = reason.code === 'kill-switch';
  const heldBackBy = bySwitch ? reason.code : asks ? undefined : before;
  const byLimit = reason.code === 'fleet-limit' || reason.code === 'sender-limit';
  const held = {
    ...rest,
    reason,
    ...(heldBackBy && { heldBackBy }),
    ...(byLimit && isLimitTold && { quiet: true as const }),
  };
  const expiresAt = now + (bySwitch ? readAgainMs : configuration.guards.approvalExpires);
  const lookAgainAt = bySwitch ? now + lookAgainMs : heldBackBy && lookAt;
  const next: Case = asks
    ? { ...held, status: 'awaiting-approval', dueAt: expiresAt }
    : { ...held, status: 'observed', ...(lookAgainAt && { dueAt: lookAgainAt }) };
  const { status } = next;
  const news: News[] = byLimit && !isLimitTold ? [reason, { code: 'others-wait' }] : [reason];
  // Once events are counted instead of listed, repeated actions of the device add no row.
  const isFolded = record.foldedEvents !== undefined && status === record.status;
  const noted = isFolded ? next : note(next, { at: now, event: { code: 'status', status, reason } });
  const told = announce(noted, asks ? 'approval-needed' : 'observed', news, now);
  // People know of the held device; its reports about other things must not cause a message each.
  return reason.code === 'reporter-held' ? quieten(told) : told;
}

/** Limits the newest announcement to other systems. */
function quieten(record: Case): Case {
  const announcements = record.outbox.announcements.map((pending) =>
    pending.seq === record.announcementSeq ? { ...pending, quiet: true as const } : pending,
  );
  return { ...record, outbox: { ...record.outbox, announcements } };
}

/** Whether an event is known to come from a certificate that isn't the thing's, nor one that it got since. */
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
  return announceNews(noted, key, known, (next) => announce(next, 'refused', [event], now), context);
}

function* onClear(
  current: Case | undefined,
  known: ViolationRecord | undefined,
  violation: Finding,
  context: Context,
): Deciding<Decision> {
  if (!isOpen(current) || known?.caseId !== current.caseId) {
    const kept = violation.kind === undefined ? keepEarlyEnd(current, violation, context) : undefined;
    return kept ? changed(kept) : unchanged({ code: 'late-clear' });
  }
  const { now } = context;
  if (yield* isForeign(violation, current)) return changed(disregard(current, known, violation, context));
  const recorded = record(current, violation, now);
  const next = isHeld(recorded) ? tellClosed(recorded, known, findingKey(violation), now) : recorded;
  // A clear alone releases nothing: a device can cause its own. It may start a clean hold time, at whose end the sweep
  // looks again. A case that holds nothing ends with it.
  const releaseAt = findReleaseAt(next);
  if (next.status === 'contained' && releaseAt !== undefined)
    return changed({ ...next, dueAt: Math.min(next.dueAt ?? releaseAt, releaseAt) });
  if (next.status !== 'observed' || openViolations(next).length > 0) return changed(next);
  return changed(close(next, { code: 'cleared' }, now));
}

/** Whoever heard of a way round the containment hears that an audit has it no more. */
function tellClosed(next: Case, known: ViolationRecord, key: string, now: number): Case {
  if (findWayRound(next.violations[key]).length > 0) return next;
  const [closed] = findWayRound(known);
  return closed
    ? announce(next, 'way-round-closed', [{ ...closed, code: 'no-longer-undermined' }], now)
    : next;
}
