import type { ListedCase } from '../api/types';
import { needsSomebody } from './status';

/** So little time is left for an answer that everything else waits. */
export const soonMs = 15 * 60_000;

const severities = ['critical', 'high', 'medium', 'low'];

/**
 * Cases that need somebody: by status; within one, questions that expire soon, then the more severe, then who has less time
 * left. Other cases stay as they are.
 */
export function sortByUrgency(cases: readonly ListedCase[], now: number): ListedCase[] {
  const rank = ({ status, severity, expiresAt = Number.MAX_SAFE_INTEGER }: ListedCase) => {
    const place = needsSomebody.indexOf(status);
    return place < 0
      ? []
      : [place, expiresAt - now < soonMs ? 0 : 1, severities.indexOf(severity), expiresAt];
  };
  const compare = (one: readonly number[], other: readonly number[]) =>
    one.map((value, index) => value - (other[index] ?? value)).find((difference) => difference !== 0) ?? 0;
  return [...cases].sort((one, other) => compare(rank(one), rank(other)));
}
