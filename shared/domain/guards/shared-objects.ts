import { type ActionName, descriptorOf } from '../actions/registry';
import type { KnownFacts, Sharing } from '../facts';
import type { Shared } from './reasons';

/** Other things that the actions would affect, beyond the allowed number, by shared certificates or policies. */
export function findShared(
  actions: readonly ActionName[],
  max: number,
  facts: KnownFacts,
): Shared | undefined {
  const touched = new Set(actions.map((action) => descriptorOf(action).touches));
  const certificate = facts.principals.find((one) => touched.has('certificates') && isTooWide(one, max));
  if (certificate) return nameShared('certificate', certificate.certificateId.slice(0, 8), certificate);
  const policy = facts.policies?.find((one) => touched.has('policies') && isTooWide(one, max));
  return policy && nameShared('policy', policy.policyName, policy);
}

function isTooWide({ sharedWith, hasUncountedUsers }: Sharing, max: number): boolean {
  return sharedWith.length + 1 > max || hasUncountedUsers === true;
}

/** The most names in a reason. */
export const maxNamed = 10;

export function nameShared(
  object: Shared['object'],
  name: string,
  { sharedWith }: Pick<Sharing, 'sharedWith'>,
): Shared {
  return { code: 'shared', object, name, holders: sharedWith.slice(0, maxNamed) };
}
