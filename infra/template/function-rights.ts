import { readsDetect } from '../../shared/config/existing-profiles';
import type { FileConfiguration } from '../../shared/config/schema';
import { hasPercentiles } from '../../shared/domain/detection/judge-report';
import { readDigestEvery } from '../../shared/domain/messages/digest';
import { readStormLimit } from '../../shared/domain/messages/storm';
import { writeButtonRights } from './channels';
import { allow, arn, arnOf, join, ref, type Value } from './cloudformation';
import { writeIotRights } from './respond-rights';
import { hasSenders } from './senders';

/** The inputs of a function's rights. */
interface Stack {
  readonly prefix: string;
  readonly configuration: FileConfiguration;
}

/** Exactly the calls of each function, except those of its log and its key. */
export const functionRights = {
  detect: writeDetectRights,
  intake: writeIntakeRights,
  respond: writeRespondRights,
  sweep: writeSweepRights,
  operate: writeOperateRights,
  // It has the page in it, and nobody's data.
  console: () => [],
  provision: writeProvisionRights,
} satisfies Readonly<Record<string, (stack: Stack) => readonly Value[]>>;

function consume(...queueIds: string[]): Value {
  return allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], queueIds.map(arnOf));
}

function send(...queueIds: string[]): Value {
  return allow('sqs:SendMessage', queueIds.map(arnOf));
}

function table(...actions: string[]): Value {
  return allow(
    actions.map((action) => `dynamodb:${action}`),
    arnOf('Table'),
  );
}

function readKillSwitch(prefix: string): Value {
  return allow('ssm:GetParameter', arn('ssm', `parameter/${prefix}/kill-switch`));
}

function quarantineGroup({ quarantine }: FileConfiguration): Value {
  return arn('iot', `thinggroup/${quarantine.thingGroup}`);
}

function quarantinePolicy(prefix: string): Value {
  return arn('iot', `policy/${prefix}-quarantine`);
}

function writeDetectRights({ configuration }: Stack): readonly Value[] {
  const profiles = Object.entries(configuration.securityProfiles);
  return [
    consume('ReportsQueue'),
    send('RejectedQueue'),
    table(
      'GetItem',
      'PutItem',
      'BatchWriteItem',
      ...(hasPercentiles(profiles) ? ['BatchGetItem', 'UpdateItem'] : []),
    ),
    allow('dynamodb:Query', join(arnOf('Table'), '/index/byDue')),
    allow('sns:Publish', [ref('AlertsTopic'), ref('AlarmsTopic')]),
    allow(['iot:ListThingGroupsForThing', 'iot:ListThingPrincipals'], arn('iot', 'thing/*')),
    // IAM has no resource type for it.
    allow('iot:DescribeEndpoint', '*'),
    allow('iot:Publish', [
      arn('iot', 'topic/cordon/things/*/reports/*/accepted'),
      arn('iot', 'topic/cordon/things/*/reports/*/rejected'),
    ]),
  ];
}

function writeIntakeRights({ configuration }: Stack): readonly Value[] {
  return [
    consume('AlertsQueue', 'PresenceQueue', ...(hasSenders(configuration.sources) ? ['FindingsQueue'] : [])),
    send('CommandsQueue', 'RejectedQueue'),
    table('BatchGetItem', 'GetItem', 'PutItem'),
    ...(configuration.sources.deviceDefender?.audit
      ? [
          // IAM has no resource type for them.
          allow(['iot:ListAuditFindings', 'iot:ListCertificatesByCA'], '*'),
          allow('iot:ListPrincipalThings', arn('iot', 'cert/*')),
          allow('iot:ListTargetsForPolicy', arn('iot', 'policy/*')),
          allow('iot:ListThingsInThingGroup', arn('iot', 'thinggroup/*')),
          allow('sns:Publish', ref('AlarmsTopic')),
        ]
      : []),
  ];
}

function writeRespondRights({ prefix, configuration }: Stack): readonly Value[] {
  return [
    consume('CommandsQueue'),
    send('RejectedQueue'),
    table('GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
    allow('sns:Publish', ref('AnnouncementsTopic')),
    readKillSwitch(prefix),
    ...writeIotRights(configuration),
  ];
}

function writeSweepRights({ prefix, configuration }: Stack): readonly Value[] {
  const { quarantine, notify } = configuration;
  const storms = readStormLimit(notify.storm) !== undefined;
  /** The sweep announces many cases at once. */
  const announcesMany = storms || readDigestEvery(notify.digest) !== undefined;
  return [
    send('CommandsQueue'),
    allow('sqs:GetQueueAttributes', arnOf('CommandsQueue')),
    table(
      'GetItem',
      ...(announcesMany || configuration.guards.fleetLimit.percent !== undefined ? ['PutItem'] : []),
      ...(storms ? ['Query'] : []),
    ),
    allow('dynamodb:Query', join(arnOf('Table'), '/index/byDue')),
    readKillSwitch(prefix),
    // The heartbeat, storms, and the digest of what was only recorded.
    allow(
      'sns:Publish',
      announcesMany ? [ref('AlertsTopic'), ref('AnnouncementsTopic')] : ref('AlertsTopic'),
    ),
    ...(announcesMany ? [allow('dynamodb:Query', join(arnOf('Table'), '/index/caseList'))] : []),
    // Repairs of the quarantine need these: the policy, its document and the group.
    allow(
      // An adopted group has members of its own, and nobody but its owner creates it.
      [
        'iot:AttachPolicy',
        ...(quarantine.adopt ? [] : ['iot:ListThingsInThingGroup', 'iot:CreateThingGroup']),
      ],
      quarantineGroup(configuration),
    ),
    quarantine.policy === undefined
      ? allow(
          [
            'iot:GetPolicy',
            'iot:CreatePolicy',
            'iot:ListPolicyVersions',
            'iot:GetPolicyVersion',
            'iot:SetDefaultPolicyVersion',
            'iot:CreatePolicyVersion',
            'iot:DeletePolicyVersion',
          ],
          quarantinePolicy(prefix),
        )
      : allow('iot:GetPolicy', arn('iot', `policy/${quarantine.policy}`)),
    // IAM has no resource type for it.
    allow('iot:ListAttachedPolicies', '*'),
    ...((configuration.notify.email ?? []).length === 0
      ? []
      : [allow('sns:ListSubscriptionsByTopic', [ref('AnnouncementsTopic'), ref('AlarmsTopic')])]),
    // IAM has no resource type for ListThings.
    ...(configuration.guards.fleetLimit.percent === undefined ? [] : [allow('iot:ListThings', '*')]),
    // IAM has a thing or a profile as resource only if the call names one. The sweep lists all.
    ...(readsDetect(configuration) ? [allow('iot:ListActiveViolations', '*')] : []),
  ];
}

function writeOperateRights({ prefix }: Stack): readonly Value[] {
  return [
    send('CommandsQueue'),
    table('GetItem', 'BatchGetItem', 'Query'),
    // Lists of cases; that of earlier releases while the newer one is built.
    allow('dynamodb:Query', [
      join(arnOf('Table'), '/index/caseList'),
      join(arnOf('Table'), '/index/byStatus'),
      join(arnOf('Table'), '/index/byDue'),
    ]),
    readKillSwitch(prefix),
    ...writeButtonRights(),
  ];
}

function writeProvisionRights({ prefix, configuration }: Stack): readonly Value[] {
  return [
    allow('iot:AttachPolicy', quarantineGroup(configuration)),
    // This may be a group with an earlier name, which only the event has.
    allow('iot:ListThingsInThingGroup', arn('iot', 'thinggroup/*')),
    allow('iot:DetachPolicy', [arn('iot', 'thinggroup/*'), arn('iot', 'cert/*')]),
    allow(
      ['iot:ListTargetsForPolicy', 'iot:ListPolicyVersions', 'iot:DeletePolicyVersion', 'iot:DeletePolicy'],
      quarantinePolicy(prefix),
    ),
    allow('ssm:GetParameter', arn('ssm', `parameter/${prefix}/delete-while-contained`)),
    allow('dynamodb:Query', join(arnOf('Table'), '/index/byStatus')),
  ];
}
