import type { Facts } from '../../shared/domain/facts';

/** The registry entry of a thing, as Cordon looked it up last. */
export function describeFacts(facts: Facts | undefined): string[] {
  if (!facts) return [];
  if (facts.kind === 'unavailable') return [`registry: could not be read (${facts.reason})`];
  if (!facts.registered) return ['registry: has no such thing'];
  const attributes = Object.entries(facts.attributes).map(([name, value]) => `${name}=${value}`);
  return [
    `thing groups: ${list(facts.groups)}`,
    ...(facts.thingTypeName ? [`thing type: ${facts.thingTypeName}`] : []),
    ...(attributes.length > 0 ? [`attributes: ${list(attributes)}`] : []),
    ...facts.principals.map(({ certificateId, policies, sharedWith }) => {
      const shared = sharedWith.length > 0 ? `; shared with ${list(sharedWith)}` : '';
      return `certificate ${certificateId.slice(0, 12)}: policies ${list(policies)}${shared}`;
    }),
  ];
}

function list(names: readonly string[]): string {
  return names.join(', ') || 'none';
}
