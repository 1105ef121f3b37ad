import type { ServedDescriptor } from '../../functions/notify/channels/descriptor';
import { listNamed, listServed } from '../../functions/notify/channels/registry';
import type { Behavior, Configuration } from '../domain/configuration';
import { disconnectDuration, findMetric } from '../domain/detection/metrics';
import { comparisons } from '../domain/messages/describe-value';
import { writeDuration } from '../domain/words';
import { auditTitle, takesAudits } from './audits';
import { takesExisting } from './existing-profiles';
import { explainResponses, writeAttribute, writeMatch, writePlaybook } from './explain-playbooks';
import { explainPace, explainRoutes } from './explain-routes';
import type { FileConfiguration } from './schema';
import { explainSender } from './senders';
import { explainTopics, type Place } from './sources';
import { findWarnings } from './warnings';

/** Explains a cordon.yml in words: which playbooks may apply to each behavior, in order, and what they do. */
export function explainConfiguration(
  configuration: FileConfiguration,
  place: Place = { account: 'ACCOUNT', region: 'REGION', stage: 'STAGE' },
): string {
  const { quarantine, notify, detector, securityProfiles, history } = configuration;
  const channels = listNamed(notify);
  const behaviors = Object.entries(securityProfiles).flatMap(([profileName, { behaviors, targets }]) =>
    behaviors.flatMap((behavior) => [
      `${profileName}/${behavior.name} (${targets.join(', ')})`,
      `  normal: ${writeNormal(behavior)}`,
      ...writeDetector(behavior, configuration),
      ...explainResponses(configuration, profileName, behavior),
    ]),
  );
  return [
    `Detector: ${detector}`,
    ...behaviors,
    ...writeExisting(configuration),
    ...writeSenders(configuration, place),
    ...writeAudits(configuration),
    ...explainTopics(configuration, place),
    '',
    ...writeGuards(configuration),
    '',
    ...(quarantine.adopt
      ? [
          `Quarantine group: ${quarantine.thingGroup} of the account, which the stack neither creates nor deletes`,
        ]
      : []),
    ...(quarantine.policy === undefined
      ? []
      : [
          `Deny policy: ${quarantine.policy} of the account, which the stack neither creates, changes nor deletes`,
        ]),
    `Contained things may use only: ${quarantine.keepTopics.join(', ')}`,
    quarantine.untilPoliciesSpread === 'deactivate-certificate'
      ? 'While IoT Core uses cached policies (6 to 8 minutes), their own certificates are inactive'
      : 'While IoT Core uses cached policies (6 to 8 minutes), Cordon cuts each of their connects',
    `Closed cases: kept ${history.keepClosed === 'forever' ? 'for ever' : `for ${writeDuration(history.keepClosed)}`}`,
    ...explainRoutes(configuration),
    ...explainPace(configuration),
    ...channels.flatMap(({ descriptor, section }) => descriptor.explain?.(section) ?? []),
    ...listServed(channels).flatMap(({ descriptor }) => writeSecret(descriptor)),
    ...findWarnings(configuration).map((warning) => `Warning: ${warning}`),
  ].join('\n');
}

function writeSecret({ title, secret }: ServedDescriptor): string[] {
  if (!secret) return [];
  const { name, what, example } = secret;
  return [
    `${title} receives nothing until ${what} is stored: aws ssm put-parameter --name /cordon-STAGE/${name} --type SecureString --value ${example}`,
  ];
}

export function writeNormal({ metricDimension, ...behavior }: Behavior): string {
  const normal = writeBound(behavior);
  if (!metricDimension) return normal;
  const { dimensionName, operator } = metricDimension;
  return `${normal}; counted ${operator === 'NOT_IN' ? 'outside' : 'within'} dimension ${dimensionName}`;
}

function writeBound({ metric, criteria }: Pick<Behavior, 'metric' | 'criteria'>): string {
  const { value, statisticalThreshold, mlDetectionConfig, comparisonOperator: operator } = criteria;
  const { consecutiveDatapointsToAlarm: count, durationSeconds } = criteria;
  const patience = count > 1 ? `; an alarm after ${count} reports in a row outside this bound` : '';
  if (mlDetectionConfig)
    return `${metric} is within what Device Defender has learned, with ${mlDetectionConfig.confidenceLevel} confidence${patience}`;
  const [listed] = Object.values(value ?? {});
  const bound = statisticalThreshold
    ? `${statisticalThreshold.statistic} of the fleet`
    : JSON.stringify(listed);
  const time = durationSeconds === undefined ? '' : ` in ${writeDuration(durationSeconds * 1_000)}`;
  const unit = metric === disconnectDuration ? ' minutes' : '';
  return `${metric} is ${operator ? comparisons[operator] : 'equal to'} ${bound}${unit}${time}${patience}`;
}

/** Which detector evaluates a behavior, if not both do. */
function writeDetector(behavior: Behavior, { detector, customMetrics }: Configuration): string[] {
  const { metric, metricDimension, criteria } = behavior;
  if (detector !== 'both') return [];
  if (metricDimension) return ['  seen by: only Device Defender, which has dimensions'];
  if (criteria.mlDetectionConfig) return ['  seen by: only Device Defender, which has machine learning'];
  const source = findMetric(metric, customMetrics)?.source;
  if (source === 'lifecycle' && criteria.statisticalThreshold)
    return ['  seen by: only Device Defender, which has percentiles of it'];
  return source === 'device-defender' ? ['  seen by: only Device Defender, which has this metric'] : [];
}

/** Findings of other products. */
function writeSenders({ sources, playbooks }: Configuration, place: Place): string[] {
  return sources.external.flatMap((sender) => {
    const possible = playbooks.filter(({ when }) => when.source === sender.name);
    return [
      ...explainSender(sender, place),
      ...possible.map((playbook, index) => `    ${index + 1}. ${writePlaybook(playbook)}`),
      '    else recorded only, because no other playbook is for it',
    ];
  });
}

function writeAudits(configuration: Configuration): string[] {
  if (!takesAudits(configuration)) return [];
  const possible = configuration.playbooks.filter(({ when }) => when.auditCheck !== undefined);
  return [
    ...auditTitle,
    ...possible.map(
      (playbook, index) => `    ${index + 1}. ${writePlaybook(playbook, `${playbook.when.auditCheck}: `)}`,
    ),
    '    else recorded only, because no other playbook is for it',
  ];
}

/** Alerts of profiles that the file does not define. */
function writeExisting(configuration: Configuration): string[] {
  if (!takesExisting(configuration)) return [];
  const { playbooks, securityProfiles } = configuration;
  const possible = playbooks.filter(
    ({ when }) =>
      (when.source === undefined && when.auditCheck === undefined && when.securityProfile === undefined) ||
      (when.securityProfile !== undefined && !Object.hasOwn(securityProfiles, when.securityProfile)),
  );
  const isMet = possible.some(({ when }) => Object.keys(when).length === 0);
  return [
    'existing security profiles of the account (the stack creates and changes none of them)',
    '  else, the first of these that applies:',
    ...possible.map(
      (playbook, index) => `    ${index + 1}. ${writePlaybook(playbook, writeMatch(playbook))}`,
    ),
    ...(isMet ? [] : ['    else recorded only, because no playbook matches']),
  ];
}

function writeGuards({ guards, playbooks }: Configuration): string[] {
  const { fleetLimit, maxThingsSharingPolicy: most } = guards;
  const exempt = guards.exempt.map(({ thingGroup, attribute }) =>
    thingGroup ? `group ${thingGroup}` : writeAttribute(attribute ?? {}),
  );
  if (playbooks.every(({ mode }) => mode === 'observe'))
    return ['Guards: none, because every playbook only records'];
  const percent = fleetLimit.percent === undefined ? '' : ` or ${fleetLimit.percent} % of the fleet`;
  return [
    'Guards:',
    `  never contained: ${exempt.join(', ') || 'nothing is exempt'}; if the thing can't be looked up, Cordon asks`,
    `  fleet limit: ${fleetLimit.things} things${percent} within ${writeDuration(fleetLimit.within)}; then Cordon asks`,
    `  shared: a policy or certificate that more than ${most === 1 ? 'one thing uses' : `${most} things use`} is changed only after approval`,
    "  forged: a report from a certificate that is not the thing's own contains nothing until a person approves",
    `  approval: a request expires after ${writeDuration(guards.approvalExpires)}, and the case is only recorded`,
    ...(guards.fourEyes
      ? [
          '  four eyes: contain, harden and forced orders wait for a second person who is proven in the same way as the first',
        ]
      : []),
    '  kill switch: while it is on, Cordon only records',
  ];
}
