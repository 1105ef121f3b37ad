import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type FloodState, listRecent, noteFlood } from '../domain/floods';
import { VersionConflictError } from '../errors';
import type { Floods } from '../ports';
import { connectItems } from './items';

const key = { pk: 'LIMIT#floods', sk: 'TOLD' };
const none: FloodState = { floods: [] };

export function connectFloods(tableName: string, client?: DynamoDBClient): Floods {
  const { load, save } = connectItems(tableName, client);
  return {
    async claim(flood, now) {
      // Of many instances that see the same flood at once, one tells of it.
      for (let attempt = 1; ; attempt += 1) {
        const stored = await load<FloodState>(key);
        const { next, telling } = noteFlood(stored?.value ?? none, flood, now);
        if (telling === 'not again' && next.floods.length === stored?.value.floods.length)
          return { telling, next };
        try {
          await save(key, next, stored?.version ?? 0);
          return { telling, next };
        } catch (error) {
          if (!(error instanceof VersionConflictError) || attempt === 10) throw error;
        }
      }
    },
    list: async (now) => listRecent((await load<FloodState>(key))?.value ?? none, now),
  };
}
