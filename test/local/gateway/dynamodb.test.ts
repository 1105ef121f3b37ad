import { loadAbstractLevel } from '../../../local/gateway/close-iterators';
import { createDynamoDb } from '../../../local/gateway/dynamodb';
import type { ApiRequest } from '../../../local/types';

interface Level {
  attachResource(resource: object): void;
  detachResource(resource: object): void;
}
const { AbstractLevel } = loadAbstractLevel() as { AbstractLevel: { prototype: Level } };

const identity = { accountId: '000000000000', region: 'us-east-1', partition: 'aws' } as const;

describe('the local DynamoDB', () => {
  it('leaves nothing open behind a query, whether it reads to the end or not', async () => {
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
    const call = async (operation: string, input: object) => {
      const { status, body } = await dynamodb.handle({
        ...({ service: 'dynamodb', method: 'POST', path: '/', query: new URLSearchParams() } as ApiRequest),
        headers: { 'x-amz-target': `DynamoDB_20120810.${operation}` },
        body: Buffer.from(JSON.stringify({ TableName: 'cases', ...input })),
      });
      if (status !== 200) throw new Error(operation + String(body));
      return JSON.parse(String(body));
    };
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
});
