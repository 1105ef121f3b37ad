// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how CloudFormation spells a variable
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetSubscriptionAttributesCommand, PublishCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { TemplateResource } from '../../../../local/aws/cloudformation/template';
import { openServices, queueAndTopic } from './created-resources';
import { aRole } from './stack';

const { clients, iotCalls, create, problems } = openServices();

function aQueuePolicy(statement: Record<string, unknown> = {}): TemplateResource {
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: { 'Fn::GetAtt': 'Queue.Arn' },
      Condition: { ArnEquals: { 'aws:SourceArn': { Ref: 'Topic' } } },
      ...statement,
    },
  ];
  const Properties = { Queues: [{ Ref: 'Queue' }], PolicyDocument: { Version: '2012-10-17', Statement } };
  return { Type: 'AWS::SQS::QueuePolicy', Properties };
}

function aSubscription(properties: Record<string, unknown> = {}): TemplateResource {
  const Properties = {
    TopicArn: { Ref: 'Topic' },
    Protocol: 'sqs',
    Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
    ...properties,
  };
  return { Type: 'AWS::SNS::Subscription', Properties };
}

describe('AWS::SQS::Queue', () => {
  it('has its attributes, its dead-letter queue and a generated name', async () => {
    const { resources } = await create({
      Commands: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          FifoQueue: true,
          ContentBasedDeduplication: 'true',
          DeduplicationScope: 'messageGroup',
          FifoThroughputLimit: 'perMessageGroupId',
          SqsManagedSseEnabled: true,
          VisibilityTimeout: '90',
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 },
        },
      },
      Dead: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
    });

    const QueueUrl = resources.Commands?.physicalId;
    const { Attributes } = await clients().sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      QueueArn: resources.Commands?.attributes.Arn,
      FifoQueue: 'true',
      ContentBasedDeduplication: 'true',
      DeduplicationScope: 'messageGroup',
      VisibilityTimeout: '90',
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: resources.Dead?.attributes.Arn,
        maxReceiveCount: 3,
      }),
    });
    expect(resources.Commands?.attributes.QueueName).toMatch(/^s[0-9a-f]{8}-Commands-[0-9A-F]{12}\.fifo$/);
  });

  it('accepts no dead-letter queue of another kind', async () => {
    const RedrivePolicy = { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 };

    const found = await problems({
      Commands: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, RedrivePolicy } },
      Dead: { Type: 'AWS::SQS::Queue' },
    });

    expect(found).toEqual([
      expect.stringMatching(
        /^Commands \(AWS::SQS::Queue\): its dead-letter queue arn:aws:sqs:\S+ must be a FIFO queue too$/,
      ),
    ]);
  });
});

describe('AWS::SNS::Subscription', () => {
  it('delivers raw messages to a queue whose policy permits it', async () => {
    const { resources } = await create({
      ...queueAndTopic,
      Policy: aQueuePolicy(),
      Subscription: aSubscription({ RawMessageDelivery: true, FilterPolicy: { status: ['contained'] } }),
    });
    const TopicArn = resources.Topic?.physicalId;
    const publish = (Message: string, status: string) => {
      const MessageAttributes = { status: { DataType: 'String', StringValue: status } };
      return clients().sns.send(new PublishCommand({ TopicArn, Message, MessageAttributes }));
    };

    await publish('dropped', 'observed');
    await publish('hello', 'contained');

    const command = { QueueUrl: resources.Queue?.physicalId, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 };
    const { Messages = [] } = await clients().sqs.send(new ReceiveMessageCommand(command));
    expect(Messages.map(({ Body }) => Body)).toEqual(['hello']);
    const SubscriptionArn = resources.Subscription?.physicalId;
    const { Attributes } = await clients().sns.send(
      new GetSubscriptionAttributesCommand({ SubscriptionArn }),
    );
    expect(Attributes).toMatchObject({
      FilterPolicy: '{"status":["contained"]}',
      RawMessageDelivery: 'true',
    });
  });

  it.each([
    ['there is no policy', undefined],
    [
      'the policy is for another topic',
      { Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:sns:us-east-1:000000000000:x' } } },
    ],
    ['the policy is for another service', { Principal: { Service: 'events.amazonaws.com' } }],
    ['the policy allows something else', { Action: 'sqs:ReceiveMessage' }],
    ['the policy is for another queue', { Resource: 'arn:aws:sqs:us-east-1:000000000000:x' }],
    ['the policy denies', { Effect: 'Deny' }],
    ['the condition cannot be judged', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }],
  ])('is refused when %s, because AWS would drop the messages', async (_, statement) => {
    const policy = statement ? { Policy: aQueuePolicy(statement) } : {};

    const found = await problems({ ...queueAndTopic, Subscription: aSubscription(), ...policy });

    expect(found).toEqual([
      expect.stringMatching(
        /^Subscription \(AWS::SNS::Subscription\): no AWS::SQS::QueuePolicy lets sns\.amazonaws\.com send from arn:aws:sns:/,
      ),
    ]);
  });
});

describe('a subscription to a topic that exists beside the stack', () => {
  const elsewhere = 'arn:aws:sns:eu-west-1:123456789012:iot-alerts';
  const allow = { Condition: { ArnEquals: { 'aws:SourceArn': elsewhere } } };

  it('names the region of the topic, or is refused, as on AWS', async () => {
    const subscription = aSubscription({ TopicArn: elsewhere });

    await expect(
      create({ ...queueAndTopic, Policy: aQueuePolicy(allow), Subscription: subscription }),
    ).rejects.toThrow('is not in region us-east-1');
  });

  it('may have no dead-letter queue in another region', async () => {
    const RedrivePolicy = { deadLetterTargetArn: { 'Fn::GetAtt': ['Queue', 'Arn'] } };
    const subscription = aSubscription({ TopicArn: elsewhere, Region: 'eu-west-1', RedrivePolicy });

    await expect(
      create({ ...queueAndTopic, Policy: aQueuePolicy(allow), Subscription: subscription }),
    ).rejects.toThrow('the dead-letter queue must be in region eu-west-1');
  });

  it('needs a queue policy that lets the topic send', async () => {
    const subscription = aSubscription({ TopicArn: elsewhere, Region: 'eu-west-1' });
    const others = { ...queueAndTopic, Subscription: subscription };

    await expect(create({ ...others, Policy: aQueuePolicy(allow) })).resolves.toBeDefined();
    expect(await problems({ ...others, Policy: aQueuePolicy() })).toEqual([
      expect.stringContaining(`lets sns.amazonaws.com send from ${elsewhere}`),
    ]);
  });

  it('is refused if the topic should be here and is not', async () => {
    const missing = 'arn:aws:sns:us-east-1:000000000000:nobody-made-it';

    await expect(
      create({
        ...queueAndTopic,
        Policy: aQueuePolicy(),
        Subscription: aSubscription({ TopicArn: missing }),
      }),
    ).rejects.toThrow(/not ?exist|NotFound/i);
  });
});

describe('AWS::DynamoDB::Table', () => {
  it('is active, with its keys and indexes, before anything refers to it', async () => {
    const { resources } = await create({
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk', 'status'].map((AttributeName) => ({
            AttributeName,
            AttributeType: 'S',
          })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'byStatus',
              KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          ],
          SSESpecification: { SSEEnabled: true },
          DeletionProtectionEnabled: true,
        },
      },
    });

    const TableName = resources.Table?.physicalId;
    const { Table } = await clients().dynamodb.send(new DescribeTableCommand({ TableName }));
    expect([Table?.TableStatus, Table?.TableArn, Table?.GlobalSecondaryIndexes?.[0]?.IndexName]).toEqual([
      'ACTIVE',
      resources.Table?.attributes.Arn,
      'byStatus',
    ]);
  });
});

describe('AWS::IoT', () => {
  it('creates rules, groups, policies, metrics and profiles in the spelling of the API', async () => {
    const iotRole = { 'Fn::GetAtt': ['Role', 'Arn'] };
    const { resources } = await create({
      Role: aRole('iot.amazonaws.com'),
      Group: {
        Type: 'AWS::IoT::ThingGroup',
        Properties: {
          ThingGroupName: 'cordon-quarantine',
          ThingGroupProperties: { AttributePayload: { Attributes: { Owner: 'soc' } } },
        },
      },
      Policy: {
        Type: 'AWS::IoT::Policy',
        DependsOn: 'Group',
        Properties: {
          PolicyName: 'deny',
          PolicyDocument: {
            Statement: [{ Effect: 'Deny', Action: 'iot:*', Resource: { 'Fn::Sub': 'x${!iot:ClientId}' } }],
          },
        },
      },
      Metric: {
        Type: 'AWS::IoT::CustomMetric',
        DependsOn: 'Policy',
        Properties: { MetricName: 'children', MetricType: 'number' },
      },
      Profile: {
        Type: 'AWS::IoT::SecurityProfile',
        Properties: {
          SecurityProfileName: 'myapp',
          Behaviors: [
            {
              Name: 'few',
              Metric: { Ref: 'Metric' },
              Criteria: { ComparisonOperator: 'less-than', Value: { Count: '10' } },
            },
          ],
          AlertTargets: { SNS: { AlertTargetArn: 'arn:topic', RoleArn: iotRole } },
          AdditionalMetricsToRetainV2: [{ Metric: 'children' }],
          TargetArns: ['arn:aws:iot:us-east-1:000000000000:all/registered-things'],
        },
      },
      Rule: {
        Type: 'AWS::IoT::TopicRule',
        DependsOn: 'Profile',
        Properties: {
          TopicRulePayload: {
            Sql: "SELECT * FROM 'a/#'",
            AwsIotSqlVersion: '2016-03-23',
            RuleDisabled: 'false',
            Actions: [{ Sqs: { QueueUrl: 'http://q', RoleArn: iotRole, UseBase64: false } }],
          },
        },
      },
    });

    const roleArn = resources.Role?.attributes.Arn;
    const attributePayload = { attributes: { Owner: 'soc' } };
    const statement = { Effect: 'Deny', Action: 'iot:*', Resource: 'x${iot:ClientId}' };
    expect(iotCalls).toEqual([
      { call: 'POST /thing-groups/cordon-quarantine', body: { thingGroupProperties: { attributePayload } } },
      { call: 'POST /policies/deny', body: { policyDocument: JSON.stringify({ Statement: [statement] }) } },
      {
        call: 'POST /custom-metric/children',
        body: { metricType: 'number', clientRequestToken: expect.any(String) },
      },
      {
        call: 'POST /security-profiles/myapp',
        body: {
          behaviors: [
            {
              name: 'few',
              metric: 'children',
              criteria: { comparisonOperator: 'less-than', value: { count: 10 } },
            },
          ],
          alertTargets: { SNS: { alertTargetArn: 'arn:topic', roleArn } },
          additionalMetricsToRetainV2: [{ metric: 'children' }],
        },
      },
      {
        call: 'PUT /security-profiles/myapp/targets?securityProfileTargetArn=arn%3Aaws%3Aiot%3Aus-east-1%3A000000000000%3Aall%2Fregistered-things',
        body: null,
      },
      {
        call: expect.stringMatching(/^POST \/rules\/s[0-9a-f]{8}_Rule_[0-9A-F]{12}$/),
        body: {
          sql: "SELECT * FROM 'a/#'",
          awsIotSqlVersion: '2016-03-23',
          ruleDisabled: false,
          actions: [{ sqs: { queueUrl: 'http://q', roleArn, useBase64: false } }],
        },
      },
    ]);
  });

  it('requires roles that IoT may assume, since its rules would fail silently without them', async () => {
    const RoleArn = { 'Fn::GetAtt': ['Role', 'Arn'] };
    const Actions = [{ Sqs: { QueueUrl: 'http://q', RoleArn } }];
    const TopicRulePayload = { Sql: "SELECT * FROM 'a'", Actions };
    const rule = { Type: 'AWS::IoT::TopicRule', Properties: { TopicRulePayload } };

    expect(await problems({ Rule: rule, Role: aRole('lambda.amazonaws.com') })).toEqual([
      expect.stringMatching(
        /^Rule \(AWS::IoT::TopicRule\): role .* does not let iot\.amazonaws\.com assume it$/,
      ),
    ]);
  });

  it('attaches no policy to a thing group, like CloudFormation', async () => {
    const Principal = 'arn:aws:iot:us-east-1:000000000000:thinggroup/cordon-quarantine';
    const attachment = {
      Type: 'AWS::IoT::PolicyPrincipalAttachment',
      Properties: { PolicyName: 'deny', Principal },
    };

    expect(await problems({ Attachment: attachment })).toEqual([
      `Attachment (AWS::IoT::PolicyPrincipalAttachment): The given ARN does not represent a cert: ${Principal}`,
    ]);
  });
});
