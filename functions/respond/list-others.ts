import type { Sharing } from '../../shared/domain/facts';

/** Names kept of those who share a policy or certificate. */
const maxOthers = 50;

/** At most 50, since a case is one item of the table; how many more there are is the last of them. */
export function listOthers(names: readonly string[], thingName: string, hasUncountedUsers = false): Sharing {
  const others = [...new Set(names)].filter((name) => name !== thingName);
  const isCut = others.length > maxOthers;
  return {
    sharedWith: isCut ? [...others.slice(0, maxOthers - 1), `${others.length - maxOthers + 1} more`] : others,
    ...((hasUncountedUsers || isCut) && { hasUncountedUsers: true }),
  };
}
