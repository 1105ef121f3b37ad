import { announce, type Case, holdsThing, isOpen, note, openViolations, type ViolationRecord } from './case';
import type { Command } from './command';
import type { Configuration, Playbook } from './configuration';
import type { Facts } from './facts';
import { findPlaybook, judge, type Verdict } from './guards';
import { planLedger, replan } from './ledger';
import { behaviorKey, type Violation } from './violation';

export interface Context {
  readonly thingName: string;
  readonly configuration: Configuration;
  readonly facts: Facts;
  readonly killSwitch: boolean;
  readonly fleetLimitReached: boolean;
  /** How long IoT Core may go on with a policy it has cached (6 to 8 minutes on AWS). */
  readonly policyCacheMs: number;
  /** Id of the case, if one has to be opened; the same command gets the same id. */
  readonly newCaseId: string;
  readonly now: number;
}

export type Decision =
  | { readonly outcome: 'changed'; readonly next: Case }
  /** Nothing to do, and why: recorded in the log, not in the table. */
  | { readonly outcome: 'unchanged'; readonly reason: string };

/** Decides what a command does to a thing's case. Reads no clock and performs no effect. */
export function decide(current: Case | undefined, command: Command, context: Context): Decision {
  switch (command.type) {
    case 'violation':
      return onViolation(current, command.violation, context);
    case 'contain':
    case 'approve':
      return onContain(current, command, context);
    case 'release':
      return onRelease(current, command, context);
    case 'dismiss':
      return onDismiss(current, command, context);
    case 'reconnected':
      return onReconnected(current, command, context);
    case 'resume':
      return onResume(current, context);
    default:
      return unreachable(command);
  }
}

/** Whether a decision on this command depends on what AWS says of the thing; repeats and releases don't. */
export function needsFacts(current: Case | undefined, command: Command): boolean {
  if (command.type === 'contain' || command.type === 'approve') return true;
  if (command.type !== 'violation' || command.violation.eventType !== 'in-alarm') return false;
  const known = current?.violations[behaviorKey(command.violation)];
  if (known && command.violation.occurredAt <= known.lastEventAt) return false;
  return !isOpen(current) || !isHeld(current);
}

/** Whether a former invocation stopped half way: steps to perform, or news to send. */
export function hasUnfinished(record: Case): boolean {
  const { timeline, announcements } = record.outbox;
  return timeline.length > 0 || announcements.length > 0 || record.status === 'releasing';
}

/** Held, and not on its way back. */
function isHeld(record: Case): boolean {
  return holdsThing(record) && record.status !== 'releasing' && record.status !== 'release-conflict';
}

type OperatorCommand = Extract<Command, { actor: string }>;

function onViolation(current: Case | undefined, violation: Violation, context: Context): Decision {
  const key = behaviorKey(violation);
  const known = current?.violations[key];
  if (known && violation.occurredAt <= known.lastEventAt) return unchanged('a repeated or late event');
  if (violation.eventType !== 'in-alarm') return onClear(current, known, violation, context);
  const playbook = findPlaybook(context.configuration.playbooks, violation);
  const open = isOpen(current) ? current : openCase(current, violation, playbook, context);
  const rises = !isOpen(current) || known?.caseId !== open.caseId || known.lastEventType !== 'in-alarm';
  // The same violation once more: its newest value is kept, but it is no news and no entry of the timeline.
  if (!rises && known.violationId === violation.violationId)
    return changed(remember(open, violation, context.now));
  const recorded = record(open, violation, context.now);
  if (!rises) return changed(recorded);
  if (isHeld(recorded)) {
    const text = `${key} is in alarm as well; the thing is already held`;
    return changed(announce(recorded, 'new-violation', text, context.now));
  }
  const verdict = judge({
    ...context,
    playbook,
    guards: context.configuration.guards,
    violation,
  });
  return changed(carryOut(recorded, verdict, playbook, context));
}

function carryOut(record: Case, verdict: Verdict, playbook: Playbook | undefined, context: Context): Case {
  const { now } = context;
  const named = {
    ...record,
    ...(playbook && { playbook: playbook.name, severity: playbook.severity }),
  };
  if (verdict.outcome === 'contain')
    return planContainment(named, playbook?.actions ?? [], 'playbook', context);
  // What an unfinished release or a refused action left behind must not be forgotten: the case stays what it is.
  if (record.ledger.some(({ status }) => status !== 'reverted'))
    return announce(record, 'new-violation', verdict.reason, now);
  const status = verdict.outcome === 'ask' ? 'awaiting-approval' : 'observed';
  const next = note(
    { ...named, status, reason: verdict.reason },
    { at: now, what: status, detail: verdict.reason },
  );
  return announce(next, verdict.outcome === 'ask' ? 'approval-needed' : 'observed', verdict.reason, now);
}

function planContainment(record: Case, actions: Playbook['actions'], actor: string, context: Context): Case {
  const { reason: _reason, containedAt: _containedAt, ...rest } = record;
  const clientIds = findClientIds(record, context);
  const ledger = planLedger(record.ledger, actions, { ...context, clientIds });
  return note(
    { ...rest, status: 'containing', ledger, dueAt: context.now + retryMs },
    { at: context.now, what: 'containment planned', actor, detail: actions.join(', ') },
  );
}

/** The ids under which the device connects: its thing name, and those its own certificate reported under. */
function findClientIds(record: Case, { thingName, facts }: Context): string[] {
  const own = facts.kind === 'known' ? facts.principals.map(({ certificateId }) => certificateId) : [];
  const reporters = openViolations(record).flatMap(({ reporter }) =>
    reporter && own.includes(reporter.principal) ? [reporter.clientId] : [],
  );
  return [...new Set([thingName, ...reporters])];
}

function onClear(
  current: Case | undefined,
  known: ViolationRecord | undefined,
  violation: Violation,
  { now }: Context,
): Decision {
  if (!isOpen(current) || known?.caseId !== current.caseId) return unchanged('a clear without an alarm');
  const next = record(current, violation, now);
  // A clear alone releases nothing: a device can cause its own. A case that holds nothing ends with it.
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
  const actions = playbook?.actions.length ? playbook.actions : (['quarantine', 'disconnect'] as const);
  const open = asked ?? newCase(current, 'operator', 'high', context);
  const noted = note(open, {
    at: now,
    what: command.type,
    actor: command.actor,
    ...(command.comment && { detail: command.comment }),
  });
  return changed(planContainment(noted, [...actions], command.actor, context));
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

function onDismiss(current: Case | undefined, command: OperatorCommand, { now }: Context): Decision {
  if (!isOpen(current)) return unchanged('the thing has no open case');
  if (holdsThing(current)) return unchanged(`the thing is held (${current.status}); release it first`);
  const reason = `dismissed by ${command.actor}${command.comment ? `: ${command.comment}` : ''}`;
  const closed = close(current, reason, now, command.actor);
  return changed(announce(closed, 'dismissed', reason, now));
}

function onReconnected(
  current: Case | undefined,
  command: Extract<Command, { type: 'reconnected' }>,
  context: Context,
): Decision {
  const cuts = current?.ledger.find(({ action }) => action === 'disconnect');
  if (!isOpen(current) || !cuts || !holdsThing(current) || current.status === 'releasing')
    return unchanged('the thing is not held');
  const denial = current.ledger.find(({ action }) => action === 'quarantine');
  const bitesAt = denial?.appliedAt === undefined ? Infinity : denial.appliedAt + context.policyCacheMs;
  if (context.killSwitch) return unchanged('the kill switch is on: every action is off');
  if (command.connectedAt >= bitesAt) return unchanged('the session began under the denial');
  const noted = note(current, {
    at: context.now,
    what: 'reconnected before the denial had spread: cut again',
    detail: command.clientId,
  });
  return changed({ ...noted, ledger: replan(noted.ledger, 'disconnect'), dueAt: context.now + retryMs });
}

function onResume(current: Case | undefined, { now, killSwitch }: Context): Decision {
  if (!current) return unchanged('the thing has no case');
  if (current.dueAt === undefined || current.dueAt > now) return unchanged('nothing is due');
  switch (current.status) {
    case 'containing':
    case 'contained':
    case 'containment-failed':
      return changed({
        ...current,
        ledger: current.ledger.map((entry) => reopen(entry, killSwitch)),
        dueAt: now + retryMs,
      });
    default:
      return changed({ ...current, dueAt: now + retryMs });
  }
}

/** Verified entries are verified again; what was not verified, or was refused, is applied again if that is allowed. */
function reopen(entry: Case['ledger'][number], killSwitch: boolean): Case['ledger'][number] {
  if (entry.status === 'verified') return { ...entry, status: 'applied' };
  if (killSwitch) return entry;
  if (entry.status === 'applied' || entry.status === 'failed') return { ...entry, status: 'planned' };
  return entry;
}

function openCase(
  previous: Case | undefined,
  violation: Violation,
  playbook: Playbook | undefined,
  context: Context,
): Case {
  return newCase(previous, violation.detector, playbook?.severity ?? 'medium', context);
}

function newCase(
  previous: Case | undefined,
  detector: Case['detector'],
  severity: Case['severity'],
  { thingName, newCaseId, facts, now }: Context,
): Case {
  const base: Case = {
    schema: 1,
    caseId: newCaseId,
    thingName,
    status: 'observed',
    severity,
    openedAt: now,
    updatedAt: now,
    detector,
    violations: previous?.violations ?? {},
    ledger: [],
    ...(facts.kind === 'known' && { facts }),
    outbox: { announcements: [], timeline: [] },
    timelineHead: '',
    timelineSeq: 0,
    announcementSeq: 0,
  };
  const groups = facts.kind === 'known' ? facts.groups.join(', ') || 'none' : 'unknown';
  return note(base, { at: now, what: 'case opened', detail: `thing groups: ${groups}` });
}

function record(current: Case, violation: Violation, now: number): Case {
  return note(remember(current, violation, now), {
    at: now,
    what: violation.eventType,
    detail: `${behaviorKey(violation)} ${JSON.stringify(violation.value ?? {})}`,
  });
}

function remember(current: Case, violation: Violation, now: number): Case {
  const key = behaviorKey(violation);
  const known = current.violations[key];
  const alarm = violation.eventType === 'in-alarm';
  const entry: ViolationRecord = {
    ...(known ?? {}),
    caseId: current.caseId,
    violationId: violation.violationId,
    securityProfileName: violation.securityProfileName,
    behaviorName: violation.behaviorName,
    metric: violation.metric,
    lastEventType: violation.eventType,
    lastEventAt: violation.occurredAt,
    alarmAt: alarm ? violation.occurredAt : (known?.alarmAt ?? violation.occurredAt),
    ...(violation.value && { value: violation.value }),
    ...(violation.criteria && { criteria: violation.criteria }),
    ...(alarm && violation.reporter && { reporter: violation.reporter }),
    ...(alarm && violation.evidence && { evidence: violation.evidence }),
  };
  return { ...current, updatedAt: now, violations: { ...current.violations, [key]: entry } };
}

/** Ends a case; its item stays as the thing's memory. */
export function close(record: Case, reason: string, now: number, actor?: string): Case {
  const { dueAt: _dueAt, ...rest } = record;
  return note(
    { ...rest, status: 'closed', closedAt: now, reason },
    { at: now, what: 'closed', detail: reason, ...(actor && { actor }) },
  );
}

/** How soon the sweep takes up what an invocation left unfinished. */
export const retryMs = 60_000;

function changed(next: Case): Decision {
  return { outcome: 'changed', next };
}

function unchanged(reason: string): Decision {
  return { outcome: 'unchanged', reason };
}

function unreachable(value: never): never {
  throw new Error(`unknown command ${JSON.stringify(value)}`);
}
