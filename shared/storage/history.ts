import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../domain/case/case';
import type { CaseStatus } from '../domain/case/status';
import { parseThing, type ThingKey } from '../domain/thing-ref';
import type { Clock } from '../ports/runtime';
import { type CaseItem, readCase, readCases, type StoredCases } from './case-item';
import { openClosedCases } from './closed-cases';
import { connectItems, hasExpired } from './items';
import { caseKey, partitionOf, shards } from './keys';
import { readPages } from './read-pages';
import { ofTimeline, openTimelines } from './timelines';

export interface CaseSummary {
  readonly thingName: ThingKey;
  readonly caseId: string;
  readonly severity: string;
  readonly updatedAt: number;
}

/** For people: cases, open and closed, and their timelines. Expired ones are left out. */
export function connectHistory(tableName: string, client?: DynamoDBClient, clock: Clock = Date.now) {
  const items = connectItems(tableName, client, clock);
  const { documents, queryAll } = items;
  const isKept = (item: object) => !hasExpired(item, clock());

  return {
    ...openClosedCases(items, clock),
    ...openTimelines(items, tableName, clock),

    /**
     * Newest change first, at most `limit`, none before `since`. Closed cases stay in the index until their item is deleted.
     */
    async listByStatus(
      status: CaseStatus,
      limit = Number.POSITIVE_INFINITY,
      since = 0,
    ): Promise<CaseSummary[]> {
      const found = await Promise.all(
        Array.from({ length: shards }, (_, shard) =>
          queryAll<CaseSummary>(
            {
              IndexName: 'byStatus',
              KeyConditionExpression: 'statusKey = :key AND updatedAt > :since',
              ExpressionAttributeValues: { ':key': `STATUS#${status}#${shard}`, ':since': since },
              ScanIndexForward: false,
            },
            limit,
          ),
        ),
      );
      return found
        .flat()
        .sort((a, b) => b.updatedAt - a.updatedAt)
        .slice(0, limit);
    },

    /** When a case, or the newest case of a thing, expired (epoch ms), while the table still has its items. */
    async findExpiry(name: ThingKey): Promise<number | undefined> {
      const Key = caseKey(name);
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
      );
      const { Items = [] } = await documents.send(
        new QueryCommand({ TableName: tableName, ...ofTimeline(name), Limit: 1 }),
      );
      const left = [Item, ...Items].find((item) => item && hasExpired(item, clock()));
      return left && left.expiresAt * 1_000;
    },

    /** The open or closed case of an id. */
    async findCase(caseId: string): Promise<Case | undefined> {
      const { Items = [] } = await documents.send(
        new QueryCommand({ TableName: tableName, ...ofTimeline(caseId), Limit: 1 }),
      );
      const thingName = parseThing(Items[0]?.thingName);
      if (!thingName) return undefined;
      const Key = caseKey(thingName);
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
      );
      const newest = Item && isKept(Item) ? (Item as CaseItem) : undefined;
      if (newest?.value?.caseId === caseId) return readCase(newest);
      const closed = await queryAll<CaseItem>({
        KeyConditionExpression: 'pk = :thing AND begins_with(sk, :closed)',
        FilterExpression: 'caseId = :case OR #value.caseId = :case',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: {
          ':thing': partitionOf(thingName),
          ':closed': 'CLOSED#',
          ':case': caseId,
        },
      });
      const found = closed.find(isKept);
      return found && readCase(found);
    },

    /** Every case that changed since then, open or closed. Reads the whole table: for operators, not for functions. */
    async scanCases(since: number): Promise<StoredCases> {
      const found = await readPages<CaseItem>((page) =>
        documents.send(
          new ScanCommand({
            TableName: tableName,
            // Nobody knows when a damaged case changed.
            FilterExpression:
              '(sk = :open OR begins_with(sk, :closed)) AND (#value.updatedAt >= :since OR attribute_not_exists(#value.updatedAt))',
            ExpressionAttributeNames: { '#value': 'value' },
            ExpressionAttributeValues: { ':open': 'CASE', ':closed': 'CLOSED#', ':since': since },
            ...page,
          }),
        ),
      );
      return readCases(found.filter(isKept));
    },
  };
}
