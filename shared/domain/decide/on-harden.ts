import { descriptorOf } from '../actions/registry';
import { type Case, isOpen } from '../case/case';
import { note } from '../case/outbox';
import { addBackups, listPermitted } from '../guards/choose-actions';
import { findWithheld } from '../guards/kill-switch';
import { findShared } from '../guards/shared-objects';
import type { OperatorCommand } from './command';
import { nameCommand, nameDecision } from './command-notes';
import { type Context, changed, type Decision, unchanged } from './decision';
import { findMissing, isHeld, listHolding, planContainment } from './plan';
import { type Deciding, need } from './questions';
import { askSecondPerson } from './second-person';

/** Continues the same containment, with its release rule and memory: a release undoes all of it. */
export function* onHarden(
  current: Case | undefined,
  command: OperatorCommand,
  context: Context,
): Deciding<Decision> {
  if (!isOpen(current)) return unchanged({ code: 'no-open-case' });
  if (!isHeld(current)) return unchanged({ code: 'not-held' });
  const { actions = [], force, actor } = command;
  const { configuration, killSwitch, now } = context;
  const permitted = listPermitted(configuration.playbooks);
  const foreign = actions.filter((action) => !permitted.includes(action));
  if (foreign.length > 0) return unchanged({ code: 'no-rights', actions: foreign });
  const withheld = findWithheld(killSwitch);
  if (withheld)
    return unchanged(killSwitch.state === 'on' ? withheld : { code: 'needs-force', objection: withheld });
  const facts = yield* need('facts', { urgent: false, actions });
  if (facts.kind === 'unavailable') return unchanged({ code: 'facts-unavailable', error: facts.reason });
  if (!facts.registered) return unchanged({ code: 'not-registered' });
  const violationIds = Object.values(current.violations).flatMap(({ defenderId }) => defenderId ?? []);
  const missing = findMissing(current, addBackups(actions, facts.principals)).filter(
    (action) => !descriptorOf(action).obstacle?.stands({ violationIds }),
  );
  if (missing.length === 0) return unchanged({ code: 'held-so-already' });
  const shared = force ? undefined : findShared(missing, configuration.guards.maxThingsSharingPolicy, facts);
  if (shared) return unchanged({ code: 'needs-force', objection: shared });
  const asking = askSecondPerson(current, command, context);
  if (asking) return asking(current);
  const noted = note(current, { at: now, actor, event: nameCommand(command, current, now) });
  const planned = planContainment(noted, undefined, [...listHolding(current), ...missing], actor, {
    ...context,
    facts,
  });
  const { release, facts: known, pastContainments, escalation } = current;
  return changed({
    ...planned,
    decided: nameDecision(command),
    ...(release && { release }),
    // A certificate that came since is still to be covered by the other actions.
    ...(known && { facts: known }),
    ...(pastContainments && { pastContainments }),
    ...(escalation && { escalation }),
  });
}
