import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Refusal } from '../domain/case/reasons';
import { describeRefusal } from '../domain/messages/describe-reason';
import type { Clock } from '../ports/runtime';
import type { Refusals } from '../ports/storage';
import { connectItems, expireAt, hasExpired } from './items';
import { refusalKey } from './keys';

const keptMs = 86_400_000;

export function connectRefusals(
  tableName: string,
  client?: DynamoDBClient,
  clock: Clock = Date.now,
): Refusals {
  const { documents } = connectItems(tableName, client, clock);
  return {
    async record({ thingName, requestId, refusal, now }) {
      const words = { reason: describeRefusal(refusal), refusal };
      const Item = { ...refusalKey(thingName, requestId), ...words, ...expireAt(now + keptMs) };
      await documents.send(new PutCommand({ TableName: tableName, Item }));
    },

    async read(thingName, requestId) {
      const Key = refusalKey(thingName, requestId);
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
      );
      if (!Item || hasExpired(Item, clock())) return undefined;
      // An earlier release wrote words alone.
      return (Item.refusal as Refusal | undefined) ?? { code: 'text', text: Item.reason as string };
    },
  };
}
