import type { ActionName } from '../actions/registry';
import { type Case, isOpen } from '../case/case';
import { holdsThing } from '../case/ledger-entry';
import { byOperator, newCase } from '../case/lifecycle';
import { note } from '../case/outbox';
import type { Objection } from '../case/reasons';
import { openViolations } from '../case/violation-record';
import type { Playbook } from '../configuration';
import type { KnownFacts } from '../facts';
import { chooseActions } from '../guards/choose-actions';
import { findExemption } from '../guards/exemptions';
import { findPlaybook } from '../guards/find-playbook';
import { findWithheld } from '../guards/kill-switch';
import { findShared } from '../guards/shared-objects';
import { isEqual } from '../json';
import { compareSeverity } from '../severity';
import type { OperatorCommand } from './command';
import { nameCommand, nameDecision } from './command-notes';
import { type Context, changed, type Decision, type Informed, unchanged } from './decision';
import { planContainment } from './plan';
import { type Deciding, need } from './questions';
import { askSecondPerson } from './second-person';

/** What an operator's own containment does. */
const byHand: Playbook = {
  name: 'by hand',
  when: {},
  severity: 'high',
  mode: 'enforce',
  actions: ['quarantine', 'disconnect'],
  release: byOperator,
};

/** An operator's containment, which `approve` asks for if the case waits for it. */
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

/** The playbook of the case; if cordon.yml no longer has it, the strictest that its violations match now. */
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
  facts: KnownFacts,
  { configuration: { guards } }: Context,
): Objection | undefined {
  const exemption = findExemption(guards, facts);
  if (exemption) return exemption;
  const shared = findShared(actions, guards.maxThingsSharingPolicy, facts);
  return isEqual(shared, asked?.reason) ? undefined : shared;
}
