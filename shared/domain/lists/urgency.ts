import { openStatuses } from '../case/status';
import { compareSeverity } from '../severity';
import type { ListedCase } from './outline';

/** The fields that decide an open case's place in the order of urgency. */
export type Urgency = Pick<ListedCase, 'status' | 'severity' | 'expiresAt' | 'openedAt' | 'thingName'>;

const soonMs = 15 * 60_000;

/** Whether so little time is left for an answer that the other cases of the status can wait. */
export function expiresSoon(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && expiresAt - now < soonMs;
}

/**
 * Negative if the first is the more urgent: by status; within one, questions that expire soon, then the more severe, then
 * the one with less time left, then the older one. Two open cases are never equal: a thing has one.
 */
export function compareUrgency(one: Urgency, other: Urgency, now: number): number {
  return (
    rankOf(one) - rankOf(other) ||
    Number(expiresSoon(other.expiresAt, now)) - Number(expiresSoon(one.expiresAt, now)) ||
    compareSeverity(other.severity, one.severity) ||
    (one.expiresAt ?? Number.MAX_SAFE_INTEGER) - (other.expiresAt ?? Number.MAX_SAFE_INTEGER) ||
    one.openedAt - other.openedAt ||
    compareText(one.thingName, other.thingName)
  );
}

function rankOf({ status }: Urgency): number {
  return (openStatuses as readonly string[]).indexOf(status);
}

/** The same on every machine, whatever its language. */
function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
