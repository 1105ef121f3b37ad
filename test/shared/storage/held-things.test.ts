import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { connectHeldThings } from '../../../shared/storage/held-things';
import { mockClient } from '../../mock-client';

const dynamo = mockClient(DynamoDBDocumentClient);
const { find } = connectHeldThings('cordon', new DynamoDBClient({ region: 'us-east-1' }));
const certificateId = 'a'.repeat(64);

beforeEach(() => dynamo.reset());

describe('held things', () => {
  it('cannot be misread if a newer Cordon wrote a case in another shape', async () => {
    const item = { pk: 'THING#mything1', sk: 'CASE', schema: 3, value: {} };
    dynamo.on(BatchGetCommand).resolves({ Responses: { cordon: [item] } });

    await expect(find('mything1', undefined)).rejects.toThrow('THING#mything1/CASE has schema 3');
  });

  it('are requested again if the table had no capacity for all of them', async () => {
    const UnprocessedKeys = { cordon: { Keys: [{ pk: 'THING#mything1', sk: 'CASE' }] } };
    dynamo.on(BatchGetCommand).resolves({ Responses: {}, UnprocessedKeys });

    await expect(find('mything1', undefined)).rejects.toThrow('no capacity');
  });

  it('are read to the end though one answer has no room for all of them', async () => {
    const Keys = [{ pk: 'THING#b', sk: 'CASE' }];
    const hold = { pk: `HOLD#denied/${certificateId}`, sk: 'HOLD', value: { holders: ['a', 'b'] } };
    const item = (name: string) => ({ pk: `THING#${name}`, sk: 'CASE', schema: 3, value: {} });
    dynamo
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: { cordon: [hold] } })
      .resolvesOnce({
        Responses: { cordon: [{ ...item('a'), schema: 1 }] },
        UnprocessedKeys: { cordon: { Keys } },
      })
      .resolvesOnce({ Responses: { cordon: [item('b')] } });

    await expect(find('any id', certificateId)).rejects.toThrow('THING#b/CASE has schema 3');

    expect(dynamo.commandCalls(BatchGetCommand).at(-1)?.args[0].input.RequestItems).toEqual({
      cordon: { Keys, ConsistentRead: true },
    });
  });

  it('are read a hundred at a time, until all are read', async () => {
    const holders = Array.from({ length: 250 }, (_, index) => `thing${index}`);
    const hold = { pk: `HOLD#denied/${certificateId}`, sk: 'HOLD', value: { holders } };
    dynamo
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: { cordon: [hold] } })
      .resolves({ Responses: {} });

    await find('any id', certificateId);

    const sizes = dynamo
      .commandCalls(BatchGetCommand)
      .map(({ args }) => args[0].input.RequestItems?.cordon?.Keys?.length);
    expect(sizes).toEqual([3, 100, 100, 50]);
  });
});
