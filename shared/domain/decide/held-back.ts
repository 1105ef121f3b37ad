import type { Case } from '../case/case';
import { note } from '../case/outbox';
import { recallAlarm } from '../case/record-finding';
import { openViolations } from '../case/violation-record';
import { findPlaybook } from '../guards/find-playbook';
import { containOrHoldBack, lookAgainMs, readAgainMs } from './contain-or-hold-back';
import { type Context, changed, type Decision, unchanged } from './decision';
import { isHeld } from './plan';
import { type Deciding, need } from './questions';

export function isHeldBack(current: Case | undefined): current is Case {
  return (
    current?.heldBackBy !== undefined &&
    (current.status === 'observed' || current.status === 'awaiting-approval')
  );
}

/** A detector raises an alarm once, so a case that was held back is decided again without another alert. */
export function* onHeldBack(current: Case, context: Context): Deciding<Decision> {
  const { now, thingName, configuration } = context;
  if (current.dueAt !== undefined && current.dueAt > now) return unchanged({ code: 'nothing-due' });
  const { state } = context.killSwitch;
  if (state !== 'off')
    return changed({ ...current, dueAt: now + (state === 'unknown' ? readAgainMs : lookAgainMs) });
  const facts = yield* need('facts', { urgent: false });
  const { heldBackBy: _heldBackBy, dueAt: _dueAt, ...rest } = current;
  const open: Case = { ...rest, status: 'observed' };
  let next: Case = note(open, { at: now, event: { code: 'judged-again' } });
  for (const known of openViolations(current)) {
    if (isHeld(next)) break;
    const violation = recallAlarm(known, thingName);
    const playbook = findPlaybook(configuration.playbooks, violation, facts);
    const judged = { playbook, known, rises: true };
    next = yield* containOrHoldBack(next, violation, judged, { ...context, facts });
  }
  return changed(next);
}
