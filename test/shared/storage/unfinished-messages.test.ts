import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { connectUnfinishedMessages } from '../../../shared/storage/unfinished-messages';
import { mockClient } from '../../mock-client';

const dynamo = mockClient(DynamoDBDocumentClient);
const unfinished = connectUnfinishedMessages('cordon', new DynamoDBClient({ region: 'us-east-1' }));
const now = Date.now();
const conflict = () => new ConditionalCheckFailedException({ message: 'changed', $metadata: {} });
let item: Record<string, unknown> | undefined;

beforeEach(() => {
  item = undefined;
  dynamo.reset();
  dynamo.on(GetCommand).callsFake(() => ({ Item: item }));
  dynamo.on(PutCommand).callsFake(({ Item }) => {
    item = Item;
    return {};
  });
});

describe('the unfinished messages of a sender', () => {
  it('count until they are finished, and a repeated message counts once', async () => {
    for (const id of ['a', 'b', 'b']) await unfinished.begin('sender', id, now);
    expect(await unfinished.count('sender')).toBe(2);

    await unfinished.end('sender', 'a', now);
    expect(await unfinished.count('sender')).toBe(1);
    expect(item).toMatchObject({ pk: 'SENDER#sender', sk: 'BEGUN', value: { messages: ['b'] }, version: 4 });
  });

  it('are forgotten after an hour, and limited to 20', async () => {
    for (let id = 0; id < 30; id += 1) await unfinished.begin('sender', `${id}`, now);
    expect(await unfinished.count('sender')).toBe(20);
    expect(item?.expiresAt).toBe(Math.ceil((now + 3_600_000) / 1_000));

    item = { ...item, expiresAt: Math.floor(now / 1_000) - 1 };
    expect(await unfinished.count('sender')).toBe(0);
  });

  it('are recorded beside those of a concurrent invocation, and recording fails after a limited number of attempts', async () => {
    dynamo.on(PutCommand).rejectsOnce(conflict()).resolves({});
    await unfinished.begin('sender', 'a', now);
    expect(dynamo.commandCalls(PutCommand)).toHaveLength(2);

    dynamo.on(PutCommand).rejects(conflict());
    await expect(unfinished.begin('sender', 'a', now)).rejects.toThrow('changed');
  });
});
