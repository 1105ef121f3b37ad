import { loadConfiguration } from '../shared/config/load';
import type { Behavior, Configuration } from '../shared/domain/configuration';
import type { Facts } from '../shared/domain/facts';
import { findPlaybook } from '../shared/domain/guards';

/** Explains a cordon.yml in words: which playbook each behavior meets and what would be done. */
export function explain(file: string): string {
  const configuration = loadConfiguration(file);
  const behaviors = Object.entries(configuration.securityProfiles).flatMap(
    ([profileName, { behaviors, targets }]) =>
      behaviors.flatMap((behavior) => [
        `${profileName}/${behavior.name} (${targets.join(', ')})`,
        `  normal: ${writeNormal(behavior)}`,
        `  else:   ${writeResponse(configuration, profileName, behavior)}`,
      ]),
  );
  const { guards, quarantine, notify, detector } = configuration;
  const exempt = guards.exempt.map(({ thingGroup, attribute }) =>
    thingGroup
      ? `group ${thingGroup}`
      : `attribute ${Object.entries(attribute ?? {}).map((pair) => pair.join('='))}`,
  );
  return [
    `${file} is valid.`,
    '',
    `Detector: ${detector}`,
    ...behaviors,
    '',
    `Never contained: ${exempt.join(', ') || 'nobody is exempt'}`,
    `Fleet limit: ${guards.fleetLimit.things} things within ${guards.fleetLimit.within / 60_000} minutes, then people are asked`,
    `Contained things may use only: ${quarantine.keepTopics.join(', ')}`,
    `Told: ${[notify.slack && `Slack ${notify.slack.channel}`, ...notify.email].filter(Boolean).join(', ') || 'nobody'}`,
  ].join('\n');
}

function writeNormal({ metric, criteria }: Behavior): string {
  const [value] = Object.values(criteria.value);
  return `${metric} ${criteria.comparisonOperator.replaceAll('-', ' ')} ${JSON.stringify(value)}`;
}

function writeResponse(
  configuration: Configuration,
  securityProfileName: string,
  behavior: Behavior,
): string {
  const ordinary: Facts = { kind: 'known', registered: true, attributes: {}, groups: [], principals: [] };
  const violation = { securityProfileName, behaviorName: behavior.name, metric: behavior.metric };
  const playbook = findPlaybook(configuration.playbooks, violation, ordinary);
  if (!playbook) return 'recorded only: no playbook matches';
  const deeds = { observe: 'recorded', approve: 'after approval', enforce: 'at once' }[playbook.mode];
  return `playbook ${playbook.name}, ${playbook.severity}: ${[deeds, playbook.actions.join(' + ')].filter(Boolean).join(' ')}`;
}
