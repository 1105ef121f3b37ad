import type { Configuration } from '../configuration';
import type { KnownFacts } from '../facts';
import type { Exemption } from './reasons';

export function findExemption(guards: Configuration['guards'], facts: KnownFacts): Exemption | undefined {
  for (const { thingGroup, attribute } of guards.exempt) {
    if (thingGroup !== undefined && facts.groups.includes(thingGroup)) return { code: 'exempt', thingGroup };
    for (const [name, value] of Object.entries(attribute ?? {}))
      if (facts.attributes[name] === value) return { code: 'exempt', attribute: { name, value } };
  }
  return undefined;
}
