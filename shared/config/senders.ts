import type { Configuration, Playbook } from '../domain/configuration';
import type { Match } from '../domain/guards/find-playbook';
import type { Sender } from '../domain/guards/guards';
import { severities } from '../domain/severity';
import { writeCount, writeDuration } from '../domain/words';
import { findPatternFaults } from './event-pattern';
import type { Fault } from './fault';
import type { Place } from './sources';

/** Errors about `sources.external` and the playbooks of its senders. */
export function findSenderFaults({ sources: { external }, playbooks }: Configuration): Fault[] {
  const names = external.map(({ name }) => name);
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [
          {
            path: ['sources', 'external', index, 'name'],
            message: 'another sender has this name: choose another',
          },
        ]
      : [],
  );
  return [
    ...twice,
    ...external.flatMap(({ eventPattern = {} }, index) =>
      findPatternFaults(eventPattern, ['sources', 'external', index, 'eventPattern']),
    ),
    ...playbooks.flatMap((playbook, index) =>
      findPlaybookFaults(playbook, names).map(({ path, message }) => ({
        path: ['playbooks', index, ...path],
        message,
      })),
    ),
  ];
}

/** Conditions that only an alarm of a behavior can meet. */
const ofBehavior = ['securityProfile', 'behavior', 'metric', 'confidence'] as const;

function findPlaybookFaults({ when, release, unless }: Playbook, names: readonly string[]): Fault[] {
  const { source } = when;
  if (source === undefined)
    return when.severity === undefined || when.auditCheck !== undefined
      ? []
      : [{ path: ['when', 'severity'], message: 'only findings of a source have a severity: add source' }];
  const unmet = ofBehavior.filter((field) => when[field] !== undefined);
  return [
    ...(names.includes(source)
      ? []
      : [
          {
            path: ['when', 'source'],
            message: `${source} is not among sources.external, which has ${names.join(', ') || 'nobody'}`,
          },
        ]),
    ...unmet.map((field) => ({
      path: ['when', field],
      message: `a finding of ${source} has none: remove it, or source`,
    })),
    ...(unless
      ? [{ path: ['unless'], message: `a finding of ${source} has no children to except: remove unless` }]
      : []),
    ...('clearedFor' in release
      ? [
          {
            path: ['release'],
            message: `${source} can't clear its findings: expected { by: operator } or { after: 24h }`,
          },
        ]
      : []),
  ];
}

/** The findings that a sender can send, as far as playbooks distinguish them. */
export function listSenderFindings({ name }: Pick<Sender, 'name'>): Match[] {
  return severities.toReversed().map((severity) => ({ kind: 'external', source: name, severity }));
}

/** What `cordon check` prints about each sender, before the playbooks that its findings meet. */
export function explainSender(
  { name, publishers, eventPattern, limit, maxAge, device }: Sender,
  place: Place,
): string[] {
  const { stage, account } = place;
  const abroad = (publishers ?? []).filter((arn) => arn.split(':')[4] !== account);
  return [
    `findings of ${name} (OCSF Detection Findings)`,
    ...(publishers
      ? [`  from:   only ${publishers.join(', ')}, to topic cordon-${stage}-findings-${name}`]
      : []),
    ...(abroad.length > 0
      ? [
          "  a publisher of another account than Cordon's also needs this statement in its own policy:",
          `    ${JSON.stringify(allowPublish(name, abroad[0] ?? '', place))}`,
        ]
      : []),
    ...(eventPattern
      ? [`  from:   events on the default bus that match ${JSON.stringify(eventPattern)}`]
      : []),
    device
      ? `  thing:  by ARN or type AWS::IoT::Thing, or the one that device.${device} names`
      : '  thing:  by ARN or type AWS::IoT::Thing; one that only a device names is contained after approval',
    `  limit:  ${writeCount(limit.things, 'thing')} within ${writeDuration(limit.within)}; then Cordon asks`,
    `  age:    a finding older than ${writeDuration(maxAge)} is set aside`,
  ];
}

/** A machine chooses its host name, which many products write into `name` too. */
export function findSenderWarnings({ sources: { external }, playbooks }: Configuration): string[] {
  return external.flatMap(({ name, device }) => {
    const enforced = playbooks.filter(({ when, mode }) => when.source === name && mode === 'enforce');
    return device === undefined || device === 'uid' || enforced.length === 0
      ? []
      : [
          `sources.external: ${name} names things by device.${device}, which a machine may choose itself, so one can have another contained: let ${enforced.map((playbook) => playbook.name).join(', ')} ask (mode: approve), or have ${name} send ARNs of things`,
        ];
  });
}

function allowPublish(name: string, publisher: string, { account, region, stage }: Place): object {
  const [, partition] = publisher.split(':');
  const Resource = `arn:${partition}:sns:${region}:${account}:cordon-${stage}-findings-${name}`;
  return { Sid: 'CordonFindings', Effect: 'Allow', Action: 'sns:Publish', Resource };
}
