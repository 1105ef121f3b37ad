import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { thingKey } from '../../../shared/domain/thing-ref';
import { VersionConflictError } from '../../../shared/errors';
import { connectTable } from '../../../shared/storage/table';
import { now } from '../../builders';
import { mockClient } from '../../mock-client';

const dynamo = mockClient(DynamoDBDocumentClient);
const client = new DynamoDBClient({ region: 'us-east-1' });
const { fleetLimit } = connectTable('cordon', client);
beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

const conflict = () => new ConditionalCheckFailedException({ message: 'no', $metadata: {} });

const puts = () => dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input);

describe('the fleet limit', () => {
  const reservation = { thingName: thingKey('mything1'), now, limit: 2, windowMs: 1_000 };
  /** The table has as many entries as places, or more: only reading shows which are still taken. */
  const stored = (places: Record<string, number>) => {
    dynamo.on(UpdateCommand).rejects(conflict());
    dynamo.on(GetCommand).resolves({ Item: { value: places, version: 3 } });
  };

  it('grants a place without reading the others while fewer are recorded than permitted', async () => {
    dynamo.on(UpdateCommand).resolves({});

    expect(await fleetLimit.reserve({ ...reservation, limit: 1_000 })).toBe(true);

    expect(dynamo.calls().map(({ args: [{ input }] }) => input)).toEqual([
      expect.objectContaining({
        Key: { pk: 'LIMIT#fleet', sk: 'WINDOW' },
        ConditionExpression: 'size(#value) < :most',
        ExpressionAttributeValues: { ':now': now, ':one': 1, ':most': 100 },
      }),
    ]);
  });

  it.each([
    ['a place is free', { a: now - 10 }, true, { a: now - 10, mything1: now }],
    ['an old place is free again', { a: now - 1_000, b: now - 10 }, true, { b: now - 10, mything1: now }],
    ['the thing has its place', { mything1: now - 10, a: now - 5 }, true, undefined],
    ['every place is taken', { a: now - 10, b: now - 999 }, false, undefined],
  ])('decides if %s', async (_, places, answer, saved) => {
    stored(places);

    expect(await fleetLimit.reserve(reservation)).toBe(answer);
    expect(puts().map(({ Item }) => Item?.value)).toEqual(saved ? [saved] : []);
  });

  it('reads again if another thing took a place at the same time', async () => {
    dynamo.on(UpdateCommand).rejects(conflict());
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { value: { a: now }, version: 3 } })
      .resolves({ Item: { value: { a: now, b: now }, version: 4 } });
    dynamo.on(PutCommand).rejectsOnce(conflict());

    expect(await fleetLimit.reserve(reservation)).toBe(false);
  });

  it('fails, and is retried, if it always loses the race', async () => {
    stored({});
    dynamo.on(PutCommand).rejects(conflict());

    await expect(fleetLimit.reserve(reservation)).rejects.toThrow(VersionConflictError);
  });
});
