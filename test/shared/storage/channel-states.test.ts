import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { connectChannelStates } from '../../../shared/storage/channel-states';
import { anAnnouncement } from '../../functions/notify/announcements';
import { mockClient } from '../../mock-client';

const dynamo = mockClient(DynamoDBDocumentClient);
const states = connectChannelStates<{ channel: string; ts: string }, object>({
  name: 'slack',
  tableName: 'cordon',
  client: new DynamoDBClient({ region: 'us-east-1' }),
});

beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

describe('the state of a notify channel', () => {
  it('has its own key and version, and an entry in the due index only while something waits', async () => {
    const shown = { place: { channel: 'C1', ts: '1' }, lastSeq: 3 };

    await states.save('case-1', shown, 0);
    await states.save('case-1', { ...shown, dueAt: 7 }, 1);
    await states.saveTurn({ until: 5, asked: [], memory: {} }, 0);

    const items = dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input.Item);
    expect(items).toEqual([
      {
        pk: 'CASE#case-1',
        sk: 'SLACK',
        value: { channel: 'C1', ts: '1', lastSeq: 3 },
        version: 1,
        schema: 1,
      },
      expect.objectContaining({ pk: 'CASE#case-1', sk: 'SLACK', version: 2, dueKey: 'SLACK#0', dueAt: 7 }),
      expect.objectContaining({ pk: 'SLACK', sk: 'TURN', version: 1 }),
    ]);
  });

  it('can be found in the due index, oldest first', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [{ pk: 'CASE#case-2' }, { pk: 'CASE#case-1' }] });

    expect(await states.listDue(9, 2)).toEqual(['case-2', 'case-1']);
    expect(dynamo.commandCalls(QueryCommand)[0]?.args[0].input).toMatchObject({
      IndexName: 'byDue',
      ExpressionAttributeValues: { ':channel': 'SLACK#0', ':now': 9 },
      Limit: 2,
    });
  });

  it('can be read as a release wrote it that had only Slack, and keeps that shape', async () => {
    const item = { channel: 'C1', ts: '1', again: true, lastSeq: 3, keptUntil: 9, newest: anAnnouncement() };
    dynamo.on(GetCommand).resolves({ Item: { value: item, version: 4, schema: 1 } });

    const stored = await states.load('case-1');
    expect(stored).toEqual({
      value: {
        place: { channel: 'C1', ts: '1', again: true },
        lastSeq: 3,
        keptUntil: 9,
        newest: anAnnouncement(),
      },
      version: 4,
    });
    if (stored) await states.save('case-1', stored.value, stored.version);

    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item).toMatchObject({
      pk: 'CASE#case-1',
      sk: 'SLACK',
      value: item,
    });
  });

  it('includes the turn of that release', async () => {
    const turn = { until: 5, asked: ['case-1'], channel: { name: '#iot-security', id: 'C1' } };
    dynamo.on(GetCommand).resolves({ Item: { value: turn, version: 4, schema: 1 } });

    const stored = await states.loadTurn();
    expect(stored?.value).toEqual({
      until: 5,
      asked: ['case-1'],
      memory: { channel: { name: '#iot-security', id: 'C1' } },
    });
    if (stored) await states.saveTurn(stored.value, stored.version);

    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item?.value).toEqual(turn);
  });

  it('has separate keys for each channel', async () => {
    const others = connectChannelStates({
      name: 'teams',
      tableName: 'cordon',
      client: new DynamoDBClient({ region: 'us-east-1' }),
    });

    await others.save('case-1', { place: {}, lastSeq: 0, dueAt: 7 }, 0);
    await others.saveTurn({ until: 5, asked: [], memory: {} }, 0);

    expect(dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input.Item)).toMatchObject([
      { pk: 'CASE#case-1', sk: 'TEAMS', dueKey: 'TEAMS#0', value: { lastSeq: 0, dueAt: 7 } },
      { pk: 'TEAMS', sk: 'TURN' },
    ]);
  });
});
