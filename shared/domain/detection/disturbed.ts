import { behaviorKey } from '../findings/violation';
import { isForeignSlot, readSlot } from './slots';
import type { DetectedEvent, DetectState } from './state';

/** An event with what caused it. */
export type Caused<T> = readonly [event: DetectedEvent, cause: T];

/**
 * Alerts go out before the state is saved. If another invocation saved first, those that went out may say that an alarm ended
 * which is open after all, and an open alarm is not raised again: so it is raised once more, later than its end.
 * `told`: the events that went out in vain, and then those that will be saved.
 */
export function raiseUnended<T>(
  state: DetectState,
  told: readonly Caused<T>[],
  saved: readonly Caused<T>[],
): { readonly state: DetectState; readonly events: readonly Caused<T>[] } {
  const all = [...told, ...saved];
  const events = Object.entries(state.behaviors).flatMap(([slot, { violationId, excepted }]) => {
    const { key } = readSlot(slot);
    const newest = all
      .filter(([event]) => keyOf(event) === key)
      .toSorted(([a], [b]) => a.at - b.at)
      .at(-1);
    // Only the thing's own reports end an alarm.
    if (violationId === undefined || !newest || isForeignSlot(slot) || saved.includes(newest)) return [];
    const [{ value: _, ...end }, cause] = newest;
    if (end.eventType === 'in-alarm') return [];
    const raised = all.findLast(
      ([event]) => event.violationId === violationId && event.eventType === 'in-alarm',
    );
    // Without its evidence, nothing would except it.
    if (!raised && excepted) return [];
    const [event, causedBy]: Caused<T> = raised ?? [{ ...end, violationId, eventType: 'in-alarm' }, cause];
    return [[{ ...event, at: end.at + 1 }, causedBy] as const];
  });
  // What comes next is later than all that went out, whoever judges it.
  const endedAt = Math.max(state.endedAt ?? 0, ...[...told, ...events].map(([{ at }]) => at));
  return { state: { ...state, endedAt }, events };
}

function keyOf({ securityProfileName, behavior: { name } }: DetectedEvent): string {
  return behaviorKey({ securityProfileName, behaviorName: name });
}
