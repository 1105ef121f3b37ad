import type { Case } from '../../../shared/domain/case/case';
import { settle } from '../../../shared/domain/case/settle';
import { nextStep, recordOutcome } from '../../../shared/domain/case/steps';
import type { Command } from '../../../shared/domain/decide/command';
import type { OperatorAction } from '../../../shared/domain/decide/operator-actions';
import type { Violation } from '../../../shared/domain/findings/violation';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aViolation, changedBy, flushed, now, type Situation, words } from '../../builders';

/** A thing's case, taken through commands while all calls to AWS succeed. */

export function alarm(over: Partial<Violation> = {}): Command {
  const violation = aViolation(over);
  return { type: 'violation', thingName: thingKey(violation.thingName), violation };
}

export function order(type: OperatorAction, caseId?: string): Command {
  // Most of these things are still in alarm.
  const force = type === 'release' ? true : undefined;
  return { type, thingName: thingKey('mything1'), actor: 'ada', comment: 'checked', caseId, force };
}

export const resume: Command = { type: 'resume', thingName: thingKey('mything1') };

/** The case after a command and the steps it asks for; at `now` of the context. */
export function lead(current: Case | undefined, command: Command, context: Partial<Situation> = {}): Case {
  const at = context.now ?? now;
  const seen = new Set<Case['ledger'][number]['action']>();
  let next = changedBy(current, command, context);
  const nextOf = () => nextStep(next, seen, (context.killSwitch?.state ?? 'off') !== 'off');
  for (let step = nextOf(); step; step = nextOf()) {
    next = recordOutcome(next, step, { result: 'done', detail: [words(`${step.kind} ok`)] }, at);
    if (step.kind === 'verify') seen.add(step.entry.action);
  }
  return settle(next, at, context.killSwitch);
}

/** The result of `lead`, once everything is announced. */
export function led(...args: Parameters<typeof lead>): Case {
  return flushed(lead(...args));
}

export const actionsOf = ({ ledger }: Case) => ledger.map(({ action }) => action);
export const toldOf = ({ outbox }: Case) => outbox.announcements.map(({ kind }) => kind);
