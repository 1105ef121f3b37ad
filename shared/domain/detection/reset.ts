import { close } from './alarm';
import type { BehaviorState, DetectState } from './state';

/**
 * What is known of a thing whose case was closed: who is still out of bounds is to be told of again, so no alarm is
 * open. All else stays, since it guards others: whether the thing is connected, how often it went in and out of alarm,
 * which reports came. `heldUntil`: the end of its containment, if there was one. What was measured before it counts for
 * nothing.
 */
export function resetAlarms(state: DetectState, now: number, heldUntil?: number): DetectState {
  const behaviors = Object.fromEntries(
    Object.entries(state.behaviors).map(([slot, behavior]) => [slot, reset(behavior, heldUntil)]),
  );
  // What an open alarm waited for is over; what it hid may be due by now.
  const isTimed = state.dueAt !== undefined || state.presence?.disconnectedAt !== undefined;
  return {
    ...state,
    behaviors,
    ...(heldUntil !== undefined && { heldUntil }),
    ...(isTimed && { dueAt: now }),
  };
}

function reset(behavior: BehaviorState, heldUntil: number | undefined): BehaviorState {
  // What is excepted needs no telling anew, and without the evidence it began with it could not be known again.
  if (behavior.violationId !== undefined && behavior.excepted) return behavior;
  const { window, told: _, passed: _p, ...closed } = close({ ...behavior, bad: 0, good: 0 });
  return { ...closed, ...(window && { window: heldUntil === undefined ? window : [] }) };
}
