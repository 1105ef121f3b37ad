import type { SecurityProfile } from '../configuration';
import type { Membership } from './state';

/** Whether a profile applies to a thing (docs/facts.md#metrics-and-behaviors); undefined if only the registry knows. */
export function isTarget(
  { targets }: SecurityProfile,
  membership: Membership | undefined,
): boolean | undefined {
  if (targets.includes('all/things')) return true;
  if (!membership) return undefined;
  const { registered, groups } = membership;
  return targets.some((target) => {
    if (target === 'all/registered-things') return registered;
    // A client id that is no thing's name.
    if (target === 'all/unregistered-things') return !registered;
    return groups.includes(target.slice('thinggroup/'.length));
  });
}
