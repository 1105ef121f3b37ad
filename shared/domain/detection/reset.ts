import { close } from './alarm';
import type { BehaviorState, DetectState } from './state';

/**
 * The state of a thing after its case was closed: its open alarms are forgotten, so that one that is still violated is
 * raised again. Everything else stays: whether the thing is connected, how often it went in and out of alarm, which reports
 * arrived. `heldUntil`: the end of its containment, if there was one; earlier measurements are ignored. `known`: the alarms that
 * the case knew, if not all; the alerts of others may be under way, and open another case.
 */
export function resetAlarms(
  state: DetectState,
  now: number,
  heldUntil?: number,
  known?: readonly string[],
): DetectState {
  const behaviors = Object.fromEntries(
    Object.entries(state.behaviors).map(([slot, behavior]) => [slot, reset(behavior, heldUntil, known)]),
  );
  // The open alarm is gone, so whatever it delayed may be due now.
  const isTimed = state.dueAt !== undefined || state.presence?.disconnectedAt !== undefined;
  return {
    ...state,
    behaviors,
    ...(heldUntil !== undefined && { heldUntil }),
    ...(isTimed && { dueAt: now }),
  };
}

function reset(
  behavior: BehaviorState,
  heldUntil: number | undefined,
  known: readonly string[] | undefined,
): BehaviorState {
  // An excepted alarm stays open: nobody needs another alert of it, and without its first evidence the exception would
  // no longer be recognized.
  if (behavior.violationId !== undefined && behavior.excepted) return behavior;
  const { window, told: _, passed: _p, ...closed } = close({ ...behavior, bad: 0, good: 0 });
  const { forgotten, violationId = forgotten } = behavior;
  const isUnderWay = violationId !== undefined && known?.includes(violationId) === false;
  return {
    ...closed,
    ...(isUnderWay && { forgotten: violationId }),
    ...(window && { window: heldUntil === undefined ? window : [] }),
  };
}
