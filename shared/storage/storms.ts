import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openStatuses } from '../domain/case/status';
import type { ListedCase } from '../domain/lists/outline';
import { noteOpened, type StormLimit, type StormState } from '../domain/messages/storm';
import type { JoinStorm, Versioned } from '../ports/storage';
import { untilUndisturbed } from '../undisturbed';
import { connectItems, expireAt, hasExpired } from './items';
import { listOutlined } from './outlined-cases';

const partition = 'STORM';
const none: StormState = { opened: [], storms: [] };
const dayMs = 86_400_000;

/** Storms are never forgotten before their end is announced. */
function expiry({ storms }: StormState, now: number) {
  return storms.length > 0 ? {} : expireAt(now + dayMs);
}

/** For respond: which storm a case is in. */
export function connectStorms(tableName: string, limit: StormLimit, client?: DynamoDBClient): JoinStorm {
  const { load, save } = connectItems(tableName, client);
  return {
    join: (behavior, opened) =>
      untilUndisturbed(20, async () => {
        const key = { pk: partition, sk: behavior };
        const stored = await load<StormState>(key);
        const { storm, next } = noteOpened(stored?.value ?? none, opened, limit);
        if (next) await save(key, next, stored?.version ?? 0, expiry(next, opened.at));
        return storm;
      }),
    async covers({ behavior, id }) {
      const stored = await load<StormState>({ pk: partition, sk: behavior });
      return stored?.value.storms.some((storm) => storm.id === id && !storm.over) ?? false;
    },
  };
}

export interface StormList {
  /** What is stored, by behavior. */
  list(): Promise<readonly (Versioned<StormState> & { readonly behavior: string })[]>;
  save(behavior: string, state: StormState, previous: number, now: number): Promise<number>;
  /** All open cases, and those that were closed since. */
  listCases(closedSince: number): Promise<readonly ListedCase[]>;
}

/** The storms of a behavior. */
type StormItem = Versioned<StormState> & { readonly sk: string; readonly expiresAt?: number };

/** For the sweep, which announces storms. */
export function connectStormList(tableName: string, client?: DynamoDBClient): StormList {
  const items = connectItems(tableName, client);

  return {
    async list() {
      const found = await items.queryAll<StormItem>({
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': partition },
      });
      return found
        .filter((item) => !hasExpired(item, Date.now()))
        .map(({ sk, value, version }) => ({ behavior: sk, value, version }));
    },
    save: (behavior, state, previous, now) =>
      items.save({ pk: partition, sk: behavior }, state, previous, expiry(state, now)),
    async listCases(closedSince) {
      const found = await Promise.all([
        ...openStatuses.map((status) => listOutlined(items, status, 0)),
        listOutlined(items, 'closed', closedSince),
      ]);
      return found.flat();
    },
  };
}
