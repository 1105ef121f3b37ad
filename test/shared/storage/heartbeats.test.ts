import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { connectHeartbeats } from '../../../shared/storage/heartbeats';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const dynamo = mockClient(DynamoDBDocumentClient);
const heartbeats = connectHeartbeats('cordon', new DynamoDBClient({ region: 'us-east-1' }));
const heartbeat = { sentAt: 1, takenAt: 2, arrivedAt: 3, announcedAt: 4 };

beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

describe('the stored heartbeat', () => {
  it('is one item, which the next one replaces unless it was sent earlier', async () => {
    await heartbeats.record(heartbeat);
    await heartbeats.record({ ...heartbeat, sentAt: 9 });

    expect(dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input)).toMatchObject(
      [1, 9].map((sentAt) => ({
        Item: { pk: 'HEARTBEAT', sk: 'NEWEST', value: { sentAt } },
        ConditionExpression: 'attribute_not_exists(pk) OR #value.sentAt < :sent',
        ExpressionAttributeValues: { ':sent': sentAt },
      })),
    );
  });

  it('is not replaced by an older one that comes later, and fails if the table fails', async () => {
    dynamo.on(PutCommand).rejectsOnce(new ConditionalCheckFailedException({ message: '', $metadata: {} }));
    await heartbeats.record(heartbeat);

    dynamo.on(PutCommand).rejects(awsError('ThrottlingException'));
    await expect(heartbeats.record(heartbeat)).rejects.toThrow();
  });

  it('is undefined before the first', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({})
      .resolves({ Item: { value: heartbeat, version: 1 } });

    expect(await heartbeats.read()).toBeUndefined();
    expect(await heartbeats.read()).toEqual(heartbeat);
  });
});
