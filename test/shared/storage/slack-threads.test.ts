import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { connectSlackStates } from '../../../shared/storage/slack-threads';

const dynamo = mockClient(DynamoDBDocumentClient);
const states = connectSlackStates('cordon', new DynamoDBClient({ region: 'us-east-1' }));

beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

describe('what notify remembers', () => {
  it('has a key of its own, a version, and a place in the due index only while something waits', async () => {
    const shown = { channel: 'C1', ts: '1', lastSeq: 3 };

    await states.save('case-1', shown, 0);
    await states.save('case-1', { ...shown, dueAt: 7 }, 1);
    await states.saveTurn({ until: 5, asked: [] }, 0);

    const items = dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input.Item);
    expect(items).toEqual([
      { pk: 'CASE#case-1', sk: 'SLACK', value: shown, version: 1, schema: 1 },
      expect.objectContaining({ pk: 'CASE#case-1', sk: 'SLACK', version: 2, dueKey: 'SLACK#0', dueAt: 7 }),
      expect.objectContaining({ pk: 'SLACK', sk: 'TURN', version: 1 }),
    ]);
  });

  it('is found by the due index, oldest first', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [{ pk: 'CASE#case-2' }, { pk: 'CASE#case-1' }] });

    expect(await states.listDue(9, 2)).toEqual(['case-2', 'case-1']);
    expect(dynamo.commandCalls(QueryCommand)[0]?.args[0].input).toMatchObject({
      IndexName: 'byDue',
      ExpressionAttributeValues: { ':slack': 'SLACK#0', ':now': 9 },
      Limit: 2,
    });
  });
});
