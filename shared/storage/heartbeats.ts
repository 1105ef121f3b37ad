import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Heartbeat } from '../domain/heartbeat';
import type { Heartbeats } from '../ports/storage';
import { connectItems } from './items';

/** The only item: each heartbeat replaces the one before. */
const key = { pk: 'HEARTBEAT', sk: 'NEWEST' };

export function connectHeartbeats(tableName: string, client?: DynamoDBClient): Heartbeats {
  const { documents, load } = connectItems(tableName, client);
  return {
    async record(value) {
      try {
        await documents.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...key, value, version: 1 },
            ConditionExpression: 'attribute_not_exists(pk) OR #value.sentAt < :sent',
            ExpressionAttributeNames: { '#value': 'value' },
            ExpressionAttributeValues: { ':sent': value.sentAt },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
    read: async () => (await load<Heartbeat>(key))?.value,
  };
}
