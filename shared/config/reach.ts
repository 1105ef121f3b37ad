import type { Behavior, Configuration, Playbook } from '../domain/configuration';
import { type AlarmMatch, findPlaybook, type Match, matchesFinding } from '../domain/guards/find-playbook';
import { listAuditFindings } from './audits';
import { takesExisting } from './existing-profiles';
import type { Fault } from './fault';
import { listSenderFindings } from './senders';

/** The alarms that a behavior can raise: of one that Device Defender learns with its confidence or more, else without. */
export function listAlarms(securityProfileName: string, { name, metric, criteria }: Behavior): AlarmMatch[] {
  const alarm = { securityProfileName, behaviorName: name, metric };
  const least = criteria.mlDetectionConfig?.confidenceLevel;
  if (least === undefined) return [alarm];
  const levels = ['LOW', 'MEDIUM', 'HIGH'] as const;
  return levels.slice(levels.indexOf(least)).map((confidence) => ({ ...alarm, confidence }));
}

/** Playbooks that never apply, and behaviors to which no playbook always applies. */
export function findUnreached(configuration: Configuration): Fault[] {
  const { playbooks, securityProfiles } = configuration;
  const profiles = Object.entries(securityProfiles);
  const alarms = profiles.flatMap(([name, { behaviors }]) =>
    behaviors.flatMap((behavior) => listAlarms(name, behavior)),
  );
  const sent = [
    ...configuration.sources.external.flatMap(listSenderFindings),
    ...listAuditFindings(configuration),
  ];
  const unreachable = playbooks.flatMap((playbook, index) => {
    const existing = takesExisting(configuration) ? listExistingAlarms(playbook, securityProfiles) : [];
    const obstacle = findObstacle(playbook, playbooks.slice(0, index), [...alarms, ...existing, ...sent]);
    return obstacle ? [{ path: ['playbooks', index, 'when'], message: `never applies: ${obstacle}` }] : [];
  });
  const unmet = profiles.flatMap(([name, { behaviors }]) =>
    behaviors.flatMap((behavior, index) => {
      const isMet = listAlarms(name, behavior).every((alarm) =>
        findPlaybook(playbooks.filter(isForAnyThing), alarm, { kind: 'unavailable', reason: '' }),
      );
      return isMet
        ? []
        : [{ path: ['securityProfiles', name, 'behaviors', index, 'name'], message: unmetText }];
    }),
  );
  return [...unreachable, ...unmet];
}

/**
 * The alarm of a profile that the file does not define which meets a playbook, and no other that asks for more. None, if
 * the playbook is for a profile of the file.
 */
function listExistingAlarms({ when }: Playbook, defined: Configuration['securityProfiles']): Match[] {
  // No name has a space.
  const { securityProfile = 'some profile', behavior = 'some behavior', metric = 'some metric' } = when;
  if (when.source !== undefined || when.auditCheck !== undefined) return [];
  if (Object.hasOwn(defined, securityProfile)) return [];
  const { confidence } = when;
  return [
    {
      securityProfileName: securityProfile,
      behaviorName: behavior,
      metric,
      ...(confidence && { confidence }),
    },
  ];
}

const unmetText =
  'no playbook always applies to this behavior: add one, such as { name: anything-else, mode: observe }';

function isForAnyThing({ when: { thingGroup, thingType, attribute } }: Playbook): boolean {
  return thingGroup === undefined && thingType === undefined && attribute === undefined;
}

/** Why a playbook never applies to any of these alarms; undefined if it may. */
export function findObstacle(
  playbook: Playbook,
  earlier: readonly Playbook[],
  alarms: readonly Match[],
): string | undefined {
  // A playbook without conditions also covers future behaviors.
  if (Object.keys(playbook.when).length === 0) {
    const first = earlier.find(({ when }) => Object.keys(when).length === 0);
    return first && `${first.name} above it always matches first: move this one up, or remove it`;
  }
  const own = alarms.filter((alarm) => matchesFinding(playbook.when, alarm));
  if (own.length === 0)
    return 'no behavior here raises an alarm that it matches: correct when, or remove the playbook';
  const winners = own.map((alarm) =>
    earlier.find((other) => matchesFinding(other.when, alarm) && isForThingsOf(other.when, playbook.when)),
  );
  if (winners.some((winner) => winner === undefined)) return undefined;
  const names = [...new Set(winners.map((winner) => winner?.name))];
  return names.length === 1
    ? `${names[0]} above it always matches first: move this one up, or remove it`
    : `${names.join(', ')} above it always match first: move this one up, or remove it`;
}

/** True if each thing that meets the narrow conditions also meets the wide ones. */
function isForThingsOf(wide: Playbook['when'], narrow: Playbook['when']): boolean {
  return (['thingGroup', 'thingType', 'attribute'] as const).every(
    (key) => wide[key] === undefined || JSON.stringify(wide[key]) === JSON.stringify(narrow[key]),
  );
}
