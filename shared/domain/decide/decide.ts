import { askOnce } from '../asking';
import { type Case, isOpen } from '../case/case';
import { owesNews } from '../case/outbox';
import { takeFromReminders } from '../case/reminders';
import { onResume } from './automatic-transitions';
import type { Command, OperatorCommand } from './command';
import { noteRefusal } from './command-notes';
import { type Context, type Decision, unchanged } from './decision';
import { isHeldBack, onHeldBack } from './held-back';
import { onAssign } from './on-assign';
import { onComment } from './on-comment';
import { onContain } from './on-contain';
import { onDismiss } from './on-dismiss';
import { onDrift } from './on-drift';
import { onHarden } from './on-harden';
import { onReconnected } from './on-reconnected';
import { onReject } from './on-reject';
import { onRelease } from './on-release';
import { onViolation } from './on-violation';
import { isStale } from './operator-actions';
import type { Deciding } from './questions';

/**
 * Decides what a command does to a thing's case. Reads no clock and performs no effect; what a decision depends on beside
 * its arguments it asks for (questions.ts), on the path that needs it and once at most.
 */
export function* decide(current: Case | undefined, command: Command, context: Context): Deciding<Decision> {
  if ('actor' in command && isStale(current, command.caseId)) return unchanged({ code: 'case-closed' });
  const decision = yield* askOnce(decideCommand(current, command, context));
  if (decision.outcome === 'changed' && 'actor' in command)
    return { ...decision, next: takenBy(decision.next, command, context.now) };
  if (decision.outcome === 'changed' || !('actor' in command) || !isOpen(current)) return decision;
  // The refusal of an operator's command is also recorded in the case, for later readers.
  const refusal = decision.reason;
  const noted = noteRefusal(current, command, refusal, context);
  // A person who tries an operator action takes the case as well.
  return { outcome: 'changed', next: takeFromReminders(noted, false, context.now), refusal };
}

function takenBy(next: Case, { type, actor, assignee }: OperatorCommand, now: number): Case {
  const isGivenBack = type === 'assign' && assignee === '';
  return { ...takeFromReminders(next, isGivenBack, now), lastActor: actor };
}

function* decideCommand(current: Case | undefined, command: Command, context: Context): Deciding<Decision> {
  switch (command.type) {
    case 'violation':
      return yield* onViolation(current, command.violation, context);
    case 'contain':
    case 'approve':
      return yield* onContain(current, command, context);
    case 'reject':
      return yield* onReject(current, command, context);
    case 'release':
      return onRelease(current, command, context);
    case 'dismiss':
      return onDismiss(current, command, context);
    case 'harden':
      return yield* onHarden(current, command, context);
    case 'comment':
      return onComment(current, command, context);
    case 'assign':
      return onAssign(current, command, context);
    case 'reconnected':
      return onReconnected(current, command, context);
    case 'resume':
      return yield* isHeldBack(current) ? onHeldBack(current, context) : onResume(current, command, context);
    case 'drift':
      return yield* onDrift(current, context);
    default:
      return unreachable(command);
  }
}

/** Whether an earlier invocation left steps to perform or announcements to send. */
export function hasUnfinished(record: Case): boolean {
  return owesNews(record) || record.status === 'releasing';
}

function unreachable(value: never): never {
  throw new Error(`unknown command ${JSON.stringify(value)}`);
}
