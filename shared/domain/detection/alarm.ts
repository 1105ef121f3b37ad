import type { Criteria } from '../configuration';
import type { ViolationEventType } from '../violation';
import type { BehaviorState } from './state';

/**
 * A device can make a value flap many times a second, and each event costs a place in its mailbox. A behavior with this
 * many events within the window is looked at again when the window is over.
 */
const maxFlaps = 10;
const flapWindowMs = 60_000;

interface AlarmEvent {
  readonly eventType: ViolationEventType;
  readonly violationId: string;
}

export interface Step {
  readonly state: BehaviorState;
  readonly event?: AlarmEvent;
}

/**
 * One datapoint of a behavior (device-defender.md, 3.6): an event at the edge only, after as many datapoints in a row
 * as the criteria ask for.
 */
export function stepAlarm(
  before: BehaviorState,
  isBad: boolean,
  at: number,
  criteria: Criteria,
  newId: () => string,
): Step {
  const recent = (before.recent ?? []).filter((told) => at - told < flapWindowMs);
  if (recent.length >= maxFlaps) return { state: before };
  const { state, event } = count(before, isBad, criteria, newId);
  return event ? { state: { ...state, recent: [...recent, at] }, event } : { state };
}

/** Counters stop at what the behavior asks for, so that the state of a steady thing stays the same. */
function count(before: BehaviorState, isBad: boolean, criteria: Criteria, newId: () => string): Step {
  const { violationId } = before;
  const { consecutiveDatapointsToAlarm: toAlarm, consecutiveDatapointsToClear: toClear } = criteria;
  if (isBad) {
    const state = { ...before, bad: Math.min(before.bad + 1, toAlarm), good: 0 };
    if (violationId || state.bad < toAlarm) return { state };
    const id = newId();
    return { state: { ...state, violationId: id }, event: { eventType: 'in-alarm', violationId: id } };
  }
  const state = { ...before, bad: 0, good: Math.min(before.good + 1, toClear) };
  if (!violationId || state.good < toClear) return { state };
  return { state: close(state), event: { eventType: 'alarm-cleared', violationId } };
}

/** Forgets the open alarm. */
export function close({
  violationId: _,
  metric: _m,
  heardAt: _h,
  checkedAt: _c,
  excepted: _e,
  ...rest
}: BehaviorState): BehaviorState {
  return rest;
}
