import { isEqual } from '../../../shared/domain/json';
import { comparePolicies, matches } from './compare';
import { compareFields, differ, toldElsewhere } from './differ';
import { judgeEventSource, judgeFunction, judgePermission } from './judges-of-lambda';
import { judgeQueue, judgeTable } from './judges-of-storage';
import type { PresentResources } from './present';
import { type DeployedResource, unknown } from './template';

interface Judge {
  /** What the type is called. */
  readonly word: string;
  /** What differs from what was deployed, in words. */
  judge(resource: DeployedResource, present: PresentResources): Promise<readonly string[]>;
}

const gone = ['it is missing'];

/** The types of resource that somebody may change so that a part of Cordon stops without a word. */
export const judges: Readonly<Record<string, Judge>> = {
  'AWS::IAM::Role': { word: 'role', judge: judgeRole },
  'AWS::SQS::QueuePolicy': { word: 'queue policy', judge: judgeQueuePolicy },
  'AWS::SNS::TopicPolicy': { word: 'topic policy', judge: judgeTopicPolicy },
  'AWS::SNS::Subscription': { word: 'subscription', judge: judgeSubscription },
  'AWS::IoT::TopicRule': { word: 'IoT rule', judge: judgeTopicRule },
  'AWS::Events::Rule': { word: 'schedule', judge: judgeSchedule },
  'AWS::Lambda::Function': { word: 'function', judge: judgeFunction },
  'AWS::CloudWatch::Alarm': { word: 'alarm', judge: judgeAlarm },
  'AWS::SQS::Queue': { word: 'queue', judge: judgeQueue },
  'AWS::DynamoDB::Table': { word: 'table', judge: judgeTable },
  'AWS::Lambda::EventSourceMapping': { word: 'event source', judge: judgeEventSource },
  'AWS::Lambda::Permission': { word: 'permission', judge: judgePermission },
};

async function judgeQueuePolicy(
  { properties }: DeployedResource,
  { readQueuePolicy }: PresentResources,
): Promise<readonly string[]> {
  const found = await Promise.all(
    listKnown(properties.Queues).map(async (url) => [url, await readQueuePolicy(url)] as const),
  );
  return found.flatMap(([url, policy]) =>
    policy === undefined
      ? toldElsewhere
      : comparePolicies(properties.PolicyDocument, policy).map(
          (difference) => `${url.slice(url.lastIndexOf('/') + 1)}: ${difference}`,
        ),
  );
}

async function judgeTopicPolicy(
  { properties }: DeployedResource,
  { readTopicPolicy }: PresentResources,
): Promise<readonly string[]> {
  const found = await Promise.all(listKnown(properties.Topics).map(readTopicPolicy));
  return found.flatMap((policy) => comparePolicies(properties.PolicyDocument, policy));
}

async function judgeSubscription(
  { physicalId, properties }: DeployedResource,
  { readSubscription }: PresentResources,
): Promise<readonly string[]> {
  const present = await readSubscription(physicalId);
  if (!present) return toldElsewhere;
  const { RawMessageDelivery = false, FilterPolicy = {} } = properties;
  const filter: unknown = JSON.parse(present.FilterPolicy || '{}');
  // Both ways, since a filter that was added keeps messages back.
  const isSameFilter =
    matches(FilterPolicy, filter) && (FilterPolicy === unknown || matches(filter, FilterPolicy));
  return [
    ...differ('RawMessageDelivery', RawMessageDelivery, present.RawMessageDelivery || 'false'),
    ...(isSameFilter ? [] : [`FilterPolicy is ${JSON.stringify(filter)}`]),
  ];
}

async function judgeTopicRule(
  { physicalId, properties }: DeployedResource,
  { readTopicRule }: PresentResources,
): Promise<readonly string[]> {
  const present = await readTopicRule(physicalId);
  if (!present) return toldElsewhere;
  const { RuleDisabled: _, ...payload } = properties.TopicRulePayload as Readonly<Record<string, unknown>>;
  return compareFields(payload, present);
}

async function judgeSchedule(
  { physicalId, properties }: DeployedResource,
  { readSchedule }: PresentResources,
): Promise<readonly string[]> {
  const present = await readSchedule(physicalId);
  if (!present) return gone;
  const targets = (properties.Targets ?? []) as readonly { readonly Arn?: unknown }[];
  return [
    ...differ('State', properties.State ?? 'ENABLED', present.state),
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
): Promise<readonly string[]> {
  const present = await readAlarm(physicalId);
  if (!present) return gone;
  const { AlarmName: _, AlarmDescription: __, Metrics: ___, Tags: ____, ...watched } = properties;
  return compareFields({ ActionsEnabled: true, ...watched }, present);
}

async function judgeRole(
  { physicalId, properties }: DeployedResource,
  { readRole }: PresentResources,
): Promise<readonly string[]> {
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
      .map((arn) => `it has another policy, ${arn}`),
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
      .map((name) => `it has another policy, ${name}`),
  ];
}

function listKnown(value: unknown): string[] {
  return [value ?? []].flat().filter((one) => typeof one === 'string');
}
