import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type ClientUser, followUser, isNews, keepNewest } from '../domain/case/client-ids';
import type { ClientIds } from '../ports/storage';
import { untilUndisturbed } from '../undisturbed';
import { connectItems, hasExpired } from './items';

const userKey = (clientId: string) => ({ pk: `CLIENT#${clientId}`, sk: 'USER' });
/** One item for each id, because the ids of a fleet that shares a certificate arrive at the same time. */
const heardKey = (certificateId: string, clientId = '') => ({
  pk: `CERTIFICATE#${certificateId}`,
  sk: `CLIENT#${clientId}`,
});
/** Longer than a session is believed to last. */
const keptMs = 400 * 86_400_000;

export function connectClientIds(tableName: string, client?: DynamoDBClient): ClientIds {
  const { documents, load, save } = connectItems(tableName, client);

  return {
    async list(certificateId) {
      const { pk, sk } = heardKey(certificateId);
      // One page has thousands of ids. No single device has more, and a fleet is not cut for one of them.
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
          ConsistentRead: true,
        }),
      );
      const heard = Items.filter((item) => !hasExpired(item, Date.now()));
      return keepNewest(
        heard.map((item) => ({ clientId: String(item.sk).slice(sk.length), at: Number(item.heardAt) })),
        LastEvaluatedKey !== undefined,
      );
    },

    async findUser(clientId) {
      return (await load<ClientUser>(userKey(clientId)))?.value;
    },

    async recordConnect(clientId, connect) {
      const { certificateId, at } = connect;
      const expiresAt = Math.floor((at + keptMs) / 1_000);
      let isNoted = certificateId === '';
      await untilUndisturbed(5, async () => {
        const before = await load<ClientUser>(userKey(clientId));
        if (!isNews(before?.value, connect)) return;
        // First, so after a crash in between the id is recorded again.
        if (!isNoted) {
          const Item = { ...heardKey(certificateId, clientId), heardAt: at, expiresAt };
          await documents.send(new PutCommand({ TableName: tableName, Item }));
          isNoted = true;
        }
        const user = followUser(before?.value, connect);
        if (user) await save(userKey(clientId), user, before?.version ?? 0, { expiresAt });
      });
    },
  };
}
