import { crc32 } from 'node:zlib';
import { createDynamoDb } from '../../../../local/aws/services/dynamodb';
import { loadAbstractLevel } from '../../../../local/aws/services/mend-dynalite';
import type { ApiRequest } from '../../../../local/types';

interface Level {
  attachResource(resource: object): void;
  detachResource(resource: object): void;
}
const { AbstractLevel } = loadAbstractLevel() as { AbstractLevel: { prototype: Level } };

const identity = { accountId: '000000000000', region: 'us-east-1', partition: 'aws' } as const;

describe('the local DynamoDB', () => {
  it.each([
    ['pk = :a', { ':a': { S: '' } }, 'pk'],
    ['#p = :a', { ':a': { S: '' } }, 'pk'],
    ['pk = :a AND begins_with(sk, :b)', { ':a': { S: 'a' }, ':b': { S: '' } }, 'sk'],
    ['pk = :a AND sk BETWEEN :b AND :c', { ':a': { S: 'a' }, ':b': { S: '' }, ':c': { S: 'c' } }, 'sk'],
    ['pk = :a AND sk >= :b', { ':a': { S: 'a' }, ':b': { S: '' } }, 'sk'],
  ])('refuses a query of %s if a key is %j', async (KeyConditionExpression, values, key) => {
    const call = connect(createDynamoDb(identity));
    await createTable(call);

    const query = call('Query', {
      ...{ KeyConditionExpression, ExpressionAttributeValues: values },
      ...(KeyConditionExpression.includes('#p') && { ExpressionAttributeNames: { '#p': 'pk' } }),
    });

    await expect(query).rejects.toThrow(
      new RegExp(`ValidationException.*cannot contain an empty string value. Key: ${key}`),
    );
  });

  it('leaves no open iterator after a query, whether the query reads to the end or not', async () => {
    const open = new Set<object>();
    const { attachResource, detachResource } = AbstractLevel.prototype;
    AbstractLevel.prototype.attachResource = function attach(this: Level, resource) {
      open.add(resource);
      attachResource.call(this, resource);
    };
    AbstractLevel.prototype.detachResource = function detach(this: Level, resource) {
      open.delete(resource);
      detachResource.call(this, resource);
    };
    const dynamodb = createDynamoDb(identity);
    const call = connect(dynamodb);
    await createTable(call);
    for (const sk of ['1', '2', '3']) await call('PutItem', { Item: { pk: { S: 'a' }, sk: { S: sk } } });
    const before = open.size;

    for (const Limit of [1, 2, 100])
      for (let time = 0; time < 20; time += 1) {
        const { Items } = await call('Query', {
          ...{ Limit, KeyConditionExpression: 'pk = :a' },
          ExpressionAttributeValues: { ':a': { S: 'a' } },
        });
        expect(Items).toHaveLength(Math.min(Limit, 3));
      }
    await new Promise(setImmediate);

    expect(open.size - before).toBe(0);
    Object.assign(AbstractLevel.prototype, { attachResource, detachResource });
  });

  it('gives the checksum of an answer, as its bytes are', async () => {
    const dynamodb = createDynamoDb(identity);
    const call = connect(dynamodb);
    await createTable(call);
    await call('PutItem', { Item: { pk: { S: 'a' }, sk: { S: '1' }, name: { S: 'Öl–Pumpe' } } });

    const { headers, body } = await send(dynamodb, 'GetItem', { Key: { pk: { S: 'a' }, sk: { S: '1' } } });

    expect(String(body)).toContain('Öl–Pumpe');
    expect(headers?.['x-amz-crc32']).toBe(String(crc32(Buffer.from(String(body)))));
  });

  it('deletes expired items if a table has time to live, and nothing else', async () => {
    const dynamodb = createDynamoDb(identity, { expireEveryMs: 20 });
    const call = connect(dynamodb);
    await createTable(call);
    const seconds = Math.floor(Date.now() / 1_000);
    const put = (pk: string, item: object) =>
      call('PutItem', { Item: { pk: { S: pk }, sk: { S: '1' }, ...item } });
    const at = (N: number) => ({ expiresAt: { N: String(N) } });
    await put('expired', at(seconds - 1));
    await put('kept', at(seconds + 3_600));
    await put('for ever', {});
    await put('no time', { expiresAt: { S: '1' } });
    await put('in milliseconds, as it were', at(seconds * 1_000));
    await put('more than five years ago', at(seconds - 6 * 365 * 86_400));
    const list = async () =>
      (await call('Scan', {})).Items.map(({ pk }: { pk: { S: string } }) => pk.S).toSorted();
    expect(await list()).toContain('expired');

    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true };
    await call('UpdateTimeToLive', { TimeToLiveSpecification });

    while ((await list()).includes('expired')) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await list()).toEqual([
      'for ever',
      'in milliseconds, as it were',
      'kept',
      'more than five years ago',
      'no time',
    ]);
    await dynamodb.close();
  });
});

type Call = ReturnType<typeof connect>;

type LocalDynamoDb = ReturnType<typeof createDynamoDb>;

async function send(dynamodb: LocalDynamoDb, operation: string, input: object) {
  return await dynamodb.handle({
    ...({ service: 'dynamodb', method: 'POST', path: '/', query: new URLSearchParams() } as ApiRequest),
    headers: { 'x-amz-target': `DynamoDB_20120810.${operation}` },
    body: Buffer.from(JSON.stringify({ TableName: 'cases', ...input })),
  });
}

function connect(dynamodb: LocalDynamoDb) {
  return async (operation: string, input: object) => {
    const { status, body } = await send(dynamodb, operation, input);
    if (status !== 200) throw new Error(operation + String(body));
    return JSON.parse(String(body));
  };
}

async function createTable(call: Call): Promise<void> {
  const key = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType });
  await call('CreateTable', {
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
    BillingMode: 'PAY_PER_REQUEST',
  });
  let status: unknown;
  while (status !== 'ACTIVE') {
    await new Promise(setImmediate);
    status = (await call('DescribeTable', {})).Table.TableStatus;
  }
}
