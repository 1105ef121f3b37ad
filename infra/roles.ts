import type { Configuration } from '../shared/domain/configuration';
import { hasPercentiles } from '../shared/domain/detection/judge-report';
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
import { allowSecret } from './secrets';

export const functionNames = [
  'detect',
  'intake',
  'respond',
  'sweep',
  'notify',
  'operate',
  'provision',
] as const;

/** What each function may do, and nothing else. A new AWS call comes with its statement here. */
export function writeRoles(prefix: string, configuration: Configuration): Resources {
  const { quarantine, detector, securityProfiles } = configuration;
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

  const statements: Readonly<Record<(typeof functionNames)[number], readonly Value[]>> = {
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
      // IAM knows no resource type for it.
      allow('iot:DescribeEndpoint', '*'),
      allow('iot:Publish', [
        arn('iot', 'topic/cordon/things/*/reports/*/accepted'),
        arn('iot', 'topic/cordon/things/*/reports/*/rejected'),
      ]),
    ],
    intake: [
      consume('AlertsQueue', 'PresenceQueue'),
      send('CommandsQueue', 'RejectedQueue'),
      table('BatchGetItem', 'GetItem', 'PutItem'),
    ],
    respond: [
      consume('CommandsQueue'),
      send('RejectedQueue'),
      table('GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
      allow('sns:Publish', ref('AnnouncementsTopic')),
      killSwitch,
      allow(['iot:DescribeThing', 'iot:ListThingGroupsForThing', 'iot:ListThingPrincipals'], anyThing),
      allow(['iot:TestAuthorization', 'iot:GetEffectivePolicies'], arn('iot', 'cert/*')),
      allow('iot:GetPolicy', arn('iot', 'policy/*')),
      allow('iot:ListPrincipalThings', arn('iot', 'cert/*')),
      // IAM knows no resource type for them.
      allow(['iot:ListAttachedPolicies', 'iot:DescribeEndpoint'], '*'),
      allow(['iot:AddThingToThingGroup', 'iot:RemoveThingFromThingGroup'], [anyThing, quarantineGroup]),
      allow(['iot:DeleteConnection', 'iot:GetConnection'], arn('iot', 'client/*')),
      allow(['iot:Publish', 'iot:RetainPublish'], arn('iot', 'topic/cordon/things/*/containment')),
      ...writeActionRights(configuration),
    ],
    sweep: [
      send('CommandsQueue'),
      table('GetItem'),
      allow('dynamodb:Query', join(arnOf('Table'), '/index/byDue')),
      killSwitch,
      // What somebody took away from the quarantine is put back: that policy, its text, that group.
      allow(['iot:ListThingsInThingGroup', 'iot:AttachPolicy', 'iot:CreateThingGroup'], quarantineGroup),
      allow(
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
      ),
      // IAM knows no resource type for it.
      allow('iot:ListAttachedPolicies', '*'),
      ...(configuration.notify.email.length === 0
        ? []
        : [allow('sns:ListSubscriptionsByTopic', [ref('AnnouncementsTopic'), ref('AlarmsTopic')])]),
      // IAM knows no resource type for ListThings.
      ...(configuration.guards.fleetLimit.percent === undefined
        ? []
        : [table('PutItem'), allow('iot:ListThings', '*')]),
      // IAM knows a thing or a profile as resource only where the call names one; the sweep asks for all.
      ...(detector === 'cordon' ? [] : [allow('iot:ListActiveViolations', '*')]),
    ],
    notify: [
      consume('NotifyQueue'),
      send('RejectedQueue'),
      table('GetItem', 'PutItem'),
      allow('dynamodb:Query', join(arnOf('Table'), '/index/byDue')),
      ...allowSecret('SlackToken'),
    ],
    operate: [
      send('CommandsQueue'),
      table('GetItem', 'Query'),
      allow('dynamodb:Query', join(arnOf('Table'), '/index/byStatus')),
      killSwitch,
      ...allowSecret('SlackSigning'),
    ],
    provision: [
      allow('iot:AttachPolicy', quarantineGroup),
      // The group of an earlier name as well, which only the event tells.
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

  return Object.fromEntries(
    Object.entries(statements).map(([name, own]) => [
      `${capitalize(name)}Role`,
      {
        Type: 'AWS::IAM::Role',
        ...(name === 'respond' && { Metadata: ignoreUnknownActions }),
        Properties: {
          AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
          // The custom resource alone neither sends nor receives.
          Policies: inlinePolicy(name, [
            name === 'provision'
              ? allow(logActions, arnOf('ProvisionLogGroup'))
              : writeLogs(`${prefix}-${name}`),
            ...own,
            ...(name === 'provision' ? [] : [allowKey()]),
          ]),
        },
      },
    ]),
  );
}

/**
 * cfn-lint's list of IAM actions is older than iot:GetConnection, and servers that validate with it would refuse the
 * template for that. test/infra/roles.test.ts knows all actions.
 */
const ignoreUnknownActions = { 'cfn-lint': { config: { ignore_checks: ['W3037'] } } };

/** Rights of the actions that a playbook may take, and of what may have to be undone. */
function writeActionRights({ playbooks, detector }: Configuration): Value[] {
  const used = new Set(
    playbooks.flatMap(({ actions, escalate }) => [...actions, ...(escalate?.actions ?? [])]),
  );
  const anyCertificate = arn('iot', 'cert/*');
  const ownJobs = [arn('iot', 'job/cordon-*'), arn('iot', 'thing/*')];
  return [
    // Not only where a playbook names it: quarantine is backed by it where a certificate may take other client ids.
    allow(['iot:AttachPolicy', 'iot:DetachPolicy'], anyCertificate),
    // The undo of every action, always: what an earlier cordon.yml did must be released under a later one too.
    allow(['iot:DescribeCertificate', 'iot:UpdateCertificate'], anyCertificate),
    allow(
      [
        'iot:ListPolicyVersions',
        'iot:GetPolicyVersion',
        'iot:CreatePolicyVersion',
        'iot:SetDefaultPolicyVersion',
        'iot:DeletePolicyVersion',
      ],
      arn('iot', 'policy/*'),
    ),
    allow('iot:CancelJob', arn('iot', 'job/cordon-*')),
    allow('iot:DescribeJobExecution', ownJobs),
    ...(used.has('replace-policy-version')
      ? [allow('iot:ListTargetsForPolicy', arn('iot', 'policy/*'))]
      : []),
    ...(used.has('job') ? [allow('iot:CreateJob', ownJobs)] : []),
    ...(used.has('detect-mitigation-task')
      ? [
          // IAM knows a security profile as resource only where the task names one; ours name violations.
          allow(['iot:StartDetectMitigationActionsTask', 'iot:DescribeDetectMitigationActionsTask'], '*'),
        ]
      : []),
    // IAM knows no resource type for it.
    ...(detector === 'cordon' ? [] : [allow('iot:PutVerificationStateOnViolation', '*')]),
  ];
}

const logActions = ['logs:CreateLogStream', 'logs:PutLogEvents'];

function writeLogs(functionName: string): Value {
  return allow(logActions, arn('logs', `log-group:/aws/lambda/${functionName}:*`));
}

function capitalize(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
