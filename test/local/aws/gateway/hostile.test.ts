import { CreateTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { PolicyStatement } from '../../../../local/types';
import { failureOf, operatorClients, startTestStack, type TestStack } from './local-aws';

const own = 'arn:aws:*:eu-west-1:000000000000:*own';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  const { sqs, sns, dynamodb } = operatorClients(stack);
  for (const name of ['own', 'foreign']) {
    await sqs.send(new CreateQueueCommand({ QueueName: name }));
    await sns.send(new CreateTopicCommand({ Name: name }));
    await dynamodb.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
  }
});
afterAll(() => stack.close());

/**
 * Sends requests that no SDK would send, with the valid credential of a function that has all rights on its own
 * resources.
 */
async function post(
  service: string,
  body: string,
  options: { target?: string; statements?: readonly PolicyStatement[] } = {},
): Promise<number> {
  const { target, statements = [{ Effect: 'Allow', Action: '*', Resource: own }] } = options;
  const { accessKeyId } = stack.clientConfig(statements).credentials;
  const response = await fetch(stack.gateway.url, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=x`,
      'content-type': target ? 'application/x-amz-json-1.0' : 'application/x-www-form-urlencoded',
      ...(target && { 'x-amz-target': target }),
    },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

const dynamodb = (operation: string, body: unknown) =>
  post('dynamodb', JSON.stringify(body), { target: `DynamoDB_20120810.${operation}` });
const sqs = (operation: string, body: unknown) =>
  post('sqs', JSON.stringify(body), { target: `AmazonSQS.${operation}` });
const topic = (name: string) => encodeURIComponent(`arn:aws:sns:eu-west-1:000000000000:${name}`);

describe('a function that names one resource to IAM and another to the service is refused', () => {
  it('by DynamoDB', async () => {
    const Item = { pk: { S: 'a' } };
    const RequestItems = { own: [{ PutRequest: { Item } }] };

    expect(await dynamodb('PutItem', { TableName: 'own', Item })).toBe(200);
    expect(await dynamodb('PutItem', { TableName: 'foreign', Item, RequestItems })).toBe(400);
    expect(await dynamodb('PutItem', { TableName: 'foreign', Item, IndexName: 'own' })).toBe(400);
    expect(await dynamodb('BatchWriteItem', { RequestItems, TableName: 'own' })).toBe(200);
    expect(
      await dynamodb('BatchWriteItem', { RequestItems: { ...RequestItems, foreign: RequestItems.own } }),
    ).toBe(400);
  });

  it('by SQS', async () => {
    const [ownUrl, foreignUrl] = ['own', 'foreign'].map(
      (name) => `${stack.gateway.url}/000000000000/${name}`,
    );

    expect(await sqs('PurgeQueue', { QueueUrl: ownUrl })).toBe(200);
    expect(await sqs('PurgeQueue', { QueueUrl: foreignUrl, QueueName: 'own' })).toBe(403);
    expect(await sqs('GetQueueUrl', { QueueName: 'foreign', QueueUrl: ownUrl })).toBe(403);
  });

  it('by SNS', async () => {
    const publish = (...names: string[]) =>
      post('sns', `Action=Publish&Message=x${names.map((name) => `&TopicArn=${topic(name)}`).join('')}`);

    expect(await publish('own')).toBe(200);
    expect(await publish('own', 'foreign')).toBe(403);
    expect(await publish('foreign', 'own')).toBe(200);
  });
});

describe('a request that no SDK would send', () => {
  it.each(['null', '[]', '"x"', '7', '{', '', '\u0000', '[{}]'])(
    'has no effect with the body %j',
    async (body) => {
      const statements: PolicyStatement[] = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
      const targets = [
        'DynamoDB_20120810.GetItem',
        'DynamoDB_20120810.UpdateTimeToLive',
        'AmazonSQS.SendMessage',
      ];

      for (const target of targets) {
        const service = target.startsWith('Amazon') ? 'sqs' : 'dynamodb';
        expect(await post(service, body, { target, statements })).toBe(400);
      }
      expect(await post('sns', body, { statements })).toBe(400);
    },
  );

  it('does not end the stack if dynalite or fauxqs throws', async () => {
    expect(await dynamodb('Scan', { TableName: 'own', ExclusiveStartKey: { pk: null } })).toBe(500);
    expect(await sqs('TagQueue', { QueueUrl: 'own', Tags: null, TagKeys: 7 })).toBeGreaterThanOrEqual(200);
    expect(await sqs('UntagQueue', { QueueUrl: 'own', TagKeys: 7 })).toBe(500);

    const { TableNames } = await operatorClients(stack).dynamodb.send(new ListTablesCommand({}));
    expect(TableNames).toEqual(['foreign', 'own']);
  });

  it('is refused when it is signed for another region', async () => {
    const client = new SQSClient({ ...stack.clientConfig(), region: 'us-east-1' });

    expect(await failureOf(client.send(new ListQueuesCommand({})))).toEqual({
      name: 'SignatureDoesNotMatch',
      message: 'Credential should be scoped to the region eu-west-1, not us-east-1',
      status: 403,
    });
  });
});
