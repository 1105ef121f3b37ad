import { close } from './alarm';
import type { BehaviorState, DetectState } from './state';

/** An alarm that a case knew when it was closed. */
export interface KnownAlarm {
  readonly violationId: string;
  /** The time of its last event that had arrived. */
  readonly at: number;
}

const dayMs = 86_400_000;

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
  known?: readonly KnownAlarm[],
): DetectState {
  const { endedAt = 0 } = state;
  // An earlier version stored events from the future.
  const past = (known ?? []).filter(({ at }) => at <= now + dayMs);
  const lastKnownAt = Math.max(endedAt, ...past.map(({ at }) => at));
  const behaviors = Object.fromEntries(
    Object.entries(state.behaviors).map(([slot, behavior]) => [
      slot,
      reset(behavior, { endedAt, heldUntil, known }),
    ]),
  );
  // The open alarm is gone, so whatever it delayed may be due now.
  const isTimed = state.dueAt !== undefined || state.presence?.disconnectedAt !== undefined;
  return {
    ...state,
    behaviors,
    // A report that is evaluated again repeats no alarm that the case has ended: it raises a later one.
    ...(lastKnownAt > 0 && { endedAt: lastKnownAt }),
    ...(heldUntil !== undefined && { heldUntil }),
    ...(isTimed && { dueAt: now }),
  };
}

interface Closing {
  /** When the last event was that no behavior lists. */
  readonly endedAt: number;
  readonly heldUntil: number | undefined;
  readonly known: readonly KnownAlarm[] | undefined;
}

function reset(behavior: BehaviorState, { endedAt, heldUntil, known }: Closing): BehaviorState {
  // An excepted alarm stays open: nobody needs another alert of it, and without its first evidence the exception would
  // no longer be recognized.
  if (behavior.violationId !== undefined && behavior.excepted) return behavior;
  const { window, told: _, passed: _p, ...closed } = close({ ...behavior, bad: 0, good: 0 });
  const { forgotten, violationId = forgotten } = behavior;
  const toldAt = Math.max(endedAt, behavior.recent?.at(-1) ?? 0);
  const isUnderWay =
    violationId !== undefined &&
    known?.some((alarm) => alarm.violationId === violationId && alarm.at >= toldAt) === false;
  return {
    ...closed,
    ...(isUnderWay && { forgotten: violationId }),
    ...(window && { window: heldUntil === undefined ? window : [] }),
  };
}
