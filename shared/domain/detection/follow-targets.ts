import type { SecurityProfile } from '../configuration';
import { ownField } from '../json';
import { refreshMs } from './invalidation';
import type { BehaviorState, DetectState, Membership, Profiles } from './state';
import { isTarget } from './targets';

/** A thing outside a profile's targets is looked up again after this time, if it still violates. */
const trustOutsideMs = 300_000;

/** Follows which profiles apply to a thing, whose targets only the registry may know. */
export function followTargets(
  known: DetectState['outside'],
  at: number,
  profiles: Profiles,
  membership: Membership | undefined,
) {
  const outside: Record<string, number> = { ...known };
  let needsMembership = false;

  return {
    outside: outside as NonNullable<DetectState['outside']>,

    /** `left`: the registry says now that the profile does not apply; `outside`: it said so shortly before. */
    place(name: string, profile: SecurityProfile): 'inside' | 'left' | 'outside' {
      const target = isTarget(profile, membership);
      const since = ownField(outside, name);
      if (target === false) {
        if (at - (since ?? 0) >= trustOutsideMs) outside[name] = at;
        return 'left';
      }
      if (target) delete outside[name];
      return target || since === undefined || at - since >= trustOutsideMs ? 'inside' : 'outside';
    },

    /** Checks that the thing of an open alarm is still a target. */
    recheck(open: BehaviorState, securityProfileName: string): BehaviorState {
      const { checkedAt = 0 } = open;
      if (at - checkedAt < refreshMs) return open;
      const profile = profiles.find(([name]) => name === securityProfileName)?.[1];
      if (profile && isTarget(profile, membership)) return { ...open, checkedAt: at };
      needsMembership = true;
      return open;
    },

    /** Whether an open alarm depends on what the registry says. */
    needsMembership: (): boolean => membership === undefined && needsMembership,
  };
}
