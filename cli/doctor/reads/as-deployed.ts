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
import { IAMClient } from '@aws-sdk/client-iam';
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
import type { PresentResources, PresentTable } from '../as-deployed/present';
import { capitalizeKeys, orGone } from './answers';
import { connectBuckets } from './bucket';
import { connectDeviceDefender } from './device-defender';
import { connectHttpApis } from './http-api';
import { connectLogGroups } from './log-groups';
import { readRole } from './role';

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
      orGone(async () => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }),
        );
        return JSON.parse(Attributes?.Policy || '{}') as unknown;
      }),

    readTopic: (TopicArn) =>
      orGone(async () => {
        const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
        const { Policy, KmsMasterKeyId: key } = Attributes;
        return { ...(Policy && { policy: JSON.parse(Policy) as unknown }), ...(key && { key }) };
      }),

    readSubscription: (SubscriptionArn) =>
      orGone(async () => {
        const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
        return Attributes;
      }),

    readTopicRule: (ruleName) =>
      orGone(async () => {
        const { rule } = await iot.send(new GetTopicRuleCommand({ ruleName }));
        return rule && (capitalizeKeys(rule) as object);
      }),

    readEventRule: (Name) =>
      orGone(async () => {
        const [{ State = '', ScheduleExpression = '', EventPattern }, { Targets = [] }] = await Promise.all([
          events.send(new DescribeRuleCommand({ Name })),
          events.send(new ListTargetsByRuleCommand({ Rule: Name })),
        ]);
        const targets = Targets.map(({ Arn = '' }) => Arn);
        const pattern = EventPattern === undefined ? {} : { pattern: parseJson(EventPattern) };
        return { state: State, expression: ScheduleExpression, ...pattern, targets };
      }),

    readFunctionSettings: (FunctionName) =>
      orGone(async () => {
        const { Configuration = {} } = await lambda.send(new GetFunctionCommand({ FunctionName }));
        const { Environment, Timeout, MemorySize, Handler, Runtime, Role, Layers, CodeSha256, VpcConfig } =
          Configuration;
        const { LoggingConfig } = Configuration;
        // Without the right to see the variables, the call returns an error in their place.
        const variables = Environment?.Error ? undefined : Environment;
        const settings = { Timeout, MemorySize, Handler, Runtime, Role, CodeSha256 };
        return {
          ...settings,
          ...(VpcConfig && { VpcConfig }),
          ...(LoggingConfig && { LoggingConfig }),
          ...(Layers && { Layers }),
          ...(variables && { Environment: variables }),
        };
      }),

    readQueueSettings: (QueueUrl) =>
      orGone(async () => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
        );
        return Attributes;
      }),

    readTable: (TableName) => orGone(() => readTable(dynamodb, TableName)),

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
      orGone(async () => {
        const { Policy = '{}' } = await lambda.send(new GetPolicyCommand({ FunctionName }));
        return JSON.parse(Policy) as unknown;
      }),

    readHttpApi: connectHttpApis(settings),
    readLogGroup: connectLogGroups(stackName, settings),
    readBucket: connectBuckets(settings),
    ...connectDeviceDefender(iot),

    async readAlarm(name) {
      alarms ??= listAlarms(cloudWatch, `${stackName}-`);
      return (await alarms).get(name);
    },
  };
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

/** All of the stage in few calls, as a call for each would be throttled. */
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
