import { createRequire } from 'node:module';
import { mockClient } from '../../mock-client';

// The plugin loads the clients as CommonJS, which are other classes than those that a test imports.
const require = createRequire(import.meta.url);
const { openNames } = require('../../../infra/deploy/account-names.cjs');

type Send = { readonly Client: never; readonly Command: never };
const classesOf = (client: string, Client: string, Command: string): Send => {
  const module = require(`@aws-sdk/client-${client}`);
  return { Client: module[Client] as never, Command: module[Command] as never };
};

function fail(name: string, message = name): Error {
  return Object.assign(new Error(message), { name });
}

const open = () =>
  openNames({ region: 'us-east-1' }, async (service: string) => `arn:aws:${service}:us-east-1:123456789012`);

describe('the names of an account', () => {
  it.each([
    [
      'AWS::IoT::ThingGroup',
      'iot',
      'IoTClient',
      'DescribeThingGroupCommand',
      'thingGroupName',
      'ResourceNotFoundException',
    ],
    ['AWS::IoT::Policy', 'iot', 'IoTClient', 'GetPolicyCommand', 'policyName', 'ResourceNotFoundException'],
    [
      'AWS::IoT::SecurityProfile',
      'iot',
      'IoTClient',
      'DescribeSecurityProfileCommand',
      'securityProfileName',
      'ResourceNotFoundException',
    ],
    [
      'AWS::IoT::CustomMetric',
      'iot',
      'IoTClient',
      'DescribeCustomMetricCommand',
      'metricName',
      'ResourceNotFoundException',
    ],
    [
      'AWS::IoT::MitigationAction',
      'iot',
      'IoTClient',
      'DescribeMitigationActionCommand',
      'actionName',
      'ResourceNotFoundException',
    ],
    [
      'AWS::Lambda::Function',
      'lambda',
      'LambdaClient',
      'GetFunctionCommand',
      'FunctionName',
      'ResourceNotFoundException',
    ],
    [
      'AWS::DynamoDB::Table',
      'dynamodb',
      'DynamoDBClient',
      'DescribeTableCommand',
      'TableName',
      'ResourceNotFoundException',
    ],
    [
      'AWS::Events::Rule',
      'eventbridge',
      'EventBridgeClient',
      'DescribeRuleCommand',
      'Name',
      'ResourceNotFoundException',
    ],
    ['AWS::SQS::Queue', 'sqs', 'SQSClient', 'GetQueueUrlCommand', 'QueueName', 'QueueDoesNotExist'],
    [
      'AWS::CloudWatch::Dashboard',
      'cloudwatch',
      'CloudWatchClient',
      'GetDashboardCommand',
      'DashboardName',
      'ResourceNotFound',
    ],
  ])('of type %s are asked for one by one', async (type, client, Client, Command, key, missing) => {
    const classes = classesOf(client, Client, Command);
    const stub = mockClient(classes.Client) as ReturnType<typeof mockClient>;
    stub.on(classes.Command).rejects(fail(missing));
    stub.on(classes.Command, { [key]: 'there' } as never).resolves({});

    expect(await open().findTaken(type, ['gone', 'there'])).toEqual(['there']);
    stub.on(classes.Command).rejects(fail('AccessDeniedException'));
    await expect(open().findTaken(type, ['gone'])).rejects.toThrow('AccessDenied');
  });

  it('of topics are asked for by ARN', async () => {
    const { Client, Command } = classesOf('sns', 'SNSClient', 'GetTopicAttributesCommand');
    const stub = mockClient(Client) as ReturnType<typeof mockClient>;
    stub.on(Command).rejects(fail('NotFoundException'));
    stub.on(Command, { TopicArn: 'arn:aws:sns:us-east-1:123456789012:there' } as never).resolves({});

    expect(await open().findTaken('AWS::SNS::Topic', ['gone', 'there'])).toEqual(['there']);
  });

  it('of topic rules and alarms are read from lists, page by page', async () => {
    const rules = classesOf('iot', 'IoTClient', 'ListTopicRulesCommand');
    (mockClient(rules.Client) as ReturnType<typeof mockClient>)
      .on(rules.Command)
      .resolvesOnce({ rules: [{ ruleName: 'other' }], nextToken: 'next' } as never)
      .resolvesOnce({ rules: [{ ruleName: 'there' }] } as never);
    const alarms = classesOf('cloudwatch', 'CloudWatchClient', 'DescribeAlarmsCommand');
    (mockClient(alarms.Client) as ReturnType<typeof mockClient>)
      .on(alarms.Command)
      .resolvesOnce({ MetricAlarms: [{ AlarmName: 'n1' }] } as never)
      .resolvesOnce({ CompositeAlarms: [{ AlarmName: 'n101' }] } as never);
    const many = Array.from({ length: 102 }, (_, index) => `n${index}`);

    expect(await open().findTaken('AWS::IoT::TopicRule', ['gone', 'there'])).toEqual(['there']);
    expect(await open().findTaken('AWS::CloudWatch::Alarm', many)).toEqual(['n1', 'n101']);
  });

  it('of log groups are whole names, and not the beginning of another', async () => {
    const { Client, Command } = classesOf(
      'cloudwatch-logs',
      'CloudWatchLogsClient',
      'DescribeLogGroupsCommand',
    );
    (mockClient(Client) as ReturnType<typeof mockClient>)
      .on(Command)
      .resolvesOnce({ logGroups: [{ logGroupName: '/aws/lambda/a-b' }] } as never)
      .resolvesOnce({ logGroups: [{ logGroupName: '/aws/lambda/c' }] } as never);

    expect(await open().findTaken('AWS::Logs::LogGroup', ['/aws/lambda/a', '/aws/lambda/c'])).toEqual([
      '/aws/lambda/c',
    ]);
  });
});

describe('the resources of a stack', () => {
  const { Client, Command } = classesOf(
    'cloudformation',
    'CloudFormationClient',
    'ListStackResourcesCommand',
  );
  const { Command: GetTemplate } = classesOf('cloudformation', 'CloudFormationClient', 'GetTemplateCommand');

  const summary = (ResourceStatus: string, LogicalResourceId: string, PhysicalResourceId?: string) => ({
    ResourceType: 'AWS::SQS::Queue',
    ResourceStatus,
    LogicalResourceId,
    PhysicalResourceId,
  });
  const own = (physicalId: string, properties = {}) => ({ type: 'AWS::SQS::Queue', physicalId, properties });
  const template = {
    Resources: {
      A: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'a' } },
      D: { Type: 'AWS::SQS::Queue' },
    },
  };
  const listOwn = (...pages: readonly object[][]) => {
    const stack = mockClient(Client) as ReturnType<typeof mockClient>;
    stack
      .on(GetTemplate, { StackName: 'cordon-dev' } as never)
      .resolves({ TemplateBody: JSON.stringify(template) } as never);
    const stub = stack.on(Command);
    for (const [index, StackResourceSummaries] of pages.entries())
      stub.resolvesOnce({
        StackResourceSummaries,
        ...(index < pages.length - 1 && { NextToken: 'next' }),
      } as never);
    return open().listOwn('cordon-dev');
  };

  it('are read to the last page, without those that it no longer has', async () => {
    expect(
      await listOwn(
        [summary('CREATE_COMPLETE', 'A', 'a'), summary('DELETE_COMPLETE', 'B', 'b')],
        [summary('DELETE_SKIPPED', 'C', 'c'), summary('UPDATE_COMPLETE', 'D', 'd')],
      ),
    ).toEqual([own('a', { QueueName: 'a' }), own('d')]);
  });

  it('are those that were made: one that failed at its name has no physical id', async () => {
    expect(
      await listOwn([
        summary('CREATE_FAILED', 'A'),
        summary('CREATE_FAILED', 'B', ''),
        summary('CREATE_FAILED', 'C', 'c'),
        summary('CREATE_COMPLETE', 'D'),
      ]),
    ).toEqual([own('c'), own('')]);
  });

  it('are an empty list before the first deploy, and unknown if they can’t be read', async () => {
    const stub = mockClient(Client) as ReturnType<typeof mockClient>;
    stub.on(Command).rejects(fail('ValidationError', 'Stack with id cordon-dev does not exist'));
    expect(await open().listOwn('cordon-dev')).toEqual([]);

    stub.on(Command).rejects(fail('ValidationError', 'wrong'));
    await expect(open().listOwn('cordon-dev')).rejects.toThrow('wrong');
  });
});
