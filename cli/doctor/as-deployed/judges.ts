import { isEqual } from '../../../shared/domain/json';
import { comparePolicies } from './compare';
import { compareFields, differ, toldElsewhere } from './differ';
import { type Differences, gone, type Judge, listKnown } from './judge';
import { judgesOfBucket } from './judges-of-bucket';
import { judgesOfDeviceDefender } from './judges-of-device-defender';
import { judgesOfHttpApi } from './judges-of-http-api';
import { judgeEventSource, judgeFunction, judgePermission } from './judges-of-lambda';
import { judgesOfMessaging } from './judges-of-messaging';
import { judgeLogGroup, judgeQueue, judgeTable } from './judges-of-storage';
import type { PresentResources } from './present';
import type { DeployedResource } from './template';

/** The types of resource that somebody may change so that a part of Cordon silently stops. */
export const judges: Readonly<Record<string, Judge>> = {
  'AWS::IAM::Role': { word: 'role', judge: judgeRole },
  ...judgesOfMessaging,
  ...judgesOfHttpApi,
  ...judgesOfDeviceDefender,
  ...judgesOfBucket,
  'AWS::IoT::TopicRule': { word: 'IoT rule', judge: judgeTopicRule },
  'AWS::Events::Rule': { word: 'EventBridge rule', judge: judgeEventRule },
  'AWS::Lambda::Function': { word: 'function', judge: judgeFunction },
  'AWS::CloudWatch::Alarm': {
    word: 'alarm',
    unknownLocally: 'the local stack has no CloudWatch, so there is none to compare',
    judge: judgeAlarm,
  },
  'AWS::SQS::Queue': { word: 'queue', judge: judgeQueue },
  'AWS::DynamoDB::Table': { word: 'table', judge: judgeTable },
  'AWS::Lambda::EventSourceMapping': { word: 'event source', judge: judgeEventSource },
  'AWS::Lambda::Permission': { word: 'permission', judge: judgePermission },
  'AWS::Logs::LogGroup': { word: 'log group', name: ({ physicalId }) => physicalId, judge: judgeLogGroup },
};

async function judgeTopicRule(
  { physicalId, properties }: DeployedResource,
  { readTopicRule }: PresentResources,
): Promise<Differences> {
  const present = await readTopicRule(physicalId);
  if (!present) return toldElsewhere;
  const { RuleDisabled: _, ...payload } = properties.TopicRulePayload as Readonly<Record<string, unknown>>;
  return compareFields(payload, present);
}

async function judgeEventRule(
  { physicalId, properties }: DeployedResource,
  { readEventRule }: PresentResources,
): Promise<Differences> {
  const present = await readEventRule(physicalId);
  if (!present) return gone;
  const targets = (properties.Targets ?? []) as readonly { readonly Arn?: unknown }[];
  return [
    ...differ('State', properties.State ?? 'ENABLED', present.state).map((what) => ({
      what,
      mend: `aws events enable-rule --name ${physicalId}`,
    })),
    ...differ('ScheduleExpression', properties.ScheduleExpression ?? '', present.expression),
    ...(isEqual(properties.EventPattern, present.pattern) ? [] : ['EventPattern is not as deployed']),
    ...differ(
      'Targets',
      targets.map(({ Arn }) => Arn),
      present.targets,
    ),
  ];
}

async function judgeAlarm(
  { physicalId, properties }: DeployedResource,
  { readAlarm }: PresentResources,
): Promise<Differences> {
  const present = await readAlarm(physicalId);
  if (!present) return gone;
  const { AlarmName: _, AlarmDescription: __, Metrics: ___, Tags: ____, ...watched } = properties;
  const { ActionsEnabled = true, ...others } = watched;
  return [
    ...differ('ActionsEnabled', ActionsEnabled, (present as { ActionsEnabled?: boolean }).ActionsEnabled).map(
      (what) => ({
        what,
        why: 'It notifies nobody when it goes off.',
        mend: `aws cloudwatch enable-alarm-actions --alarm-names ${physicalId}`,
      }),
    ),
    ...compareFields(others, present),
  ];
}

const widened = 'A policy that was added gives rights, or denies those that Cordon needs.';

async function judgeRole(
  { physicalId, properties }: DeployedResource,
  { readRole }: PresentResources,
): Promise<Differences> {
  const present = await readRole(physicalId);
  if (!present) return gone;
  const policies = (properties.Policies ?? []) as readonly {
    readonly PolicyName: string;
    readonly PolicyDocument: unknown;
  }[];
  return [
    ...comparePolicies(properties.AssumeRolePolicyDocument, present.trust).map(
      (difference) => `who may assume it: ${difference}`,
    ),
    ...policies.flatMap(({ PolicyName, PolicyDocument }) =>
      present.policies.has(PolicyName)
        ? comparePolicies(PolicyDocument, present.policies.get(PolicyName)).map(
            (difference) => `policy ${PolicyName}: ${difference}`,
          )
        : [`its policy ${PolicyName} is missing`],
    ),
    ...present.attached
      .filter((arn) => !listKnown(properties.ManagedPolicyArns).includes(arn))
      .map((arn) => ({
        what: `it has another policy, ${arn}`,
        why: widened,
        mend: `aws iam detach-role-policy --role-name ${physicalId} --policy-arn ${arn}`,
      })),
    ...listKnown(properties.ManagedPolicyArns)
      .filter((arn) => !present.attached.includes(arn))
      .map((arn) => `its policy ${arn} is missing`),
    ...differ(
      'the permissions boundary',
      properties.PermissionsBoundary ?? 'none',
      present.boundary ?? 'none',
    ),
    ...[...present.policies.keys()]
      .filter((name) => !policies.some(({ PolicyName }) => PolicyName === name))
      .map((name) => ({
        what: `it has another policy, ${name}`,
        why: widened,
        mend: `aws iam delete-role-policy --role-name ${physicalId} --policy-name ${name}`,
      })),
  ];
}
