import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type FloodState, listRecent, noteFlood } from '../domain/detection/floods';
import type { Floods } from '../ports/storage';
import { untilUndisturbed } from '../undisturbed';
import { connectItems } from './items';

const key = { pk: 'LIMIT#floods', sk: 'TOLD' };
const none: FloodState = { floods: [] };

export function connectFloods(tableName: string, client?: DynamoDBClient): Floods {
  const { load, save } = connectItems(tableName, client);
  return {
    async reserveNotice(flood, now) {
      // If many instances see the same flood, only one reports it.
      return untilUndisturbed(10, async () => {
        const stored = await load<FloodState>(key);
        const { next, telling } = noteFlood(stored?.value ?? none, flood, now);
        if (telling !== 'not again' || next.floods.length !== stored?.value.floods.length)
          await save(key, next, stored?.version ?? 0);
        return { telling, next };
      });
    },
    list: async (now) => listRecent((await load<FloodState>(key))?.value ?? none, now),
  };
}
