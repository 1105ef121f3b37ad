// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how CloudFormation spells a variable
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetSubscriptionAttributesCommand, PublishCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import dynalite from 'dynalite';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { StackClients } from '../../../../local/aws/cloudformation/resources/resource-type';
import type { Template, TemplateResource } from '../../../../local/aws/cloudformation/template';
import {
  aFunctionResource,
  aRole,
  aStackRecorder,
  aTemplate,
  clientsOf,
  deploy,
  problemsOf,
  type StackRecorder,
} from './stack';

interface RecordedCall {
  readonly call: string;
  readonly body: unknown;
}

let messaging: FauxqsServer;
let tables: Server;
let iot: Server;
let clients: StackClients;
const iotCalls: RecordedCall[] = [];

const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  messaging = await startFauxqs({ port: 0, logger: false });
  tables = dynalite({ createTableMs: 0 });
  iot = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || 'null');
    iotCalls.push({ call: `${request.method} ${request.url}`, body });
    const arns = {
      thingGroupArn: 'arn:group',
      thingGroupId: 'id',
      policyArn: 'arn:policy',
      metricArn: 'arn:metric',
    };
    response.end(JSON.stringify({ ...arns, securityProfileArn: 'arn:profile' }));
  });
  await Promise.all(
    [tables, iot].map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
  const { sqs, sns } = clientsOf(`http://127.0.0.1:${messaging.port}`);
  const { dynamodb } = clientsOf(`http://127.0.0.1:${portOf(tables)}`);
  clients = { sqs, sns, dynamodb, iot: clientsOf(`http://127.0.0.1:${portOf(iot)}`).iot };
});
beforeEach(() => {
  iotCalls.length = 0;
});
afterAll(async () => {
  for (const client of Object.values(clients)) client.destroy();
  await messaging.stop();
  await Promise.all([tables, iot].map((server) => new Promise((resolve) => server.close(resolve))));
});

const stackName = () => `s${crypto.randomUUID().slice(0, 8)}`;

async function create(
  resources: Record<string, TemplateResource>,
  recorder: StackRecorder = aStackRecorder(),
) {
  const stack = await deploy(aTemplate(resources), {
    clients,
    hooks: recorder.hooks,
    stackName: stackName(),
  });
  return { ...stack, recorder };
}

function problems(resources: Record<string, TemplateResource>, rest: Partial<Template> = {}) {
  return problemsOf(aTemplate(resources, rest), { clients, stackName: stackName() });
}

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

const queueAndTopic = {
  Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } },
  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alerts' } },
};

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
    const { Attributes } = await clients.sqs.send(
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
      'Commands (AWS::SQS::Queue): the dead-letter queue of a FIFO queue must be a FIFO queue too, and only then',
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
      return clients.sns.send(new PublishCommand({ TopicArn, Message, MessageAttributes }));
    };

    await publish('dropped', 'observed');
    await publish('hello', 'contained');

    const command = { QueueUrl: resources.Queue?.physicalId, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 };
    const { Messages = [] } = await clients.sqs.send(new ReceiveMessageCommand(command));
    expect(Messages.map(({ Body }) => Body)).toEqual(['hello']);
    const SubscriptionArn = resources.Subscription?.physicalId;
    const { Attributes } = await clients.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
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
    const { Table } = await clients.dynamodb.send(new DescribeTableCommand({ TableName }));
    expect([Table?.TableStatus, Table?.TableArn, Table?.GlobalSecondaryIndexes?.[0]?.IndexName]).toEqual([
      'ACTIVE',
      resources.Table?.attributes.Arn,
      'byStatus',
    ]);
  });
});

describe('AWS::Lambda', () => {
  const statements = [
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
  ];
  const mapping = {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
      BatchSize: '5',
      Enabled: 'true',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 4 },
    },
  };

  it('registers role, function and mapping as in the template', async () => {
    const { recorder, resources } = await create({
      Queue: queueAndTopic.Queue,
      Mapping: mapping,
      Function: aFunctionResource({
        Timeout: 10,
        Environment: { Variables: { QUEUE: { Ref: 'Queue' }, LIMIT: 3 } },
        ReservedConcurrentExecutions: 2,
      }),
      Role: aRole('lambda.amazonaws.com', statements),
      Extra: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          PolicyName: 'extra',
          Roles: [{ Ref: 'Role' }],
          PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }] },
        },
      },
    });

    const queueArn = resources.Queue?.attributes.Arn;
    const roleArn = resources.Role?.attributes.Arn;
    const own = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn }],
    };
    const extra = { Statement: [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }] };
    const role = {
      logicalId: 'Role',
      name: resources.Role?.physicalId,
      arn: roleArn,
      trustedServices: ['lambda.amazonaws.com'],
      trust: {
        Version: '2012-10-17',
        Statement: [
          { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
        ],
      },
      attached: [],
      inline: new Map([['own', own]]),
    };
    expect(recorder.roles).toEqual([
      { ...role, documents: [own] },
      { ...role, documents: [own, extra] },
    ]);
    expect(recorder.functions).toEqual([
      {
        name: 'probe',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:probe',
        roleArn,
        handler: 'index.handler',
        runtime: 'nodejs24.x',
        codePath: '/packages/probe.zip',
        memoryMb: 128,
        timeoutSeconds: 10,
        environment: { QUEUE: resources.Queue?.physicalId, LIMIT: '3' },
        reservedConcurrency: 2,
        logGroupName: '/aws/lambda/probe',
      },
    ]);
    expect(recorder.eventSources).toEqual([
      {
        id: resources.Mapping?.physicalId,
        functionName: 'probe',
        roleArn,
        queueArn,
        batchSize: 5,
        maximumBatchingWindowSeconds: 0,
        maximumConcurrency: 4,
        reportsBatchItemFailures: true,
        enabled: true,
      },
    ]);
  });

  it('refuses a function whose role Lambda may not assume', async () => {
    const found = await problems({ Function: aFunctionResource(), Role: aRole('iot.amazonaws.com') });

    expect(found).toEqual([
      expect.stringContaining('The role defined for the function cannot be assumed by Lambda.'),
    ]);
  });

  it.each([
    ['a name that is a path', { FunctionName: '../x' }, 'FunctionName: must be 1 to 64'],
    [
      'a reserved variable',
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      'Environment.Variables: sets a reserved variable',
    ],
    [
      'too large an environment',
      { Environment: { Variables: { LARGE: 'x'.repeat(4_096) } } },
      'Environment.Variables: is over 4096 bytes',
    ],
    ['too long a timeout', { Timeout: 901 }, 'Timeout: Too big'],
    ['a property of another kind', { VpcConfig: {} }, 'VpcConfig is not emulated locally'],
  ])('refuses a function with %s', async (_, properties, problem) => {
    const found = await problems({ Function: aFunctionResource(properties), Role: aRole() });

    expect(found).toEqual([expect.stringContaining(`Function (AWS::Lambda::Function): property ${problem}`)]);
  });

  it('refuses a role with an unknown managed policy of AWS', async () => {
    const role = aRole();
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];

    const found = await problems({
      Role: { ...role, Properties: { ...role.Properties, ManagedPolicyArns } },
    });

    expect(found).toEqual([
      'Role (AWS::IAM::Role): property ManagedPolicyArns[0]: is a managed policy that is not known locally: write out what the function needs',
    ]);
  });

  it.each([
    ['a path without slashes', { Path: 'cordon' }, 'Path: must begin and end with a slash'],
    [
      'an unknown boundary of AWS',
      { PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
      'PermissionsBoundary: is a managed policy that is not known locally',
    ],
    [
      'a key of tags that AWS keeps',
      { Tags: [{ Key: 'aws:x', Value: '' }] },
      'Tags[0].Key: is no key of a tag',
    ],
    [
      'a value that no tag has',
      { Tags: [{ Key: 'x', Value: 'a;b' }] },
      'Tags[0].Value: is no value of a tag',
    ],
    ['tags as a map', { Tags: { x: 'y' } }, 'Tags: '],
    [
      'keys of tags that differ in case only',
      {
        Tags: [
          { Key: 'x', Value: '' },
          { Key: 'X', Value: '' },
        ],
      },
      'Tags: has a key twice',
    ],
  ])('refuses a role with %s', async (_what, properties, problem) => {
    const role = aRole();

    const found = await problems({
      Role: { ...role, Properties: { ...role.Properties, ...properties } },
    });

    expect(found).toEqual([expect.stringContaining(`Role (AWS::IAM::Role): property ${problem}`)]);
  });

  it('refuses a boundary that does not exist, and a log group with a key of another region', async () => {
    const role = aRole();
    const PermissionsBoundary = 'arn:aws:iam::123456789012:policy/gone';
    const KmsKeyId = 'arn:aws:kms:ap-south-1:123456789012:key/k';

    expect(
      await problems({ Role: { ...role, Properties: { ...role.Properties, PermissionsBoundary } } }),
    ).toEqual([expect.stringContaining('managed policy arn:aws:iam::123456789012:policy/gone is not')]);
    expect(await problems({ Group: { Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId } } })).toEqual([
      expect.stringContaining('The specified KMS key does not exist'),
    ]);
  });

  it('registers schedules, and requires the permission without which AWS would never run them', async () => {
    const resources = {
      Function: aFunctionResource(),
      Role: aRole(),
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'sweep',
          ScheduleExpression: 'rate(1 minute)',
          Targets: [{ Arn: { 'Fn::GetAtt': 'Function.Arn' }, Id: 'x' }],
        },
      },
    };
    const permission = {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'Function' },
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': 'Rule.Arn' },
      },
    };

    const { recorder } = await create({ ...resources, Permission: permission });

    expect(recorder.schedules).toEqual([
      {
        name: 'sweep',
        arn: 'arn:aws:events:us-east-1:000000000000:rule/sweep',
        expression: 'rate(1 minute)',
        service: 'events',
        functionName: 'probe',
        enabled: true,
      },
    ]);
    expect(await problems(resources)).toEqual([
      expect.stringContaining('no AWS::Lambda::Permission lets events.amazonaws.com invoke'),
    ]);
  });

  it('stores rules with a pattern, and requires the topic policy without which AWS would drop every event', async () => {
    const resources = {
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'findings' } },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'findings',
          EventPattern: { source: ['acme'] },
          Targets: [{ Arn: { Ref: 'Topic' }, Id: 'topic' }],
        },
      },
    };
    const letPublish = (rule: string) => ({
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'Topic' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: { Ref: 'Topic' },
              Condition: {
                ArnEquals: { 'aws:SourceArn': `arn:aws:events:us-east-1:000000000000:rule/${rule}` },
              },
            },
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 'sns:Publish',
              Resource: { Ref: 'Topic' },
              Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } },
            },
          ],
        },
      },
    });
    const dropped = expect.stringContaining('no AWS::SNS::TopicPolicy lets events.amazonaws.com publish');

    expect((await create({ ...resources, Policy: letPublish('findings') })).recorder.schedules).toEqual([]);
    expect(await problems(resources)).toEqual([dropped]);
    expect(await problems({ ...resources, Policy: letPublish('other') })).toEqual([dropped]);
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
