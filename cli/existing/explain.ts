import { takesExisting } from '../../shared/config/existing-profiles';
import { writeNormal } from '../../shared/config/explain';
import { explainResponses } from '../../shared/config/explain-playbooks';
import { maxProfilesOfTarget } from '../../shared/config/find-faults';
import { findObstacle, listAlarms } from '../../shared/config/reach';
import type { Behavior, Configuration, Playbook } from '../../shared/domain/configuration';
import { type AlarmMatch, matchesFinding } from '../../shared/domain/guards/find-playbook';
import { printable } from '../../shared/domain/messages/announcement';
import { readBehavior } from './behavior';
import type { ExistingProfile } from './read';

interface Explained {
  readonly text: string;
  /** Something in the file does not fit the account. */
  readonly isWell: boolean;
}

/** Explains how a cordon.yml treats the security profiles of the account. */
export function explainExisting(
  configuration: Configuration,
  profiles: readonly ExistingProfile[],
  stage: string,
): Explained {
  const behaviors = profiles.flatMap((profile) =>
    profile.behaviors.map((one) => ({ profile, behavior: readBehavior(one) })),
  );
  const alarms = behaviors.flatMap(({ profile, behavior }) => listAlarms(profile.name, behavior));
  const faults = [...findMisfits(configuration, profiles, alarms), ...findCrowded(configuration, profiles)];
  const lines = [
    `Security profiles of the account: ${profiles.length === 0 ? 'none' : profiles.map(({ name }) => name).join(', ')}`,
    ...profiles.flatMap((profile) => [
      ...explainProfile(profile, configuration, stage),
      ...profile.behaviors.flatMap((one) => explainOne(profile, readBehavior(one), configuration)),
    ]),
    ...(faults.length === 0
      ? ['Every playbook fits them.']
      : ['', 'What does not fit:', ...faults.map((fault) => `  ${fault}`)]),
  ];
  return { text: lines.map(printable).join('\n'), isWell: faults.length === 0 };
}

function explainProfile(
  { name, topics, targets, behaviors }: ExistingProfile,
  configuration: Configuration,
  stage: string,
): string[] {
  const isDefined = Object.hasOwn(configuration.securityProfiles, name);
  const origin = isDefined ? explainDefined(configuration) : 'the file does not define it';
  return [
    `${name}: ${origin}`,
    ...(behaviors.length === 0 ? ['  it has no behaviors, so it raises no alert'] : []),
    ...(targets.length === 0 ? ['  it has no target, so Device Defender evaluates nothing'] : []),
    ...explainAlerts(topics, configuration, stage),
  ];
}

function explainDefined({ detector }: Configuration): string {
  return detector === 'cordon'
    ? 'the file defines a profile of this name too: Cordon evaluates the one in the file, and Device Defender this one'
    : 'the file defines it too, and the stack creates it by that name';
}

/** Whether the alerts of a profile reach Cordon, and how. */
function explainAlerts(topics: readonly string[], configuration: Configuration, stage: string): string[] {
  const named = configuration.sources.deviceDefender?.topics.map(({ arn }) => arn) ?? [];
  const isTaken = (arn: string) => named.includes(arn) || arn.endsWith(`:cordon-${stage}-alerts`);
  const taken = topics.filter(isTaken);
  if (taken.length > 0) return taken.map((arn) => `  alerts: arrive from ${arn}`);
  const from = topics.length === 0 ? 'it has no alert target' : `sources does not name ${topics.join(', ')}`;
  return takesExisting(configuration) || configuration.detector !== 'cordon'
    ? [`  alerts: ${from}, so Cordon finds its violations only when it reads those in alarm, every 5 minutes`]
    : [`  alerts: ${from}, so Cordon never learns of them`];
}

function explainOne({ name, targets }: ExistingProfile, behavior: Behavior, configuration: Configuration) {
  return [
    `${name}/${behavior.name} (${targets.join(', ') || 'no target'})`,
    `  normal: ${isBounded(behavior) ? writeNormal(behavior) : `${behavior.metric} has no criteria`}`,
    ...explainResponses(configuration, name, behavior),
  ];
}

function isBounded({ criteria }: Behavior): boolean {
  const { value, statisticalThreshold, mlDetectionConfig } = criteria;
  return (value ?? statisticalThreshold ?? mlDetectionConfig) !== undefined;
}

/** Targets that would have more profiles than AWS allows, once the stack has created those of the file beside the account's. */
function findCrowded(
  { detector, securityProfiles }: Configuration,
  profiles: readonly ExistingProfile[],
): string[] {
  if (detector === 'cordon') return [];
  const others = profiles.filter(({ name }) => !Object.hasOwn(securityProfiles, name));
  const own = Object.values(securityProfiles);
  return [...new Set(own.flatMap(({ targets }) => targets))].flatMap((target) => {
    const [ofFile, ofAccount] = [own, others].map(
      (all) => all.filter(({ targets }) => targets.includes(target)).length,
    );
    const count = (ofFile ?? 0) + (ofAccount ?? 0);
    return (ofAccount ?? 0) > 0 && count > maxProfilesOfTarget
      ? [
          `${target} would have ${count} security profiles, ${ofAccount} of them of the account alone; AWS allows ${maxProfilesOfTarget}, so a deploy fails`,
        ]
      : [];
  });
}

/** Playbooks that no behavior of the file or the account can meet. */
function findMisfits(
  configuration: Configuration,
  profiles: readonly ExistingProfile[],
  existing: readonly AlarmMatch[],
): string[] {
  const { playbooks, securityProfiles } = configuration;
  const own = Object.entries(securityProfiles).flatMap(([name, { behaviors }]) =>
    behaviors.flatMap((behavior) => listAlarms(name, behavior)),
  );
  const alarms = [...own, ...existing];
  const names = [...new Set([...Object.keys(securityProfiles), ...profiles.map(({ name }) => name)])];
  return playbooks.flatMap((playbook, index) => {
    // For findings of a sender or an audit, whatever profiles there are.
    const { source, auditCheck } = playbook.when;
    if (source !== undefined || auditCheck !== undefined) return [];
    const message = alarms.some((alarm) => matchesFinding(playbook.when, alarm))
      ? findObstacle(playbook, playbooks.slice(0, index), alarms)
      : explainUnmet(playbook, alarms, names);
    return message ? [`playbook ${playbook.name}: ${message}`] : [];
  });
}

/** Why no alarm meets a playbook: the narrowest name that nothing has. */
function explainUnmet(
  { when }: Playbook,
  alarms: readonly AlarmMatch[],
  profiles: readonly string[],
): string | undefined {
  const { securityProfile, behavior, metric, confidence } = when;
  if (Object.keys(when).length === 0) return undefined;
  if (securityProfile !== undefined && !profiles.includes(securityProfile))
    return `there is no security profile ${securityProfile}, neither in the file nor in the account, only ${profiles.join(', ') || 'none'}`;
  const where =
    securityProfile === undefined ? 'the security profiles' : `security profile ${securityProfile}`;
  const possible = alarms.filter(
    (alarm) => securityProfile === undefined || alarm.securityProfileName === securityProfile,
  );
  const others = [...new Set(possible.map(({ behaviorName }) => behaviorName))].join(', ') || 'none';
  if (behavior !== undefined && !possible.some(({ behaviorName }) => behaviorName === behavior))
    return `among the behaviors of ${where} is no ${behavior}, only ${others}`;
  if (metric !== undefined && !possible.some((alarm) => alarm.metric === metric))
    return `no behavior of ${where} is of metric ${metric}`;
  if (confidence !== undefined) return 'no behavior that it names has machine learning with that confidence';
  return possible.length === 0 ? 'there is no behavior at all' : 'no single behavior has all that it names';
}
