import { type Case, isOpen } from '../case/case';
import { retryMs } from '../case/lifecycle';
import { note } from '../case/outbox';
import type { Objection } from '../case/reasons';
import { openViolations } from '../case/violation-record';
import { findingKey } from '../findings/finding';
import { findPlaybook } from '../guards/find-playbook';
import type { OperatorCommand } from './command';
import { nameCommand, nameDecision } from './command-notes';
import { type Context, changed, type Decision, unchanged } from './decision';
import { askSecondPerson } from './second-person';

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
  const { request: _request, isTold: _isTold, ...rest } = current;
  return changed(
    note(
      { ...rest, status: 'releasing', decided: nameDecision(command), dueAt: now + retryMs },
      { at: now, actor: command.actor, event: nameCommand(command, current, now) },
    ),
  );
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
