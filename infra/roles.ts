import { toPascalCase } from '../functions/notify/channels/names';
import { readsDetect } from '../shared/config/existing-profiles';
import type { FileConfiguration } from '../shared/config/schema';
import { hasPercentiles } from '../shared/domain/detection/judge-report';
import { readDigestEvery } from '../shared/domain/messages/digest';
import { readStormLimit } from '../shared/domain/messages/storm';
import { listStackChannels, writeButtonRights, writeChannelRights } from './channels';
import {
  allow,
  arn,
  arnOf,
  inlinePolicy,
  join,
  type Resources,
  ref,
  trust,
  type Value,
} from './cloudformation';
import { allowKey } from './encryption';
import { writeIotRights } from './respond-rights';
import { hasSenders } from './senders';

/** Those of the channels come with cordon.yml. */
const ownFunctions = ['detect', 'intake', 'respond', 'sweep', 'operate', 'console', 'provision'] as const;

export function listFunctions({ notify }: FileConfiguration): string[] {
  return [...ownFunctions, ...listStackChannels(notify).map(({ functionName }) => functionName)];
}

/**
 * The rights of each function, and no others. A new AWS call needs its statement here; the call of a mitigation action needs
 * it in the action.
 */
export function writeRoles(prefix: string, configuration: FileConfiguration): Resources {
  const { quarantine, securityProfiles, notify } = configuration;
  const digests = readDigestEvery(notify.digest) !== undefined;
  const storms = readStormLimit(notify.storm) !== undefined;
  /** The sweep announces many cases at once. */
  const tellsOfMany = digests || storms;
  const profiles = Object.entries(securityProfiles);
  const quarantineGroup = arn('iot', `thinggroup/${quarantine.thingGroup}`);
  const quarantinePolicy = arn('iot', `policy/${prefix}-quarantine`);
  const anyThing = arn('iot', 'thing/*');
  const consume = (...ids: string[]) =>
    allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], ids.map(arnOf));
  const killSwitch = allow('ssm:GetParameter', arn('ssm', `parameter/${prefix}/kill-switch`));
  const send = (...ids: string[]) => allow('sqs:SendMessage', ids.map(arnOf));
  const table = (...actions: string[]) =>
    allow(
      actions.map((action) => `dynamodb:${action}`),
      arnOf('Table'),
    );

  const statements: Readonly<Record<(typeof ownFunctions)[number], readonly Value[]>> = {
    detect: [
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
      allow(['iot:ListThingGroupsForThing', 'iot:ListThingPrincipals'], anyThing),
      // IAM has no resource type for it.
      allow('iot:DescribeEndpoint', '*'),
      allow('iot:Publish', [
        arn('iot', 'topic/cordon/things/*/reports/*/accepted'),
        arn('iot', 'topic/cordon/things/*/reports/*/rejected'),
      ]),
    ],
    intake: [
      consume(
        'AlertsQueue',
        'PresenceQueue',
        ...(hasSenders(configuration.sources) ? ['FindingsQueue'] : []),
      ),
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
    ],
    respond: [
      consume('CommandsQueue'),
      send('RejectedQueue'),
      table('GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
      allow('sns:Publish', ref('AnnouncementsTopic')),
      killSwitch,
      ...writeIotRights(configuration),
    ],
    sweep: [
      send('CommandsQueue'),
      allow('sqs:GetQueueAttributes', arnOf('CommandsQueue')),
      table(
        'GetItem',
        ...(tellsOfMany || configuration.guards.fleetLimit.percent !== undefined ? ['PutItem'] : []),
        ...(storms ? ['Query'] : []),
      ),
      allow('dynamodb:Query', join(arnOf('Table'), '/index/byDue')),
      killSwitch,
      // The heartbeat, storms, and the digest of what was only recorded.
      allow(
        'sns:Publish',
        tellsOfMany ? [ref('AlertsTopic'), ref('AnnouncementsTopic')] : ref('AlertsTopic'),
      ),
      ...(tellsOfMany ? [allow('dynamodb:Query', join(arnOf('Table'), '/index/caseList'))] : []),
      // To repair the quarantine: the policy, its document and the group.
      allow(
        // An adopted group has members of its own, and nobody but its owner creates it.
        [
          'iot:AttachPolicy',
          ...(quarantine.adopt ? [] : ['iot:ListThingsInThingGroup', 'iot:CreateThingGroup']),
        ],
        quarantineGroup,
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
            quarantinePolicy,
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
    ],
    operate: [
      send('CommandsQueue'),
      table('GetItem', 'BatchGetItem', 'Query'),
      // Lists of cases; that of earlier releases while the newer one is built.
      allow('dynamodb:Query', [
        join(arnOf('Table'), '/index/caseList'),
        join(arnOf('Table'), '/index/byStatus'),
        join(arnOf('Table'), '/index/byDue'),
      ]),
      killSwitch,
      ...writeButtonRights(),
    ],
    // It has the page in it, and nobody's data.
    console: [],
    provision: [
      allow('iot:AttachPolicy', quarantineGroup),
      // Also a group with an earlier name, which only the event has.
      allow('iot:ListThingsInThingGroup', arn('iot', 'thinggroup/*')),
      allow('iot:DetachPolicy', [arn('iot', 'thinggroup/*'), arn('iot', 'cert/*')]),
      allow(
        ['iot:ListTargetsForPolicy', 'iot:ListPolicyVersions', 'iot:DeletePolicyVersion', 'iot:DeletePolicy'],
        quarantinePolicy,
      ),
      allow('ssm:GetParameter', arn('ssm', `parameter/${prefix}/delete-while-contained`)),
      allow('dynamodb:Query', join(arnOf('Table'), '/index/byStatus')),
    ],
  };

  const ofChannels = listStackChannels(configuration.notify).map((channel) => [
    channel.functionName,
    writeChannelRights(channel),
  ]);
  const all: Readonly<Record<string, readonly Value[]>> = {
    ...statements,
    ...Object.fromEntries(ofChannels),
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, own]) => [
      `${toPascalCase(name)}Role`,
      {
        Type: 'AWS::IAM::Role',
        ...(name === 'respond' && { Metadata: ignoreUnknownActions }),
        Properties: {
          AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
          // These two neither send nor receive messages.
          Policies: inlinePolicy(name, [
            name === 'provision'
              ? allow(logActions, arnOf('ProvisionLogGroup'))
              : writeLogs(`${prefix}-${name}`),
            ...own,
            ...(name === 'provision' || name === 'console' ? [] : [allowKey()]),
          ]),
        },
      },
    ]),
  );
}

/**
 * cfn-lint's list of IAM actions lacks iot:GetConnection, and servers that validate with it would refuse the template.
 * test/infra/roles.test.ts has all actions.
 */
const ignoreUnknownActions = { 'cfn-lint': { config: { ignore_checks: ['W3037'] } } };

const logActions = ['logs:CreateLogStream', 'logs:PutLogEvents'];

function writeLogs(functionName: string): Value {
  return allow(logActions, arn('logs', `log-group:/aws/lambda/${functionName}:*`));
}
