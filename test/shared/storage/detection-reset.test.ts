import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { thingKey } from '../../../shared/domain/thing-ref';
import { connectDetectionReset } from '../../../shared/storage/detection-reset';
import { now } from '../../builders';
import { mockClient } from '../../mock-client';

const dynamo = mockClient(DynamoDBDocumentClient);
const client = new DynamoDBClient({ region: 'us-east-1' });
const detection = connectDetectionReset('cordon', client);
beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

const conflict = () => new ConditionalCheckFailedException({ message: 'no', $metadata: {} });

const puts = () => dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input);

describe('the detector’s state of a thing whose case is closed', () => {
  const state = {
    ...{
      schema: 1,
      thingName: thingKey('mything1'),
      lastReportId: 7,
      lastReceivedAt: now,
      presence: { seen: [] },
    },
    behaviors: { 'p/b': { bad: 1, good: 0, violationId: 'v', recent: [now] } },
  };

  it('is reset under its version, and again if the detector saved in between', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { value: state, version: 3 } })
      .resolves({ Item: { value: state, version: 4 } });
    dynamo.on(PutCommand).rejectsOnce(conflict()).resolves({});

    await detection.reset(thingKey('mything1'), now + 5, now);

    expect(puts()[1]).toMatchObject({
      Item: {
        ...{ pk: 'THING#mything1', sk: 'DETECT', version: 5 },
        value: {
          ...state,
          behaviors: { 'p/b': { bad: 0, good: 0, recent: [now] } },
          heldUntil: now,
        },
      },
      ExpressionAttributeValues: { ':previous': 4 },
    });
  });

  it('is not created if the thing never reported', async () => {
    dynamo.on(GetCommand).resolves({});

    await detection.reset(thingKey('mything1'), now);

    expect(puts()).toEqual([]);
  });
});
