import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, ListTopicsCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CancelMessageMoveTaskCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { failureOf, operatorClients, startTestStack, type TestStack } from './local-aws';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await operatorClients(stack).dynamodb.send(
    new CreateTableCommand({
      TableName: 'cases',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'status', AttributeType: 'S' },
      ],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byStatus',
          KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
});
afterAll(() => stack.close());

const table = 'arn:aws:dynamodb:eu-west-1:000000000000:table/cases';

describe('DynamoDB behind the gateway', () => {
  it('has tables with the ARNs of the local identity', async () => {
    const { Table } = await operatorClients(stack).dynamodb.send(
      new DescribeTableCommand({ TableName: 'cases' }),
    );

    expect([Table?.TableStatus, Table?.TableArn, Table?.GlobalSecondaryIndexes?.[0]?.IndexArn]).toEqual([
      'ACTIVE',
      table,
      `${table}/index/byStatus`,
    ]);
  });

  it('lets a function do what its role permits on the table, and not on its index', async () => {
    const config = stack.clientConfig([
      {
        Effect: 'Allow',
        Action: ['dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:Query'],
        Resource: table,
      },
    ]);
    const client = new DynamoDBClient(config);
    const item = { pk: { S: 'THING#a' }, status: { S: 'contained' } };
    const query = new QueryCommand({
      TableName: 'cases',
      IndexName: 'byStatus',
      KeyConditionExpression: '#s = :s',
      ExpressionAttributeNames: { '#s': 'status' },
      ExpressionAttributeValues: { ':s': { S: 'contained' } },
    });

    await client.send(new PutItemCommand({ TableName: 'cases', Item: item }));
    const { Item } = await client.send(new GetItemCommand({ TableName: 'cases', Key: { pk: item.pk } }));

    expect(Item).toEqual(item);
    expect(await failureOf(client.send(query))).toEqual({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /^User: arn:aws:sts::000000000000:assumed-role\/role\/fn\d+ is not authorized to perform: dynamodb:Query on resource: .*table\/cases\/index\/byStatus because no identity-based policy allows the dynamodb:Query action$/,
      ),
      status: 400,
    });
    expect(stack.warnings.at(-1)).toEqual({
      message: expect.stringContaining('may not dynamodb:Query on'),
      fields: {
        function: expect.stringMatching(/^fn\d+$/),
        action: 'dynamodb:Query',
        resource: `${table}/index/byStatus`,
        decision: 'IMPLICIT_DENY',
      },
    });
  });

  it('stores time to live and recovery, which dynalite does not have', async () => {
    const { dynamodb } = operatorClients(stack);
    const TableName = 'cases';
    await dynamodb.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      }),
    );
    await dynamodb.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    );

    const ttl = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
    const backups = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }));

    expect(ttl.TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
    expect(backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription).toEqual({
      PointInTimeRecoveryStatus: 'ENABLED',
    });
    expect(
      await failureOf(dynamodb.send(new DescribeTimeToLiveCommand({ TableName: 'none' }))),
    ).toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('answers an unknown operation with the error of AWS and names it in the log', async () => {
    const transaction = new TransactWriteItemsCommand({ TransactItems: [] });

    expect(await failureOf(operatorClients(stack).dynamodb.send(transaction))).toMatchObject({
      name: 'UnknownOperationException',
      status: 400,
    });
    expect(stack.warnings.at(-1)?.fields).toEqual({
      service: 'dynamodb',
      operation: 'DynamoDB_20120810.TransactWriteItems',
      method: 'POST',
      path: '/',
    });
  });
});

describe('SQS behind the gateway', () => {
  it('returns queue URLs that lead back to the gateway', async () => {
    const { sqs } = operatorClients(stack);

    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'urls' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));

    expect(QueueUrl).toBe(`${stack.gateway.url}/000000000000/urls`);
    expect(Messages.map(({ Body }) => Body)).toEqual(['hello']);
  });

  it('accepts a queue URL with another host, and asks IAM about that queue', async () => {
    await operatorClients(stack).sqs.send(new CreateQueueCommand({ QueueName: 'other-host' }));
    const QueueUrl = 'https://sqs.eu-west-1.amazonaws.com/000000000000/other-host';
    const config = stack.clientConfig([
      {
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: 'arn:aws:sqs:eu-west-1:000000000000:other-host',
      },
    ]);
    const client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });

    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));

    expect(await failureOf(client.send(new ReceiveMessageCommand({ QueueUrl })))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
      message: expect.stringContaining(
        'sqs:ReceiveMessage on resource: arn:aws:sqs:eu-west-1:000000000000:other-host',
      ),
    });
  });

  it('asks IAM for the single action if a batch is sent', async () => {
    const { sqs } = operatorClients(stack);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'batches' }));
    const config = stack.clientConfig([{ Effect: 'Allow', Action: 'sqs:DeleteMessage', Resource: '*' }]);

    const { Failed } = await new SQSClient(config).send(
      new DeleteMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', ReceiptHandle: randomUUID() }] }),
    );

    expect(Failed ?? []).toEqual([]);
  });

  it('answers other calls during a long poll, and ends the poll when a message arrives', async () => {
    const { sqs } = operatorClients(stack);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'polled' }));
    const polls = [1, 2, 3].map(() => sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 })));

    const attributes = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    for (const body of ['a', 'b', 'c']) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    }
    const received = (await Promise.all(polls)).flatMap(({ Messages = [] }) =>
      Messages.map(({ Body }) => Body),
    );

    expect(attributes.Attributes).toEqual({ QueueArn: 'arn:aws:sqs:eu-west-1:000000000000:polled' });
    expect(received.sort()).toEqual(['a', 'b', 'c']);
  });

  it('answers an unknown operation with the error of AWS', async () => {
    const cancel = new CancelMessageMoveTaskCommand({ TaskHandle: 'x' });

    expect(await failureOf(operatorClients(stack).sqs.send(cancel))).toMatchObject({
      name: 'InvalidAction',
      status: 400,
    });
  });

  it.each(['', '.fifo'])('moves dead letters to the named queue, and to no other (%s)', async (end) => {
    const { sqs } = operatorClients(stack);
    const arnOf = (name: string) => `arn:aws:sqs:eu-west-1:000000000000:${name}${end}`;
    const make = (name: string, Attributes: Record<string, string> = {}) =>
      sqs.send(
        new CreateQueueCommand({
          QueueName: `${name}${end}`,
          Attributes: { ...Attributes, ...(end && { FifoQueue: 'true' }) },
        }),
      );
    const fifo = (id: string) => (end ? { MessageGroupId: 'g', MessageDeduplicationId: id } : {});
    const dead = await make('moved-dead');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf('moved-dead'), maxReceiveCount: 1 });
    const queue = await make('moved', { RedrivePolicy });
    for (const MessageBody of ['a', 'b'])
      await sqs.send(new SendMessageCommand({ QueueUrl: dead.QueueUrl, MessageBody, ...fifo(MessageBody) }));
    const move = (SourceArn: string, DestinationArn?: string) =>
      sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
    const lastOf = async () =>
      (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: arnOf('moved-dead') }))).Results;

    expect(await failureOf(move(arnOf('moved'), arnOf('moved-dead')))).toMatchObject({
      name: 'InvalidParameterValue',
    });
    for (const [source, destination] of [
      ['none', 'moved'],
      ['moved-dead', 'none'],
    ] as const)
      expect(await failureOf(move(arnOf(source), arnOf(destination)))).toMatchObject({
        name: 'ResourceNotFoundException',
      });
    await move(arnOf('moved-dead'));
    expect(await lastOf()).toMatchObject([
      {
        Status: 'FAILED',
        FailureReason: 'CouldNotDetermineMessageSource',
        ApproximateNumberOfMessagesMoved: 0,
      },
    ]);
    await move(arnOf('moved-dead'), arnOf('moved'));
    expect(await lastOf()).toMatchObject([{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 2 }]);

    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.QueueUrl }));
    expect(Messages).toMatchObject([{ Body: 'a' }]);
  });
});

describe('SNS behind the gateway', () => {
  it('lets a function publish to its topic only', async () => {
    const { sns } = operatorClients(stack);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    const other = await sns.send(new CreateTopicCommand({ Name: 'other' }));
    const client = new SNSClient(
      stack.clientConfig([{ Effect: 'Allow', Action: 'sns:Publish', Resource: `${TopicArn}` }]),
    );

    await client.send(new PublishCommand({ TopicArn, Message: 'x' }));

    expect(
      await failureOf(client.send(new PublishCommand({ TopicArn: other.TopicArn, Message: 'x' }))),
    ).toMatchObject({
      name: 'AuthorizationErrorException',
      status: 403,
      message: expect.stringContaining('sns:Publish on resource: arn:aws:sns:eu-west-1:000000000000:other'),
    });
    expect(await failureOf(client.send(new ListTopicsCommand({})))).toMatchObject({ status: 403 });
  });
});
