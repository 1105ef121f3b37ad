import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
} from '@aws-sdk/client-iam';
import { GetTopicRuleCommand, type IoTClient } from '@aws-sdk/client-iot';
import {
  GetFunctionCommand,
  GetPolicyCommand,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { parseJson } from '../../../shared/domain/json';
import { isNotFound } from '../../../shared/errors';
import type { PresentResources, PresentRole, PresentTable } from '../as-deployed/present';
import type { DeployedTemplate, TemplateBody } from '../as-deployed/template';

/** What CloudFormation deployed. */
export function connectTemplates(settings: object) {
  const cloudFormation = new CloudFormationClient(settings);
  return async (StackName: string): Promise<DeployedTemplate | undefined> => {
    const [{ Stacks: [stack] = [] }, { TemplateBody: text = '' }] = await Promise.all([
      cloudFormation.send(new DescribeStacksCommand({ StackName })),
      cloudFormation.send(new GetTemplateCommand({ StackName })),
    ]);
    const physicalIds = new Map<string, string>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources(
      { client: cloudFormation },
      { StackName },
    ))
      for (const { LogicalResourceId, PhysicalResourceId } of StackResourceSummaries)
        if (LogicalResourceId && PhysicalResourceId) physicalIds.set(LogicalResourceId, PhysicalResourceId);
    if (!stack?.StackId) return undefined;
    const parameters = (stack.Parameters ?? []).map(
      ({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue] as const,
    );
    return {
      stackId: stack.StackId,
      body: JSON.parse(text) as TemplateBody,
      parameters: Object.fromEntries(parameters),
      physicalIds,
    };
  };
}

interface PresentClients {
  readonly iot: IoTClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly settings: object;
}

export function connectPresent(
  stackName: string,
  { iot, sqs, sns, settings }: PresentClients,
): PresentResources {
  const iam = new IAMClient(settings);
  const events = new EventBridgeClient(settings);
  const lambda = new LambdaClient(settings);
  const cloudWatch = new CloudWatchClient(settings);
  const dynamodb = new DynamoDBClient(settings);
  let alarms: ReturnType<typeof listAlarms> | undefined;

  return {
    readRole: (RoleName) => readRole(iam, RoleName),

    readQueuePolicy: (QueueUrl) =>
      orNothing(async () => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }),
        );
        return JSON.parse(Attributes?.Policy || '{}') as unknown;
      }),

    async readTopicPolicy(TopicArn) {
      const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
      return JSON.parse(Attributes?.Policy || '{}');
    },

    readSubscription: (SubscriptionArn) =>
      orNothing(async () => {
        const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
        return Attributes;
      }),

    readTopicRule: (ruleName) =>
      orNothing(async () => {
        const { rule } = await iot.send(new GetTopicRuleCommand({ ruleName }));
        return rule && (capitalizeKeys(rule) as object);
      }),

    readSchedule: (Name) =>
      orNothing(async () => {
        const [{ State = '', ScheduleExpression = '', EventPattern }, { Targets = [] }] = await Promise.all([
          events.send(new DescribeRuleCommand({ Name })),
          events.send(new ListTargetsByRuleCommand({ Rule: Name })),
        ]);
        const targets = Targets.map(({ Arn = '' }) => Arn);
        const pattern = EventPattern === undefined ? {} : { pattern: parseJson(EventPattern) };
        return { state: State, expression: ScheduleExpression, ...pattern, targets };
      }),

    readFunctionSettings: (FunctionName) =>
      orNothing(async () => {
        const { Configuration = {} } = await lambda.send(new GetFunctionCommand({ FunctionName }));
        const { Environment, Timeout, MemorySize, Handler, Runtime, Role, Layers } = Configuration;
        // Who may not see the variables gets an error in their place.
        const variables = Environment?.Error ? undefined : Environment;
        const settings = { Timeout, MemorySize, Handler, Runtime, Role };
        return { ...settings, ...(Layers && { Layers }), ...(variables && { Environment: variables }) };
      }),

    readQueueSettings: (QueueUrl) =>
      orNothing(async () => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
        );
        return Attributes;
      }),

    readTable: (TableName) => orNothing(() => readTable(dynamodb, TableName)),

    readEventSource: async (FunctionName, id) => {
      for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
        { client: lambda },
        { FunctionName },
      )) {
        const found = EventSourceMappings.find(({ UUID }) => UUID === id);
        if (found) return found;
      }
      return undefined;
    },

    readFunctionPolicy: (FunctionName) =>
      orNothing(async () => {
        const { Policy = '{}' } = await lambda.send(new GetPolicyCommand({ FunctionName }));
        return JSON.parse(Policy) as unknown;
      }),

    async readAlarm(name) {
      alarms ??= listAlarms(cloudWatch, `${stackName}-`);
      return (await alarms).get(name);
    },
  };
}

async function readRole(iam: IAMClient, RoleName: string): Promise<PresentRole | undefined> {
  return orNothing(async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const names: string[] = [];
    for await (const { PolicyNames = [] } of paginateListRolePolicies({ client: iam }, { RoleName }))
      names.push(...PolicyNames);
    const policies = await Promise.all(
      names.map(async (PolicyName) => {
        const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        return [PolicyName, readDocument(PolicyDocument)] as const;
      }),
    );
    const attached: string[] = [];
    for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies(
      { client: iam },
      { RoleName },
    ))
      attached.push(...AttachedPolicies.flatMap(({ PolicyArn }) => PolicyArn ?? []));
    const boundary = Role?.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
      trust: readDocument(Role?.AssumeRolePolicyDocument ?? ''),
      policies: new Map(policies),
      attached,
      ...(boundary !== undefined && { boundary }),
    };
  });
}

async function readTable(dynamodb: DynamoDBClient, TableName: string): Promise<PresentTable> {
  const [{ Table }, { TimeToLiveDescription: expiry }, { ContinuousBackupsDescription: backups }] =
    await Promise.all([
      dynamodb.send(new DescribeTableCommand({ TableName })),
      dynamodb.send(new DescribeTimeToLiveCommand({ TableName })),
      dynamodb.send(new DescribeContinuousBackupsCommand({ TableName })),
    ]);
  const isOn = expiry?.TimeToLiveStatus === 'ENABLED' || expiry?.TimeToLiveStatus === 'ENABLING';
  const mode = Table?.BillingModeSummary?.BillingMode;
  const recovery = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  return {
    indexes: (Table?.GlobalSecondaryIndexes ?? []).flatMap(({ IndexName }) => IndexName ?? []),
    ...(isOn && expiry.AttributeName !== undefined && { expires: expiry.AttributeName }),
    hasRecovery: recovery === 'ENABLED',
    // Where nothing is said of the mode, a table on demand has a capacity of 0.
    isOnDemand: mode ? mode === 'PAY_PER_REQUEST' : !Table?.ProvisionedThroughput?.ReadCapacityUnits,
  };
}

/** All of the stage in few calls, where a call for each would be throttled. */
async function listAlarms(
  cloudWatch: CloudWatchClient,
  AlarmNamePrefix: string,
): Promise<ReadonlyMap<string, object>> {
  const found = new Map<string, object>();
  for await (const { MetricAlarms = [] } of paginateDescribeAlarms(
    { client: cloudWatch },
    { AlarmNamePrefix },
  ))
    for (const alarm of MetricAlarms) if (alarm.AlarmName) found.set(alarm.AlarmName, alarm);
  return found;
}

/** IAM writes documents in the encoding of URLs (RFC 3986). */
function readDocument(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('{') ? text : decodeURIComponent(text));
  } catch (cause) {
    throw new Error('IAM returned a policy document that is not JSON', { cause });
  }
}

/** Of IAM, SNS and SQS; AWS IoT answers for a missing rule as for one that is not allowed. */
const goneNames = new Set([
  ...['NoSuchEntityException', 'NotFoundException', 'UnauthorizedException'],
  ...['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'],
]);

async function orNothing<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error) || (error instanceof Error && goneNames.has(error.name))) return undefined;
    throw error;
  }
}

/** The API of AWS IoT begins its names with a small letter, CloudFormation with a capital. */
function capitalizeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(capitalizeKeys);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.charAt(0).toUpperCase() + key.slice(1),
      capitalizeKeys(item),
    ]),
  );
}
