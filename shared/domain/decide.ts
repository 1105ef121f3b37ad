import { isStale } from './acts';
import {
  announce,
  type Case,
  holdsThing,
  isOpen,
  type LedgerEntry,
  note,
  openViolations,
  owesNews,
  type ViolationRecord,
} from './case';
import { close, newCase, record, remember, retryMs } from './case-life';
import type { Command } from './command';
import type { ActionName, Playbook, Severity } from './configuration';
import { type Context, changed, type Decision, unchanged } from './decision';
import { dropEarlyEnd, findEarlyEnd, keepEarlyEnd } from './early-ends';
import { type Facts, ownsCertificate } from './facts';
import {
  chooseActions,
  findExemption,
  findPlaybook,
  findShared,
  judge,
  matchesViolation,
  type Verdict,
} from './guards';
import { findBridge, planLedger } from './ledger';
import { findReleaseAt } from './timers';
import { onDrift, onReconnected, onResume } from './upkeep';
import { behaviorKey, type Violation } from './violation';

/** Decides what a command does to a thing's case. Reads no clock and performs no effect. */
export function decide(current: Case | undefined, command: Command, context: Context): Decision {
  if ('actor' in command && isStale(current, command.caseId)) return unchanged('its case is closed');
  const decision = decideCommand(current, command, context);
  if (decision.outcome === 'changed' || !('actor' in command) || !isOpen(current)) return decision;
  // An operator's command is never refused in silence: who looks at the case later sees it too.
  const refusal = decision.reason;
  return { outcome: 'changed', next: noteRefusal(current, command, refusal, context), refusal };
}

function noteRefusal(current: Case, command: OperatorCommand, reason: string, { now }: Context): Case {
  const { type, actor } = command;
  const noted = note(current, { at: now, what: `${type} refused`, actor, detail: reason });
  return announce(noted, 'refused', `${type} by ${actor} was refused: ${reason}`, now);
}

function decideCommand(current: Case | undefined, command: Command, context: Context): Decision {
  switch (command.type) {
    case 'violation':
      return onViolation(current, command.violation, context);
    case 'contain':
    case 'approve':
      return onContain(current, command, context);
    case 'reject':
      return onReject(current, command, context);
    case 'release':
      return onRelease(current, command, context);
    case 'dismiss':
      return onDismiss(current, command, context);
    case 'reconnected':
      return onReconnected(current, command, context);
    case 'resume':
      return isHeldBack(current) ? onHeldBack(current, context) : onResume(current, context);
    case 'drift':
      return onDrift(current, context);
    default:
      return unreachable(command);
  }
}

/** Whether a decision on this command depends on what AWS says of the thing; repeats and releases don't. */
export function needsFacts(
  current: Case | undefined,
  command: Command,
  { configuration, killSwitch }: Pick<Context, 'configuration' | 'killSwitch'>,
): boolean {
  if (command.type === 'contain' || command.type === 'approve' || command.type === 'drift') return true;
  // A certificate may have been attached to the held thing since.
  if (command.type === 'resume')
    return current?.status === 'contained' || (isHeldBack(current) && !killSwitch);
  if (command.type !== 'violation' || command.violation.eventType !== 'in-alarm') return false;
  const known = current?.violations[behaviorKey(command.violation)];
  if (known && command.violation.occurredAt <= known.lastEventAt) return false;
  if (!isOpen(current) || !isHeld(current)) return true;
  if (isEcho(command.violation)) return false;
  // Held already, but maybe not as hard as another playbook wants it.
  return configuration.playbooks.some(
    (playbook) =>
      matchesViolation(playbook.when, command.violation) && findMissing(current, playbook.actions).length > 0,
  );
}

/** Actions that do not hold the thing yet. */
function findMissing({ ledger }: Case, actions: readonly ActionName[]): ActionName[] {
  const holding = ledger.filter(({ status, bridge }) => status !== 'reverted' && !bridge);
  return actions.filter((action) => !holding.some((entry) => entry.action === action));
}

/** Metrics that a containment itself drives out of bounds (Device Defender developer guide, "Cloud-side metrics"). */
const echoes = new Set([
  'aws:num-authorization-failures',
  'aws:num-connection-attempts',
  'aws:num-disconnects',
  'aws:disconnect-duration',
]);

function isEcho({ metric }: Violation): boolean {
  return echoes.has(metric);
}

/** Whether a former invocation stopped half way: steps to perform, or news to send. */
export function hasUnfinished(record: Case): boolean {
  return owesNews(record) || record.status === 'releasing';
}

/** Held, and not on its way back. */
function isHeld(record: Case): boolean {
  return holdsThing(record) && record.status !== 'releasing' && record.status !== 'release-conflict';
}

/** What an operator's own containment does. */
const byHand: Playbook = {
  name: 'by hand',
  when: {},
  severity: 'high',
  mode: 'enforce',
  actions: ['quarantine', 'disconnect'],
  release: { by: 'operator' },
};

type OperatorCommand = Extract<Command, { actor: string }>;

function onViolation(current: Case | undefined, violation: Violation, context: Context): Decision {
  const key = behaviorKey(violation);
  const known = current?.violations[key];
  if (known && violation.occurredAt <= known.lastEventAt) return unchanged('a repeated or late event');
  if (violation.eventType !== 'in-alarm') return onClear(current, known, violation, context);
  const alarmed = onAlarm(dropEarlyEnd(current, violation), known, violation, context);
  const end = findEarlyEnd(current, violation);
  return end && alarmed.outcome === 'changed' ? onViolation(alarmed.next, end, context) : alarmed;
}

function onAlarm(
  current: Case | undefined,
  known: ViolationRecord | undefined,
  violation: Violation,
  context: Context,
): Decision {
  const playbook = findPlaybook(context.configuration.playbooks, violation, context.facts);
  const severity = playbook?.severity ?? 'medium';
  const open = isOpen(current) ? current : newCase(current, violation.detector, severity, context);
  const rises = !isOpen(current) || known?.caseId !== open.caseId || known.lastEventType !== 'in-alarm';
  // The same violation once more: its newest value is kept, but it is no news and no entry of the timeline.
  const again = !rises && known.violationId === violation.violationId;
  const recorded = (again ? remember : record)(open, violation, context.now);
  if (isHeld(recorded)) {
    if (isEcho(violation) && known?.caseId !== open.caseId)
      return unchanged('what the containment itself causes is no news');
    return rises ? onFurther(recorded, known, violation, playbook, context) : changed(recorded);
  }
  // A release under way is the operator's: only news stops it.
  if (!rises && (recorded.status === 'releasing' || recorded.status === 'release-conflict'))
    return changed(recorded);
  return changed(answer(recorded, violation, { playbook, known, rises }, context));
}

interface Finding {
  readonly playbook: Playbook | undefined;
  /** What was known of the behavior before. */
  readonly known: ViolationRecord | undefined;
  /** Whether people have yet to hear of it. */
  readonly rises: boolean;
}

/** Contains a thing that is not held, or says why not. */
function answer(
  recorded: Case,
  violation: Violation,
  { playbook, known, rises }: Finding,
  context: Context,
): Case {
  const actions = playbook
    ? chooseActions(playbook, recorded.pastContainments ?? [], context.facts, context.now)
    : [];
  const { guards } = context.configuration;
  const verdict = judge({ ...context, playbook, actions, guards, violation });
  if (verdict.outcome === 'contain' && !recorded.rejected)
    return planContainment(named(recorded, playbook), playbook, actions, 'playbook', context);
  // Judged again, since what stood in the way may be gone; but a no that was told is not told again.
  if (!rises) return recorded;
  const refused = verdict.outcome === 'contain' ? rejectedBefore : verdict;
  const key = behaviorKey(violation);
  return tell(recorded, key, known, (next) => holdBack(next, refused, playbook, context), context);
}

/** How soon a case that the kill switch held back is looked at again: each look is a call of respond. */
const lookAgainMs = 5 * 60_000;

function isHeldBack(current: Case | undefined): current is Case {
  return current?.status === 'observed' && current.heldBackBy !== undefined;
}

/** A detector tells an alarm once, so what was held back is taken up without waiting for another. */
function onHeldBack(current: Case, context: Context): Decision {
  const { now, thingName, configuration, facts } = context;
  if (current.dueAt !== undefined && current.dueAt > now) return unchanged('nothing is due');
  if (context.killSwitch) return changed({ ...current, dueAt: now + lookAgainMs });
  const { heldBackBy: _heldBackBy, dueAt: _dueAt, ...rest } = current;
  let next: Case = note(rest, { at: now, what: 'judged again', detail: 'the kill switch is off' });
  for (const known of openViolations(current)) {
    if (isHeld(next)) break;
    const violation: Violation = {
      ...known,
      thingName,
      eventType: 'in-alarm',
      occurredAt: known.lastEventAt,
      detector: known.detector ?? 'device-defender',
    };
    const playbook = findPlaybook(configuration.playbooks, violation, facts);
    next = answer(next, violation, { playbook, known, rises: true }, context);
  }
  return changed(next);
}

/** Another behavior of a held thing: its playbook may hold it harder. */
function onFurther(
  held: Case,
  known: ViolationRecord | undefined,
  violation: Violation,
  playbook: Playbook | undefined,
  context: Context,
): Decision {
  const { facts, now, configuration } = context;
  const key = behaviorKey(violation);
  const covered = coverClientId(held, violation, now);
  const wanted = playbook ? chooseActions(playbook, held.pastContainments ?? [], facts, now) : [];
  const missing = facts.kind === 'known' ? findMissing(held, wanted) : [];
  const { guards } = configuration;
  // The thing is counted already, so the fleet limit is no matter.
  const judged = { ...context, playbook, actions: missing, guards, violation, fleetLimitReached: false };
  const verdict = missing.length > 0 && playbook?.mode !== 'observe' ? judge(judged) : undefined;
  const news = (text: string) => (next: Case) => announce(next, 'new-violation', text, now);
  const text = `${key} is in alarm as well; the thing is already held`;
  if (verdict?.outcome !== 'contain') {
    const why = verdict ? `, not by ${missing.join(', ')}: ${verdict.reason}` : '';
    return changed(tell(covered, key, known, news(`${text}${why}`), context));
  }
  const all = [...new Set([...held.ledger.flatMap(listHolding), ...missing])];
  const { pastContainments, release } = held;
  const planned = planContainment(named(covered, playbook), playbook, all, 'playbook', context);
  // It goes on as the one containment that it is, and under the stricter rule of the two.
  const same = { ...planned, ...(pastContainments && { pastContainments }) };
  const stricter: Case = release && 'by' in release ? { ...same, release } : same;
  const harder = `${key} is in alarm as well; held harder: ${missing.join(', ')}`;
  return changed(tell(stricter, key, known, news(harder), context));
}

function listHolding({ action, status, bridge }: LedgerEntry): ActionName[] {
  return status === 'reverted' || bridge ? [] : [action];
}

type Refusal = Exclude<Verdict, { outcome: 'contain' }>;

const rejectedBefore: Refusal = {
  outcome: 'observe',
  reason: 'an operator rejected a containment of this case',
};

/** Within this time people are told once of a behavior, however often it goes in and out of alarm. */
const toldForMs = 10 * 60_000;

/** Takes a step that announces, and leaves the announcement out where people were told of the behavior just now. */
function tell(
  current: Case,
  key: string,
  known: ViolationRecord | undefined,
  act: (current: Case) => Case,
  { now }: Context,
): Case {
  const next = act(current);
  const quiet =
    known?.toldAt !== undefined && now - known.toldAt < toldForMs && next.status === current.status;
  const { announcements } = current.outbox;
  if (quiet)
    return { ...next, announcementSeq: current.announcementSeq, outbox: { ...next.outbox, announcements } };
  const entry = next.violations[key];
  return entry ? { ...next, violations: { ...next.violations, [key]: { ...entry, toldAt: now } } } : next;
}

function named(record: Case, playbook: Playbook | undefined): Case {
  return { ...record, ...(playbook && { playbook: playbook.name, severity: playbook.severity }) };
}

/** Records why nothing is done, or that a person is asked. */
function holdBack(
  record: Case,
  refusal: Refusal,
  playbook: Playbook | undefined,
  { configuration, now }: Context,
): Case {
  const asks = refusal.outcome === 'ask';
  // What an unfinished release or a refused action left behind must not be forgotten: the case stays what it is.
  const leftOver = record.ledger.some(({ status }) => status !== 'reverted');
  // Nor must what waits for a person, since another violation of the thing is only observed, or is less severe.
  const waits = record.status === 'awaiting-approval';
  if (leftOver || (waits && (!asks || isMilder(playbook, record))))
    return announce(record, 'new-violation', refusal.reason, now);
  const status = asks ? 'awaiting-approval' : 'observed';
  // Of several that ask, an approval is for the one that stands first in cordon.yml, whichever alarm came first.
  const asking = configuration.playbooks.find(
    ({ name }) =>
      name === playbook?.name || (record.status === 'awaiting-approval' && name === record.playbook),
  );
  const { dueAt: lookAt, heldBackBy: before, ...rest } = named(record, asking);
  // Another violation that is only watched must not make it be forgotten what the kill switch held back.
  const heldBackBy = asks ? undefined : (refusal.by ?? before);
  const dueAt = asks
    ? now + configuration.guards.approvalExpires
    : heldBackBy && (refusal.by ? now + lookAgainMs : lookAt);
  const next = note(
    { ...rest, status, reason: refusal.reason, ...(heldBackBy && { heldBackBy }), ...(dueAt && { dueAt }) },
    { at: now, what: status, detail: refusal.reason },
  );
  return announce(next, asks ? 'approval-needed' : 'observed', refusal.reason, now);
}

const severities: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

function isMilder(playbook: Playbook | undefined, { severity }: Case): boolean {
  return severities.indexOf(playbook?.severity ?? 'medium') < severities.indexOf(severity);
}

/** As many containments as an escalation can ask for. */
const keptContainments = 20;

function planContainment(
  record: Case,
  playbook: Playbook | undefined,
  wanted: readonly ActionName[],
  actor: string,
  context: Context,
): Case {
  const {
    reason: _reason,
    containedAt: _containedAt,
    evadesUntil: _evadesUntil,
    escalation: _escalation,
    heldBackBy: _heldBackBy,
    ...rest
  } = record;
  const { now } = context;
  const violationIds = findDefenderIds(record);
  // Where both detectors run, Cordon's is minutes ahead: there is nothing yet that a task could be started for.
  const actions = wanted.filter((action) => action !== 'detect-mitigation-task' || violationIds.length > 0);
  const left = actions.length < wanted.length ? ' (no task: Device Defender has no violation of it)' : '';
  const escalation = actions.filter((action) => playbook?.escalate && !playbook.actions.includes(action));
  const clientIds = findClientIds(record, context);
  const ledger = planLedger(record.ledger, actions, {
    ...context,
    caseId: record.caseId,
    clientIds,
    violationIds,
  });
  const bridge = findBridge(ledger) ? ', deactivate-certificate until the denial has spread' : '';
  return note(
    {
      ...rest,
      status: 'containing',
      ...(context.facts.kind === 'known' && { facts: context.facts }),
      ledger,
      release: playbook?.release ?? { by: 'operator' },
      ...(escalation.length > 0 && { escalation }),
      pastContainments: [...(record.pastContainments ?? []), now].slice(-keptContainments),
      dueAt: now + retryMs,
    },
    { at: now, what: 'containment planned', actor, detail: `${actions.join(', ')}${bridge}${left}` },
  );
}

/** Ids that Device Defender knows: it starts a task for its own violations only. */
function findDefenderIds(record: Case): string[] {
  return openViolations(record).flatMap(({ defenderId }) => defenderId ?? []);
}

/** As many client ids as one device is believed to need. */
const maxClientIds = 10;

/** A held device that reports under an id not known so far: its session is cut too, and the denial verified again. */
function coverClientId(record: Case, { reporter }: Violation, now: number): Case {
  const cut = record.ledger.find(({ action }) => action === 'disconnect')?.prior;
  if (!reporter || !ownsCertificate(record.facts, reporter.principal) || cut?.action !== 'disconnect')
    return record;
  if (cut.clientIds.includes(reporter.clientId) || cut.clientIds.length >= maxClientIds) return record;
  const prior = { ...cut, clientIds: [...cut.clientIds, reporter.clientId] };
  const ledger = record.ledger.map((entry): LedgerEntry => {
    if (entry.action === 'disconnect') return { ...entry, status: 'planned', prior };
    return entry.status === 'verified' ? { ...entry, status: 'applied' } : entry;
  });
  const next: Case = { ...record, status: 'containing', ledger, dueAt: now + retryMs };
  return note(next, { at: now, what: 'connects under another client id too', detail: reporter.clientId });
}

/** The ids under which the device connects: its thing name, and those its own certificate reported under. */
function findClientIds(record: Case, { thingName, facts }: Context): string[] {
  const reporters = openViolations(record).flatMap(({ reporter }) =>
    reporter && ownsCertificate(facts, reporter.principal) ? [reporter.clientId] : [],
  );
  return [...new Set([thingName, ...reporters])];
}

function onClear(
  current: Case | undefined,
  known: ViolationRecord | undefined,
  violation: Violation,
  context: Context,
): Decision {
  if (!isOpen(current) || known?.caseId !== current.caseId) {
    const kept = keepEarlyEnd(current, violation, context);
    return kept ? changed(kept) : unchanged('a clear without an alarm, known by now');
  }
  const { now } = context;
  const next = record(current, violation, now);
  // A clear alone releases nothing: a device can cause its own. It may start a clean hold time, at whose end the sweep
  // looks again. A case that holds nothing ends with it.
  const releaseAt = findReleaseAt(next);
  if (next.status === 'contained' && releaseAt !== undefined)
    return changed({ ...next, dueAt: Math.min(next.dueAt ?? releaseAt, releaseAt) });
  if (next.status !== 'observed' || openViolations(next).length > 0) return changed(next);
  return changed(close(next, 'all violations cleared', now));
}

function onContain(current: Case | undefined, command: OperatorCommand, context: Context): Decision {
  const { facts, now } = context;
  const asked = isOpen(current) ? current : undefined;
  if (command.type === 'approve' && asked?.status !== 'awaiting-approval')
    return unchanged('nothing awaits approval');
  if (asked && holdsThing(asked) && asked.status !== 'release-conflict')
    return unchanged(`the thing is already held (${asked.status})`);
  if (context.killSwitch) return unchanged('the kill switch is on: every action is off');
  if (facts.kind === 'unavailable' || !facts.registered)
    return unchanged(facts.kind === 'unavailable' ? facts.reason : 'the thing is not in the registry');
  const playbook = context.configuration.playbooks.find(({ name }) => name === asked?.playbook);
  const actions = playbook?.actions.length
    ? chooseActions(playbook, asked?.pastContainments ?? [], facts, now)
    : chooseActions(byHand, [], facts, now);
  const objection = command.force ? undefined : findObjection(asked, actions, facts, context);
  if (objection) return unchanged(objection);
  const open = asked ?? newCase(current, 'operator', 'high', context);
  const noted = note(open, {
    at: now,
    what: command.type,
    actor: command.actor,
    ...(command.comment && { detail: command.comment }),
  });
  return changed(planContainment(noted, playbook, actions, command.actor, context));
}

/** What stands against an operator's containment, unless it is forced or was the very question that was approved. */
function findObjection(
  asked: Case | undefined,
  actions: readonly ActionName[],
  facts: Extract<Facts, { kind: 'known' }>,
  { configuration: { guards } }: Context,
): string | undefined {
  const exemption = findExemption(guards, facts);
  if (exemption) return `the thing is exempt: ${exemption}; force it if that is meant`;
  const shared = findShared(actions, guards.maxThingsSharingPolicy, facts);
  return shared && shared !== asked?.reason ? `${shared}; force it if they may be hit` : undefined;
}

function onRelease(current: Case | undefined, command: OperatorCommand, { now }: Context): Decision {
  if (!isOpen(current)) return unchanged('the thing has no open case');
  if (current.status === 'releasing') return unchanged('the thing is being released already');
  if (current.ledger.every(({ status }) => status === 'reverted'))
    return unchanged(`nothing holds the thing (${current.status}); dismiss the case instead`);
  return changed(
    note(
      { ...current, status: 'releasing', dueAt: now + retryMs },
      { at: now, what: 'release', actor: command.actor, ...(command.comment && { detail: command.comment }) },
    ),
  );
}

/** An operator's no: the violation stays on record, and nothing is done. */
function onReject(current: Case | undefined, command: OperatorCommand, { now }: Context): Decision {
  if (!isOpen(current) || current.status !== 'awaiting-approval') return unchanged('nothing awaits approval');
  const { dueAt: _dueAt, ...rest } = current;
  const reason = `rejected ${sayWho(command)}`;
  const entry = { at: now, what: 'rejected', actor: command.actor, detail: command.comment ?? '' };
  return changed(
    announce(note({ ...rest, status: 'observed', rejected: true, reason }, entry), 'rejected', reason, now),
  );
}

/** A false positive. Device Defender is told so where the violation is its own. */
function onDismiss(
  current: Case | undefined,
  command: OperatorCommand,
  { configuration, now }: Context,
): Decision {
  if (!isOpen(current)) return unchanged('the thing has no open case');
  // What was refused half way may hold the thing as well; only a conflict can be left as it is, by this very command.
  if (current.ledger.some(({ status }) => status !== 'reverted' && status !== 'conflict'))
    return unchanged(`the thing is held (${current.status}); release it first`);
  const left = current.ledger.filter(({ status }) => status === 'conflict').map(({ detail }) => detail);
  const accepted = left.length > 0 ? `; left as it is: ${left.join('; ')}` : '';
  const reason = `dismissed ${sayWho(command)}${accepted}`;
  const closed = close(current, reason, now, command.actor);
  const falsePositives = Object.values(current.violations).flatMap(({ caseId, defenderId }) =>
    configuration.detector !== 'cordon' && caseId === current.caseId && defenderId ? [defenderId] : [],
  );
  const outbox = { ...closed.outbox, falsePositives };
  return changed(announce({ ...closed, outbox }, 'dismissed', reason, now));
}

function sayWho({ actor, comment }: OperatorCommand): string {
  return `by ${actor}${comment ? `: ${comment}` : ''}`;
}

function unreachable(value: never): never {
  throw new Error(`unknown command ${JSON.stringify(value)}`);
}
