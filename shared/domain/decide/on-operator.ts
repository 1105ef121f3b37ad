import type { ActionName } from '../actions/registry';
import { announce, type Case, holdsThing, isOpen, note, openViolations } from '../case/case';
import { byOperator, close, closeIfCleared, listConflicts, newCase, retryMs } from '../case/lifecycle';
import type { News } from '../case/news';
import { findRequest, type PersonRequest } from '../case/person-request';
import type { Objection, Reason, Refusal, Requested } from '../case/reasons';
import { nameClaim } from '../case/rejections';
import type { Playbook } from '../configuration';
import type { Facts } from '../facts';
import { findingKey } from '../findings/finding';
import { chooseActions } from '../guards/choose-actions';
import { compareSeverity, findPlaybook } from '../guards/find-playbook';
import { findExemption, findShared } from '../guards/guards';
import { findWithheld } from '../guards/kill-switch';
import { isEqual } from '../json';
import type { OperatorCommand } from './command';
import { type Context, changed, type Decision, type Informed, unchanged } from './decision';
import { planContainment } from './plan';
import { type Deciding, need } from './questions';
import { judgeSecondPerson } from './second-person';

export function noteRefusal(
  current: Case,
  command: OperatorCommand,
  refusal: Refusal,
  { now }: Context,
): Case {
  const { type, actor } = command;
  const noted = note(current, { at: now, actor, event: { code: 'command-refused', command: type, refusal } });
  return announce(noted, 'refused', [{ code: 'refused', command: type, actor, refusal }], now);
}

/** What an operator's own containment does. */
const byHand: Playbook = {
  name: 'by hand',
  when: {},
  severity: 'high',
  mode: 'enforce',
  actions: ['quarantine', 'disconnect'],
  release: byOperator,
};

export function* onContain(
  current: Case | undefined,
  command: OperatorCommand,
  context: Context,
): Deciding<Decision> {
  const { now } = context;
  const asked = isOpen(current) ? current : undefined;
  if (command.type === 'approve' && asked?.status !== 'awaiting-approval')
    return unchanged({ code: 'nothing-awaits-approval' });
  if (asked && holdsThing(asked) && asked.status !== 'release-conflict')
    return unchanged({ code: 'already-held', status: asked.status });
  const withheld = findWithheld(context.killSwitch);
  if (withheld)
    return unchanged(
      context.killSwitch.state === 'on' ? withheld : { code: 'needs-force', objection: withheld },
    );
  const facts = yield* need('facts', { urgent: false });
  const informed: Informed = { ...context, facts };
  if (facts.kind === 'unavailable') return unchanged({ code: 'facts-unavailable', error: facts.reason });
  if (!facts.registered) return unchanged({ code: 'not-registered' });
  const playbook = asked && findPlaybookOf(asked, informed);
  const actions = playbook?.actions.length
    ? chooseActions(playbook, asked?.pastContainments ?? [], facts, now)
    : chooseActions(byHand, [], facts, now);
  const objection = command.force ? undefined : findNeedForForce(asked, actions, facts, context);
  if (objection) return unchanged({ code: 'needs-force', objection });
  const asking = askSecondPerson(asked, command, context);
  const open = asked ?? newCase(current, 'operator', 'high', informed);
  if (asking) return asking(open);
  const named = playbook && playbook.name !== open.playbook ? renamed(open, playbook, now) : open;
  const noted = note(named, {
    at: now,
    actor: command.actor,
    event: nameCommand(command, asked, now),
  });
  const planned = planContainment(noted, playbook, actions, command.actor, informed);
  return changed({ ...planned, decided: nameDecision(command) });
}

/** The playbook of the case; where cordon.yml no longer has it, the strictest that its violations match now. */
function findPlaybookOf(record: Case, { configuration, facts }: Informed): Playbook | undefined {
  if (record.playbook === undefined) return undefined;
  const { playbooks } = configuration;
  const met = openViolations(record).flatMap((violation) => findPlaybook(playbooks, violation, facts) ?? []);
  return (
    playbooks.find(({ name }) => name === record.playbook) ??
    met.toSorted((a, b) => compareSeverity(b.severity, a.severity))[0]
  );
}

function renamed(record: Case, { name }: Playbook, now: number): Case {
  const from = record.playbook !== undefined && { from: record.playbook };
  return note(
    { ...record, playbook: name },
    { at: now, event: { code: 'playbook-renamed', ...from, to: name } },
  );
}

/** The objection to an operator's containment, unless it is forced or was the very question that was approved. */
function findNeedForForce(
  asked: Case | undefined,
  actions: readonly ActionName[],
  facts: Extract<Facts, { kind: 'known' }>,
  { configuration: { guards } }: Context,
): Objection | undefined {
  const exemption = findExemption(guards, facts);
  if (exemption) return exemption;
  const shared = findShared(actions, guards.maxThingsSharingPolicy, facts);
  return isEqual(shared, asked?.reason) ? undefined : shared;
}

export function onRelease(current: Case | undefined, command: OperatorCommand, context: Context): Decision {
  const { now } = context;
  if (!isOpen(current)) return unchanged({ code: 'no-open-case' });
  if (current.status === 'releasing') return unchanged({ code: 'already-releasing' });
  if (current.ledger.every(({ status }) => status === 'reverted'))
    return unchanged({ code: 'nothing-holds', status: current.status });
  const again = command.force ? undefined : findContainedAgain(current, context);
  if (again) return unchanged({ code: 'needs-force', objection: again });
  const asking = askSecondPerson(current, command, context);
  if (asking) return asking(current);
  const { request: _request, ...rest } = current;
  return changed(
    note(
      { ...rest, status: 'releasing', decided: nameDecision(command), dueAt: now + retryMs },
      { at: now, actor: command.actor, event: nameCommand(command, current, now) },
    ),
  );
}

/** Where the order needs a second person: what becomes of the case instead. Undefined where it is to be carried out. */
export function askSecondPerson(
  record: Case | undefined,
  command: OperatorCommand,
  { thingName, configuration: { guards }, now }: Context,
): ((open: Case) => Decision) | undefined {
  const verdict = judgeSecondPerson(record, thingName, command, { guards, now });
  if (verdict === 'do' || verdict === 'confirm') return undefined;
  if (verdict !== 'ask') return () => unchanged(verdict);
  const { type, actor, person = '', force, actions, comment, requestId } = command;
  const action = type === 'release' || type === 'harden' ? type : 'contain';
  const expires = now + guards.approvalExpires;
  const reason: Requested = {
    ...{ code: 'requested' as const, action, actor, until: expires },
    ...(comment && { comment }),
  };
  const request: PersonRequest = {
    ...{ action, actor, person, at: now, expires },
    ...(force && { force: true as const }),
    ...(actions && { actions }),
    ...(requestId !== undefined && { requestId }),
  };
  return (open) => {
    const noted = note({ ...open, request }, { at: now, actor, event: reason });
    // A case that waits for something else keeps what it waits for.
    return open.status === 'observed' && !open.heldBackBy
      ? changed(
          announce(
            { ...noted, status: 'awaiting-approval', reason, dueAt: expires },
            'approval-needed',
            [reason],
            now,
          ),
        )
      : changed(announce(noted, 'second-person', [reason], now));
  };
}

/**
 * The violation that would contain the thing again at once: Cordon's detector judges each report, Device Defender some
 * minutes later. A release out of a conflict was decided before.
 */
function findContainedAgain(current: Case, { configuration }: Context): Objection | undefined {
  if (current.status === 'release-conflict') return undefined;
  const facts = current.facts ?? { kind: 'unavailable', reason: 'not looked up' };
  const again = openViolations(current).find(
    (violation) =>
      violation.detector === 'cordon' &&
      findPlaybook(configuration.playbooks, violation, facts)?.mode === 'enforce',
  );
  return again && { code: 'still-in-alarm', behavior: findingKey(again) };
}

/** An operator's no: the violation stays on record, and nothing is done. */
export function* onReject(
  current: Case | undefined,
  command: OperatorCommand,
  { now }: Context,
): Deciding<Decision> {
  const isWaiting = current?.status === 'awaiting-approval';
  if (!isOpen(current) || !(isWaiting || current.request))
    return unchanged({ code: 'nothing-awaits-approval' });
  const who = nameSender(command);
  const reason: Reason = { code: 'rejected', ...who };
  const { actor, ...comment } = who;
  const entry = { at: now, actor, event: { code: 'rejected', ...comment } } as const;
  if (!isWaiting) {
    const { request: _request, ...kept } = current;
    return changed(announce(note(kept, entry), 'refused', [reason], now));
  }
  const { dueAt: _dueAt, heldBackBy: _heldBackBy, request: _request, quiet, ...rest } = current;
  // The no to a person's wish says nothing of the violations.
  const rejections = [
    ...(current.rejections ?? []),
    ...(current.reason.code === 'requested' ? [] : openViolations(current).map(nameClaim)),
  ];
  // A case that waited without an announcement ends without one, except for the first of many.
  const silent = quiet && !(yield* need('fleetNotice', { caseId: current.caseId, of: 'rejection' }));
  const news: News[] = quiet && !silent ? [reason, { code: 'others-rejected' }] : [reason];
  const decided = nameDecision(command);
  const next: Case = {
    ...{ ...rest, status: 'observed', rejections, reason, decided },
    ...(silent && { quiet: true }),
  };
  return changed(announce(closeIfCleared(note(next, entry), now), 'rejected', news, now));
}

/** Marks a false positive, also in Device Defender if the violation is its own. */
export function onDismiss(
  current: Case | undefined,
  command: OperatorCommand,
  { configuration, now }: Context,
): Decision {
  if (!isOpen(current)) return unchanged({ code: 'no-open-case' });
  // A partly refused containment may hold the thing, too; this command can only leave a conflict as it is.
  if (current.ledger.some(({ status }) => status !== 'reverted' && status !== 'conflict'))
    return unchanged({ code: 'held', status: current.status });
  const left = listConflicts(current).map(({ detail }) => detail);
  const reason: Reason = { code: 'dismissed', ...nameSender(command), left };
  const closed = { ...close(current, reason, now, command.actor), decided: nameDecision(command) };
  const falsePositives = Object.values(current.violations).flatMap(({ caseId, defenderId }) =>
    configuration.detector !== 'cordon' && caseId === current.caseId && defenderId ? [defenderId] : [],
  );
  const outbox = { ...closed.outbox, falsePositives };
  return changed(announce({ ...closed, outbox }, 'dismissed', [reason], now));
}

export function nameDecision(command: OperatorCommand): NonNullable<Case['decided']> {
  return { command: command.type, ...nameSender(command) };
}

function nameSender({ actor, comment }: OperatorCommand) {
  return { actor, ...(comment && { comment }) };
}

export function nameCommand(
  { type, comment, actor }: OperatorCommand,
  current: Case | undefined,
  now: number,
) {
  const askedBy = findRequest(current, now)?.actor;
  return {
    code: 'command',
    command: type,
    ...(comment && { comment }),
    ...(askedBy !== undefined && askedBy !== actor && { askedBy }),
  } as const;
}
