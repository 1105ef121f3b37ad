import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { CaseStatus } from '../domain/case/status';
import type { CaseOutline, ListedCase } from '../domain/lists/outline';
import { noteOpened, type StormLimit, type StormState } from '../domain/messages/storm';
import type { JoinStorm, Versioned } from '../ports';
import { untilUndisturbed } from '../undisturbed';
import { connectItems, expireAt, hasExpired } from './items';
import { shards } from './keys';

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

const statuses: readonly CaseStatus[] = [
  ...(['awaiting-approval', 'containing', 'containment-failed', 'contained', 'releasing'] as const),
  ...(['release-conflict', 'observed', 'closed'] as const),
];

/** For the sweep, which announces storms. */
export function connectStormList(tableName: string, client?: DynamoDBClient): StormList {
  const { documents, save } = connectItems(tableName, client);

  async function readAll(input: object): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({ TableName: tableName, ...input, ExclusiveStartKey: start }),
      );
      found.push(...Items);
      start = LastEvaluatedKey;
    } while (start);
    return found;
  }

  async function readShard(status: CaseStatus, shard: number, since: number): Promise<ListedCase[]> {
    const found = await readAll({
      IndexName: 'caseList',
      KeyConditionExpression: 'statusKey = :key AND updatedAt >= :since',
      ExpressionAttributeValues: { ':key': `STATUS#${status}#${shard}`, ':since': since },
    });
    // An earlier release wrote no outline, and knew no storms.
    return found.flatMap(({ outline, ...row }) => {
      const { thingName, caseId, severity, updatedAt } = row as unknown as ListedCase;
      return outline ? [{ thingName, caseId, status, severity, updatedAt, ...(outline as CaseOutline) }] : [];
    });
  }

  return {
    async list() {
      const found = await readAll({
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': partition },
      });
      return found
        .filter((item) => !hasExpired(item, Date.now()))
        .map(({ sk, value, version }) => ({
          behavior: String(sk),
          value: value as StormState,
          version: Number(version),
        }));
    },
    save: (behavior, state, previous, now) =>
      save({ pk: partition, sk: behavior }, state, previous, expiry(state, now)),
    async listCases(closedSince) {
      const found = await Promise.all(
        statuses.flatMap((status) =>
          Array.from({ length: shards }, (_, shard) =>
            readShard(status, shard, status === 'closed' ? closedSince : 0),
          ),
        ),
      );
      return found.flat();
    },
  };
}
