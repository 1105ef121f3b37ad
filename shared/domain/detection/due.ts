import type { Behavior, Criteria } from '../configuration';
import { behaviorKey } from '../findings/violation';
import { boundOf, silenceDue } from './agent-silence';
import { violates } from './criteria';
import { findSilentAt, refreshMs } from './invalidation';
import { findAwaySince } from './lifecycle';
import { disconnectDuration, isLifecycle, isSummed, missedReports } from './metrics';
import { groupSlots } from './slots';
import type { BehaviorState, DetectState, Profiles } from './state';
import { isTarget } from './targets';
import { sumWindow } from './window';

/** Detect evaluates a cloud-side metric at each boundary of five minutes (docs/facts.md#alarms). */
const boundaryMs = 300_000;

/**
 * A deploy may remove a profile that needs no lookup in the registry. Its open alarm is found after this time, even if
 * nothing else would end it, as with a device that stays away.
 */
const goneProfileMs = 86_400_000;

export function lastBoundary(now: number): number {
  return Math.floor(now / boundaryMs) * boundaryMs;
}

/** When a disconnected device is out of bounds; the duration is counted in whole minutes. */
function exceededAt({ value, comparisonOperator }: Criteria, since: number): number {
  const minutes = (value?.count ?? 0) + (comparisonOperator === 'less-than-equals' ? 1 : 0);
  return since + minutes * 60_000;
}

/** When time alone may change an alarm of a thing: a metric falls silent, a window empties, a device stays away. */
export function nextDue(state: DetectState, profiles: Profiles, now: number): number | undefined {
  const slots = groupSlots(state.behaviors);
  const times = profiles.flatMap(([securityProfileName, profile]) => {
    const recheckMs = isTarget(profile, undefined) ? goneProfileMs : refreshMs;
    return profile.behaviors.flatMap((behavior) => {
      const key = behaviorKey({ securityProfileName, behaviorName: behavior.name });
      const own = state.behaviors[key];
      return [
        ...(slots.get(key) ?? []).map((slot) => alarmDue(state.behaviors[slot], behavior.metric, recheckMs)),
        evaluationDue(own, behavior, state, now),
      ];
    });
  });
  const due = Math.min(...times, silenceDue(state, listBounds(profiles), now));
  return Number.isFinite(due) ? due : undefined;
}

/** Counts of missed reports from which on a behavior is violated. */
export function listBounds(profiles: Profiles): number[] {
  return profiles.flatMap(([, { behaviors }]) =>
    behaviors.flatMap(({ metric, criteria }) => (metric === missedReports ? (boundOf(criteria) ?? []) : [])),
  );
}

function alarmDue(slot: BehaviorState | undefined, metric: string, recheckMs: number): number {
  if (slot?.violationId === undefined) return Number.POSITIVE_INFINITY;
  return Math.min(findSilentAt(slot, metric), (slot.checkedAt ?? 0) + recheckMs);
}

function evaluationDue(
  slot: BehaviorState | undefined,
  { metric, criteria }: Behavior,
  state: DetectState,
  now: number,
): number {
  const never = Number.POSITIVE_INFINITY;
  if (!isLifecycle(metric)) return never;
  const isOpen = slot?.violationId !== undefined;
  const nextBoundary = lastBoundary(now) + boundaryMs;
  if (metric === disconnectDuration) {
    const since = findAwaySince(state);
    if (since === undefined) return isOpen ? nextBoundary : never;
    if (isOpen) return never;
    const due = exceededAt(criteria, since);
    return slot?.bad ? Math.max(due, nextBoundary) : due > now ? due : nextBoundary;
  }
  if (!isSummed(metric) || !slot) return never;
  // Time only empties a window, which ends an alarm about too much and may raise one about too little.
  const wantsLittle = criteria.comparisonOperator?.startsWith('less') ?? true;
  if (wantsLittle) return isOpen || slot.bad > 0 || isTooMuch(slot, criteria, now) ? nextBoundary : never;
  return isOpen && !slot.window?.length ? never : nextBoundary;
}

/** Only the required number of consecutive datapoints is still missing for an alarm. */
function isTooMuch({ window = [] }: BehaviorState, criteria: Criteria, now: number): boolean {
  const durationMs = (criteria.durationSeconds ?? 0) * 1_000;
  return violates({ count: sumWindow(window, now, durationMs) }, criteria) === true;
}
