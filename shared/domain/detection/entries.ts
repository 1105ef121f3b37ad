import type { Behavior } from '../configuration';
import { behaviorKey } from '../findings/violation';
import type { Profiles } from './state';

/** A behavior of a profile, and the place of its state. */
export interface Entry {
  readonly securityProfileName: string;
  readonly behavior: Behavior;
  readonly key: string;
}

export function listEntries(profiles: Profiles): Entry[] {
  return profiles.flatMap(([securityProfileName, { behaviors }]) =>
    behaviors.map((behavior) => ({
      securityProfileName,
      behavior,
      key: behaviorKey({ securityProfileName, behaviorName: behavior.name }),
    })),
  );
}
