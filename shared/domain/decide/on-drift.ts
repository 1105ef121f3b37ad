import { type Case, isOpen } from '../case/case';
import { newCase } from '../case/lifecycle';
import { announce, note } from '../case/outbox';
import { type Context, changed, type Decision, unchanged } from './decision';
import { type Deciding, need } from './questions';

/** The sweep found the thing in the quarantine group: somebody else put it there, or a case was lost. */
export function* onDrift(current: Case | undefined, context: Context): Deciding<Decision> {
  if (isOpen(current)) return unchanged({ code: 'has-open-case' });
  const { configuration } = context;
  const facts = yield* need('facts', { urgent: false });
  // It may have been released since the sweep looked.
  if (facts.kind !== 'known' || !facts.groups.includes(configuration.quarantine.thingGroup))
    return unchanged({ code: 'not-in-quarantine-group' });
  const reason = { code: 'drift' } as const;
  const open = newCase(current, 'operator', 'high', { ...context, facts });
  const next = note({ ...open, reason }, { at: context.now, event: reason });
  return changed(announce(next, 'drift', [reason], context.now));
}
