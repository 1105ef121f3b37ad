import type { Case } from '../../../../shared/domain/case/case';
import { nextStep, recordOutcome, settle } from '../../../../shared/domain/case/steps';
import type { Command } from '../../../../shared/domain/decide/command';
import type { Violation } from '../../../../shared/domain/findings/violation';
import { describeRefusal } from '../../../../shared/domain/messages/describe-reason';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { aContext, aViolation, decide, flushed, now, type Situation, words } from '../../../builders';

/** An alert of a behavior. */
export function alarm(over: Partial<Violation> = {}): Command {
  const violation = aViolation(over);
  return { type: 'violation', thingName: thingKey(violation.thingName), violation };
}

/** The case after a command that changes it. */
export function decided(current: Case | undefined, command: Command, context: Partial<Situation> = {}): Case {
  const decision = decide(current, command, aContext(context));
  if (decision.outcome !== 'changed') throw new Error(`unchanged: ${describeRefusal(decision.reason)}`);
  return decision.next;
}

/** Performs every step with success. */
export function perform(record: Case, at = now): Case {
  let next = record;
  const seen = new Set<Case['ledger'][number]['action']>();
  for (let step = nextStep(next, seen); step; step = nextStep(next, seen)) {
    next = recordOutcome(next, step, { result: 'done', detail: [words(`${step.kind} ok`)] }, at);
    if (step.kind === 'verify') seen.add(step.entry.action);
  }
  return flushed(settle(next, at));
}

export const contained = () => perform(decided(undefined, alarm()));
/** A command of an operator; a release is forced. */
export const operator = (type: 'release' | 'contain' | 'approve' | 'dismiss'): Command => ({
  type,
  thingName: thingKey('mything1'),
  actor: 'ada',
  comment: 'checked',
  ...(type === 'release' && { force: true }),
});
