import type { Configuration } from '../configuration';
import type { FleetLimitReached } from './reasons';

/**
 * How many things may be contained within the window. If the limit is a percentage and the fleet was never counted, the
 * limit is one thing, and the others wait for approval.
 */
export function findFleetLimit(
  { fleetLimit }: Configuration['guards'],
  fleetSize: number | undefined,
): number {
  const { things, percent } = fleetLimit;
  if (percent === undefined) return things;
  return Math.min(things, Math.max(1, Math.floor(((fleetSize ?? 0) * percent) / 100)));
}

export function nameFleetLimit({ fleetLimit }: Configuration['guards']): FleetLimitReached {
  const { things, percent, within } = fleetLimit;
  return { code: 'fleet-limit', things, ...(percent !== undefined && { percent }), withinMs: within };
}
