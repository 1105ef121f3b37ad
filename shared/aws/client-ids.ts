import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type ClientUser,
  followUser,
  isNews,
  type KnownClientIds,
  noClientIds,
  withClientId,
} from '../domain/client-ids';
import { VersionConflictError } from '../errors';
import type { ClientIds } from '../ports';
import { connectItems, type ItemKey } from './items';

const userKey = (clientId: string) => ({ pk: `CLIENT#${clientId}`, sk: 'USER' });
const listKey = (certificateId: string) => ({ pk: `CERTIFICATE#${certificateId}`, sk: 'CLIENTS' });
/** Longer than a session is believed to last. */
const keptMs = 400 * 86_400_000;
const maxAttempts = 5;

export function connectClientIds(tableName: string, client?: DynamoDBClient): ClientIds {
  const { load, save } = connectItems(tableName, client);

  /** Changes an item, anew where another did so at the same time; `next` gives undefined where it stays. */
  async function change<T>(key: ItemKey, at: number, next: (before: T | undefined) => T | undefined) {
    for (let attempt = 1; ; attempt += 1) {
      const stored = await load<T>(key);
      const value = next(stored?.value);
      if (value === undefined) return;
      try {
        const expiresAt = Math.floor((at + keptMs) / 1_000);
        await save(key, value, stored?.version ?? 0, { expiresAt });
        return;
      } catch (error) {
        if (!(error instanceof VersionConflictError) || attempt === maxAttempts) throw error;
      }
    }
  }

  return {
    async list(certificateId) {
      return (await load<KnownClientIds>(listKey(certificateId)))?.value ?? noClientIds;
    },

    async findUser(clientId) {
      return (await load<ClientUser>(userKey(clientId)))?.value;
    },

    async hear(clientId, connect) {
      const { certificateId, at } = connect;
      const before = (await load<ClientUser>(userKey(clientId)))?.value;
      if (!isNews(before, connect)) return;
      // First, so that a crash in between has it noted again.
      if (certificateId !== '')
        await change<KnownClientIds>(listKey(certificateId), at, (known = noClientIds) =>
          withClientId(known, clientId),
        );
      await change<ClientUser>(userKey(clientId), at, (user) => followUser(user, connect));
    },
  };
}
