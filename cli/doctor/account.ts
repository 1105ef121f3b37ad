import { connect } from 'node:tls';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, GetMetricDataCommand, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import {
  DescribeEndpointCommand,
  GetTopicRuleCommand,
  type IoTClient,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import {
  GetAccountSettingsCommand,
  GetFunctionCommand,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { paginateListSubscriptionsByTopic, type SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, paginateListQueues, type SQSClient } from '@aws-sdk/client-sqs';
import { connectCertificates } from '../../shared/aws/policies';
import { connectThings } from '../../shared/aws/things';
import { isNotFound } from '../../shared/errors';
import type { AlarmState } from './checks/alarms';
import type { FunctionState } from './checks/functions';
import type { QueueState } from './checks/queues';
import type { RuleState } from './checks/rules';
import type { StackState } from './checks/stack';
import type { Subscription } from './checks/subscriptions';
import type { ThingState } from './checks/thing';

export interface DoctorClients {
  readonly iot: IoTClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  /** Of the other services, which only the doctor asks. */
  readonly settings: object;
}

const hourMs = 3_600_000;
/** How long an endpoint may take for a handshake. */
const reachMs = 5_000;

/** Reads what the checks judge. Changes nothing. */
export function connectDoctor({ iot, sqs, sns, settings }: DoctorClients) {
  const lambda = new LambdaClient(settings);
  const cloudWatch = new CloudWatchClient(settings);
  const cloudFormation = new CloudFormationClient(settings);
  const things = connectThings('', iot);
  const certificates = connectCertificates(iot);

  return {
    async readStack(stackName: string): Promise<StackState | undefined> {
      try {
        const { Stacks: [stack] = [] } = await cloudFormation.send(
          new DescribeStacksCommand({ StackName: stackName }),
        );
        if (!stack) return undefined;
        const { StackStatus = 'unknown', Outputs = [], Parameters = [] } = stack;
        return {
          status: StackStatus,
          outputs: Object.fromEntries(
            Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
          ),
          parameters: Object.fromEntries(
            Parameters.map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]),
          ),
        };
      } catch (error) {
        // How CloudFormation says that there is none.
        if (
          error instanceof Error &&
          error.name === 'ValidationError' &&
          error.message.includes('does not exist')
        )
          return undefined;
        throw error;
      }
    },

    async listQueues(prefix: string): Promise<QueueState[]> {
      const urls: string[] = [];
      for await (const { QueueUrls = [] } of paginateListQueues(
        { client: sqs, pageSize: 1_000 },
        { QueueNamePrefix: `${prefix}-` },
      ))
        urls.push(...QueueUrls);
      return Promise.all(
        urls.map(async (QueueUrl) => {
          const { Attributes = {} } = await sqs.send(
            new GetQueueAttributesCommand({
              QueueUrl,
              AttributeNames: ['ApproximateNumberOfMessages', 'RedrivePolicy'],
            }),
          );
          const { deadLetterTargetArn } = JSON.parse(Attributes.RedrivePolicy ?? '{}') as {
            deadLetterTargetArn?: string;
          };
          return {
            name: QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1),
            waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
            ...(deadLetterTargetArn && { deadLetterArn: deadLetterTargetArn }),
          };
        }),
      );
    },

    async listSubscriptions(topicArn: string): Promise<Subscription[]> {
      const found: Subscription[] = [];
      for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
        { client: sns },
        { TopicArn: topicArn },
      ))
        for (const { Protocol = '', Endpoint = '', SubscriptionArn = '' } of Subscriptions)
          found.push({
            protocol: Protocol,
            endpoint: Endpoint,
            isConfirmed: SubscriptionArn.startsWith('arn:'),
          });
      return found;
    },

    async readFunction(functionName: string): Promise<FunctionState | undefined> {
      try {
        const { Configuration = {}, Concurrency } = await lambda.send(
          new GetFunctionCommand({ FunctionName: functionName }),
        );
        const sources: { queue: string; state: string }[] = [];
        for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
          { client: lambda },
          { FunctionName: functionName },
        ))
          for (const { EventSourceArn = '', State = '' } of EventSourceMappings)
            sources.push({ queue: EventSourceArn.slice(EventSourceArn.lastIndexOf(':') + 1), state: State });
        const { ReservedConcurrentExecutions: reserved } = Concurrency ?? {};
        return {
          name: functionName,
          sources,
          ...(Configuration.State && { state: Configuration.State }),
          ...(Configuration.LastUpdateStatus && { lastUpdate: Configuration.LastUpdateStatus }),
          ...(reserved !== undefined && { reservedConcurrency: reserved }),
        };
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    async readConcurrency(): Promise<number | undefined> {
      return (await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit
        ?.UnreservedConcurrentExecutions;
    },

    async readRule(ruleName: string): Promise<RuleState | undefined> {
      try {
        const { rule } = await iot.send(new GetTopicRuleCommand({ ruleName }));
        return (
          rule && { isDisabled: rule.ruleDisabled === true, hasErrorAction: rule.errorAction !== undefined }
        );
      } catch (error) {
        // AWS IoT answers for a rule that is not there as for one that is not allowed (API reference, GetTopicRule).
        if (isNotFound(error) || (error instanceof Error && error.name === 'UnauthorizedException'))
          return undefined;
        throw error;
      }
    },

    async listAlarms(prefix: string): Promise<AlarmState[]> {
      const found: AlarmState[] = [];
      for await (const { MetricAlarms = [] } of paginateDescribeAlarms(
        { client: cloudWatch },
        { AlarmNamePrefix: `${prefix}-`, StateValue: 'ALARM' },
      ))
        for (const { AlarmName = '', AlarmDescription = '' } of MetricAlarms)
          found.push({ name: AlarmName, description: AlarmDescription });
      return found;
    },

    async countErrors(functionNames: readonly string[], now: number): Promise<ReadonlyMap<string, number>> {
      const MetricDataQueries = functionNames.map((name, index) => ({
        Id: `f${index}`,
        MetricStat: {
          Metric: {
            Namespace: 'AWS/Lambda',
            MetricName: 'Errors',
            Dimensions: [{ Name: 'FunctionName', Value: name }],
          },
          Period: 3_600,
          Stat: 'Sum',
        },
      }));
      const { MetricDataResults = [] } = await cloudWatch.send(
        new GetMetricDataCommand({
          MetricDataQueries,
          StartTime: new Date(now - hourMs),
          EndTime: new Date(now),
        }),
      );
      return new Map(
        MetricDataResults.map(({ Id = 'f0', Values = [] }) => [
          functionNames[Number(Id.slice(1))] ?? '',
          Values.reduce((sum, value) => sum + value, 0),
        ]),
      );
    },

    async readEndpoint(): Promise<string> {
      const { endpointAddress } = await iot.send(
        new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
      );
      return endpointAddress ?? '';
    },

    /** The first things of the registry, at most so many. */
    async sampleThings(count: number): Promise<string[]> {
      const { things: found = [] } = await iot.send(new ListThingsCommand({ maxResults: count }));
      return found.flatMap(({ thingName }) => thingName ?? []);
    },

    async readThing(thingName: string): Promise<Omit<ThingState, 'agent' | 'isHeld'> | undefined> {
      if ((await things.describe(thingName)) === undefined) return undefined;
      const [groups, arns] = await Promise.all([
        things.listGroups(thingName),
        things.listPrincipals(thingName),
      ]);
      const principals = await Promise.all(
        arns
          .filter((arn) => arn.includes(':cert/'))
          .map(async (arn) => {
            const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
            const [status, policies, users] = await Promise.all([
              certificates.readStatus(certificateId),
              things.listPolicies(arn),
              things.listThingsOfPrincipal(arn),
            ]);
            const documents = await Promise.all(policies.map((policy) => things.readPolicy(policy)));
            return {
              certificateId,
              status,
              documents,
              sharedWith: users.filter((name) => name !== thingName),
            };
          }),
      );
      return { groups, principals };
    },
  };
}

export type DoctorAccount = ReturnType<typeof connectDoctor>;

/** Opens a TLS connection to the port of MQTT; any certificate will do, since nothing is sent. */
export function reachEndpoint(endpoint: string): Promise<void> {
  const [host = '', port = '8883'] = endpoint.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      servername: host,
      rejectUnauthorized: false,
      timeout: reachMs,
    });
    socket.once('secureConnect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no answer in ${reachMs / 1_000} s`)));
    socket.once('error', reject);
  });
}
