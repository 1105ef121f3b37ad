import type { BehaviorState } from './state';

/**
 * A device can make a value flap many times a second, and each event is a command in its mailbox. A behavior with this
 * many events within the window is evaluated again when the window is over.
 */
const maxFlaps = 10;
const flapWindowMs = 60_000;

/** The times of a behavior's events within the window; undefined if a further event has to wait. */
export function listRecentEvents({ recent = [] }: BehaviorState, at: number): readonly number[] | undefined {
  const within = recent.filter((told) => at - told < flapWindowMs);
  return within.length < maxFlaps ? within : undefined;
}
