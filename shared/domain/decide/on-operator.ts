import type { ActionName } from '../actions/registry';
import { announce, type Case, holdsThing, isOpen, note, openViolations } from '../case/case';
import { close, closeIfCleared, newCase, retryMs } from '../case/lifecycle';
import { nameClaim } from '../case/rejections';
import type { Playbook } from '../configuration';
import type { Facts } from '../facts';
import { behaviorKey } from '../findings/violation';
import { chooseActions, findExemption, findPlaybook, findShared } from '../guards/guards';
import { findWithheld } from '../guards/kill-switch';
import type { Command } from './command';
import { type Context, changed, type Decision, type Informed, unchanged } from './decision';
import { compareSeverity, planContainment } from './plan';
import { type Deciding, need } from './questions';

export function noteRefusal(current: Case, command: OperatorCommand, reason: string, { now }: Context): Case {
  const { type, actor } = command;
  const noted = note(current, { at: now, what: `${type} refused`, actor, detail: reason });
  return announce(noted, 'refused', `${type} by ${actor} was refused: ${reason}`, now);
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

export type OperatorCommand = Extract<Command, { actor: string }>;

export function* onContain(
  current: Case | undefined,
  command: OperatorCommand,
  context: Context,
): Deciding<Decision> {
  const { now } = context;
  const asked = isOpen(current) ? current : undefined;
  if (command.type === 'approve' && asked?.status !== 'awaiting-approval')
    return unchanged('nothing awaits approval');
  if (asked && holdsThing(asked) && asked.status !== 'release-conflict')
    return unchanged(`the thing is already held (${asked.status})`);
  const withheld = findWithheld(context.killSwitch);
  if (withheld)
    return unchanged(
      context.killSwitch.state === 'on' ? withheld : `${withheld}; force it if the switch is known to be off`,
    );
  const facts = yield* need('facts', { urgent: false });
  const informed: Informed = { ...context, facts };
  if (facts.kind === 'unavailable' || !facts.registered)
    return unchanged(facts.kind === 'unavailable' ? facts.reason : 'the thing is not in the registry');
  const playbook = asked && findPlaybookOf(asked, informed);
  const actions = playbook?.actions.length
    ? chooseActions(playbook, asked?.pastContainments ?? [], facts, now)
    : chooseActions(byHand, [], facts, now);
  const objection = command.force ? undefined : findNeedForForce(asked, actions, facts, context);
  if (objection) return unchanged(objection);
  const open = asked ?? newCase(current, 'operator', 'high', informed);
  const named = playbook && playbook.name !== open.playbook ? renamed(open, playbook, now) : open;
  const noted = note(named, {
    at: now,
    what: command.type,
    actor: command.actor,
    ...(command.comment && { detail: command.comment }),
  });
  return changed(planContainment(noted, playbook, actions, command.actor, informed));
}

/** The playbook that the case is under; where cordon.yml has it no longer, the worst that its violations meet now. */
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
  const what = `playbook ${record.playbook} is no longer in cordon.yml; ${name} takes its place`;
  return note({ ...record, playbook: name }, { at: now, what });
}

/** What stands against an operator's containment, unless it is forced or was the very question that was approved. */
function findNeedForForce(
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

export function onRelease(current: Case | undefined, command: OperatorCommand, context: Context): Decision {
  const { now } = context;
  if (!isOpen(current)) return unchanged('the thing has no open case');
  if (current.status === 'releasing') return unchanged('the thing is being released already');
  if (current.ledger.every(({ status }) => status === 'reverted'))
    return unchanged(`nothing holds the thing (${current.status}); dismiss the case instead`);
  const again = command.force ? undefined : findContainedAgain(current, context);
  if (again) return unchanged(again);
  return changed(
    note(
      { ...current, status: 'releasing', dueAt: now + retryMs },
      { at: now, what: 'release', actor: command.actor, ...(command.comment && { detail: command.comment }) },
    ),
  );
}

/**
 * What would contain the thing again at once: Cordon's detector judges each report, Device Defender some minutes later. A
 * conflict was decided on before.
 */
function findContainedAgain(current: Case, { configuration }: Context): string | undefined {
  if (current.status === 'release-conflict') return undefined;
  const facts = current.facts ?? { kind: 'unavailable', reason: 'not looked up' };
  const again = openViolations(current).find(
    (violation) =>
      violation.detector === 'cordon' &&
      findPlaybook(configuration.playbooks, violation, facts)?.mode === 'enforce',
  );
  return again
    ? `${behaviorKey(again)} is still in alarm, and its playbook would contain the thing again at once; end what causes it first, or force it`
    : undefined;
}

/** An operator's no: the violation stays on record, and nothing is done. */
export function* onReject(
  current: Case | undefined,
  command: OperatorCommand,
  { now }: Context,
): Deciding<Decision> {
  if (!isOpen(current) || current.status !== 'awaiting-approval') return unchanged('nothing awaits approval');
  const { dueAt: _dueAt, heldBackBy: _heldBackBy, quiet, ...rest } = current;
  const reason = `rejected ${sayWho(command)}`;
  const entry = { at: now, what: 'rejected', actor: command.actor, detail: command.comment ?? '' };
  const rejections = [...(current.rejections ?? []), ...openViolations(current).map(nameClaim)];
  // What waited in silence ends in silence, but for the first of many.
  const silent = quiet && !(yield* need('fleetNotice', { caseId: current.caseId, of: 'rejection' }));
  const text =
    quiet && !silent ? `${reason}; others that waited for the fleet limit end without a message` : reason;
  const next: Case = { ...rest, status: 'observed', rejections, reason, ...(silent && { quiet: true }) };
  return changed(announce(closeIfCleared(note(next, entry), now), 'rejected', text, now));
}

/** Marks a false positive, also in Device Defender if the violation is its own. */
export function onDismiss(
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
