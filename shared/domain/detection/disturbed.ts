import { behaviorKey } from '../findings/violation';
import { findMetric } from './metrics';
import { isForeignSlot, readSlot } from './slots';
import type { DetectedEvent, DetectState, Profiles } from './state';

/** An event with what caused it. */
export type Caused<T> = readonly [event: DetectedEvent, cause: T];

/**
 * Alerts go out before the state is saved. If the invocation is killed in between, or another one saves first, an alert
 * may have ended an alarm that is in fact still open, and an open alarm is not raised again. So the ends are noted in
 * the state before they go out (`ending`). The invocation that finds the note raises what is still open once more, at a
 * time after that end. `recalled`: these ends. `saved`: the events of this judgement, of which `cause` is the last
 * cause.
 */
export function raiseUnended<T>(
  state: DetectState,
  recalled: readonly Recalled[],
  saved: readonly Caused<T>[],
  cause: T,
): { readonly state: DetectState; readonly events: readonly Caused<T>[] } {
  const events = Object.entries(state.behaviors).flatMap(([slot, { violationId, excepted }]) => {
    const { key } = readSlot(slot);
    const end = recalled.findLast((event) => keyOf(event) === key);
    // Only the thing's own reports end an alarm. Without its evidence, nothing would except it again.
    if (violationId === undefined || !end || isForeignSlot(slot) || excepted) return [];
    if (saved.some(([event]) => keyOf(event) === key && event.at > end.at)) return [];
    return [[{ ...end, violationId, eventType: 'in-alarm', at: end.at + 1 }, cause] as const];
  });
  // The next events must be later than all that went out, whichever invocation raises them.
  const endedAt = Math.max(
    state.endedAt ?? 0,
    ...[...recalled, ...events.map(([event]) => event)].map(({ at }) => at),
  );
  return { state: { ...state, endedAt }, events };
}

/**
 * The state to save before the events go out: the earlier state with a note of the ends. Undefined unless an alarm
 * ends, or another invocation may be about to save an end. After this save, an invocation that has read the earlier
 * state can no longer save.
 */
export function noteEnding(before: DetectState, events: readonly DetectedEvent[]): DetectState | undefined {
  const ending = events
    .filter(({ eventType }) => eventType !== 'in-alarm')
    .map((event) => [keyOf(event), event.at] as const);
  if (ending.length === 0 && (!before.ending || events.length === 0)) return undefined;
  return {
    ...before,
    ending: { ...before.ending, ...Object.fromEntries(ending) },
    endedAt: Math.max(before.endedAt ?? 0, ...events.map(({ at }) => at)),
  };
}

/**
 * The ends that an invocation may have announced wrongly, for the behaviors that the profiles have now, and the state
 * without their note. For behaviors of reports, only a new report (`isReported`) shows the present state, so without
 * one their note stays. Undefined if every note stays.
 */
export function recallEnds(
  { ending = {}, ...settled }: DetectState,
  profiles: Profiles,
  isReported: boolean,
): { readonly state: DetectState; readonly recalled: readonly Recalled[] } | undefined {
  const known = profiles.flatMap(([securityProfileName, { behaviors }]) =>
    behaviors.flatMap((behavior) => {
      const at = ending[behaviorKey({ securityProfileName, behaviorName: behavior.name })];
      return at === undefined ? [] : [{ securityProfileName, behavior, at }];
    }),
  );
  if (isReported) return { state: settled, recalled: known };
  const recalled = known.filter(({ behavior }) => !isOfReports(behavior.metric));
  if (recalled.length === 0) return undefined;
  const keys = new Set(recalled.map(keyOf));
  const kept = Object.entries(ending).filter(([key]) => !keys.has(key));
  return { state: { ...settled, ...(kept.length > 0 && { ending: Object.fromEntries(kept) }) }, recalled };
}

function isOfReports(metric: string): boolean {
  return (findMetric(metric)?.source ?? 'report') === 'report';
}

type Recalled = Pick<DetectedEvent, 'securityProfileName' | 'behavior' | 'at'>;

function keyOf({ securityProfileName, behavior: { name } }: Recalled): string {
  return behaviorKey({ securityProfileName, behaviorName: name });
}
