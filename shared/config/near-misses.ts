import type { Configuration } from '../domain/configuration';
import { groupBy } from '../domain/group-by';

/** Names that differ only in case: AWS distinguishes them, so one may match nothing. */
export function findNearMisses(configuration: Configuration): string[] {
  return [
    ...compare('thing group', listGroups(configuration)),
    ...compare(
      'thing type',
      listConditions(configuration).flatMap(({ thingType }) => thingType ?? []),
    ),
    ...compare(
      'attribute',
      listAttributes(configuration).map(([name]) => name),
    ),
    ...compare(
      'attribute',
      listAttributes(configuration).map(([name, value]) => `${name}=${value}`),
    ),
  ];
}

function listConditions({ playbooks, guards }: Configuration) {
  const exempt: readonly Configuration['playbooks'][number]['when'][] = guards.exempt;
  return [...exempt, ...playbooks.map(({ when }) => when)];
}

function listGroups(configuration: Configuration): string[] {
  const targets = Object.values(configuration.securityProfiles).flatMap((profile) => profile.targets);
  return [
    ...listConditions(configuration).flatMap(({ thingGroup }) => thingGroup ?? []),
    ...targets.flatMap((target) => /^thinggroup\/(.*)$/.exec(target)?.[1] ?? []),
    configuration.quarantine.thingGroup,
  ];
}

function listAttributes(configuration: Configuration): [string, string][] {
  return listConditions(configuration).flatMap(({ attribute }) => Object.entries(attribute ?? {}));
}

function compare(kind: string, names: readonly string[]): string[] {
  const spellings = groupBy(new Set(names), (name) => name.toLowerCase());
  return [...spellings.values()].flatMap((same) =>
    same.length > 1
      ? [`${kind} ${same.join(' and ')} differ only in case, which AWS distinguishes: check the spelling`]
      : [],
  );
}
