import type { Case } from '../../../../shared/domain/case/case';
import { settle } from '../../../../shared/domain/case/settle';
import { nextStep, recordOutcome } from '../../../../shared/domain/case/steps';
import type { Command } from '../../../../shared/domain/decide/command';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { changedBy, flushed, now, words } from '../../../builders';
import { alarm } from '../lead-case';

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

export const contained = () => perform(changedBy(undefined, alarm()));
/** A command of an operator; a release is forced. */
export const operator = (type: 'release' | 'contain' | 'approve' | 'dismiss'): Command => ({
  type,
  thingName: thingKey('mything1'),
  actor: 'ada',
  comment: 'checked',
  ...(type === 'release' && { force: true }),
});
