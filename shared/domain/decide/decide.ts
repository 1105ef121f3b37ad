import { type Case, isContainment, isOpen, owesNews } from '../case/case';
import { ownsCertificate } from '../facts';
import { behaviorKey, type Violation } from '../findings/violation';
import { matchesViolation } from '../guards/guards';
import { onDrift, onReconnected, onResume } from './automatic-transitions';
import type { Command } from './command';
import { type Context, type Decision, unchanged } from './decision';
import { noteRefusal, onContain, onDismiss, onReject, onRelease } from './on-operator';
import { isEcho, isHeldBack, onHeldBack, onViolation } from './on-violation';
import { isStale } from './operator-actions';
import { findMissing, isHeld } from './plan';

/** Decides what a command does to a thing's case. Reads no clock and performs no effect. */
export function decide(current: Case | undefined, command: Command, context: Context): Decision {
  if ('actor' in command && isStale(current, command.caseId)) return unchanged('its case is closed');
  const decision = decideCommand(current, command, context);
  if (decision.outcome === 'changed' || !('actor' in command) || !isOpen(current)) return decision;
  // An operator's command is never refused in silence: who looks at the case later sees it too.
  const refusal = decision.reason;
  return { outcome: 'changed', next: noteRefusal(current, command, refusal, context), refusal };
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
      return isHeldBack(current) ? onHeldBack(current, context) : onResume(current, command, context);
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
    return (
      killSwitch.state === 'off' && ((current !== undefined && isContainment(current)) || isHeldBack(current))
    );
  if (command.type !== 'violation') return false;
  const known = current?.violations[behaviorKey(command.violation)];
  if (command.violation.eventType !== 'in-alarm')
    return isOpen(current) && known?.caseId === current.caseId && isNewFrom(current, command.violation);
  if (known && command.violation.occurredAt <= known.lastEventAt) return false;
  if (!isOpen(current) || !isHeld(current)) return true;
  if (isEcho(command.violation)) return false;
  // Held already, but maybe not as hard as another playbook wants it.
  return configuration.playbooks.some(
    (playbook) =>
      matchesViolation(playbook.when, command.violation) && findMissing(current, playbook.actions).length > 0,
  );
}

/** Whether an event comes from a certificate that the thing was not seen with: it may have got it since. */
function isNewFrom({ facts }: Case, { reporter }: Violation): boolean {
  return reporter !== undefined && !ownsCertificate(facts, reporter.principal);
}

/** Whether a former invocation stopped half way: steps to perform, or news to send. */
export function hasUnfinished(record: Case): boolean {
  return owesNews(record) || record.status === 'releasing';
}

function unreachable(value: never): never {
  throw new Error(`unknown command ${JSON.stringify(value)}`);
}
