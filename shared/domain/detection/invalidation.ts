import { disconnectDuration, missedReports } from './metrics';
import type { BehaviorState } from './state';

/** After a longer silence in a metric, a device is no longer known to be in alarm (docs/facts.md#alarms). */
const silenceMs = 48 * 3_600_000;
/**
 * The last datapoint of an open alarm is remembered to the hour, and the registry is asked again after an hour, so that a
 * lasting alarm costs a call an hour, not one a report.
 */
export const refreshMs = 3_600_000;

/** When an open alarm without further datapoints is invalidated, which is after 49 hours at the latest. */
export function findSilentAt({ heardAt = 0 }: BehaviorState, metric: string): number {
  // While a device is disconnected, or its agent silent, the duration is a datapoint.
  const isOfAbsence = metric === disconnectDuration || metric === missedReports;
  return isOfAbsence ? Number.POSITIVE_INFINITY : heardAt + silenceMs + refreshMs;
}

/** Whether an open alarm is invalidated. */
export function isSilent(slot: BehaviorState, metric: string, now: number): boolean {
  return slot.violationId !== undefined && now >= findSilentAt(slot, metric);
}
