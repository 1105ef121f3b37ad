import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, QueryCommand, type QueryCommandInput, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../domain/case/case';
import type { CaseStatus } from '../domain/case/status';
import { parseThing, type ThingKey } from '../domain/thing-ref';
import type { Clock } from '../ports';
import type { TimelineRow } from '../timeline';
import { readClosedCursor, writeClosedCursor } from './case-cursor';
import { type CaseItem, readCase } from './case-item';
import { connectItems, hasExpired } from './items';
import { caseKey, type ItemKey, partitionOf, shards } from './keys';

/** For people: cases by status, and timelines. Expired ones are left out. */
export function connectHistory(tableName: string, client?: DynamoDBClient, clock: Clock = Date.now) {
  const { documents } = connectItems(tableName, client, clock);

  return {
    /**
     * Newest change first, at most `limit`, none before `since`. Closed cases stay in the index until their item is deleted.
     */
    async listByStatus(status: CaseStatus, limit = Infinity, since = 0): Promise<CaseSummary[]> {
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

    /** Closed cases of a thing, newest first, at most `limit`. */
    async listClosed(thingName: ThingKey, limit = Infinity): Promise<Case[]> {
      const rows = await queryAll<CaseItem>(closedOf(thingName), limit);
      return rows.filter(isKept).map(readCase);
    },

    /** A page of them. Throws CursorError. */
    async pageClosed(thingName: ThingKey, limit: number, cursor?: string): Promise<ClosedPage> {
      const behind = cursor === undefined ? undefined : readClosedCursor(thingName, cursor);
      // One more says whether there is a next page.
      const rows = await queryAll<CaseItem & ItemKey>(
        closedOf(thingName),
        limit + 1,
        behind === undefined ? undefined : { pk: partitionOf(thingName), sk: behind },
      );
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        cases: shown.filter(isKept).map(readCase),
        ...(rows.length > limit && last && { next: writeClosedCursor(thingName, last.sk) }),
      };
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
      const newest = Item && isKept(Item) ? readCase(Item as CaseItem) : undefined;
      if (newest?.caseId === caseId) return newest;
      const rows = await queryAll<CaseItem>({
        KeyConditionExpression: 'pk = :thing AND begins_with(sk, :closed)',
        FilterExpression: 'caseId = :case OR #value.caseId = :case',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: {
          ':thing': partitionOf(thingName),
          ':closed': 'CLOSED#',
          ':case': caseId,
        },
      });
      return rows.filter(isKept).map(readCase)[0];
    },

    /** Every case that changed since then, open or closed. Reads the whole table: for operators, not for functions. */
    async scanCases(since: number): Promise<Case[]> {
      const found: Case[] = [];
      let from: Record<string, unknown> | undefined;
      do {
        const page = await documents.send(
          new ScanCommand({
            TableName: tableName,
            FilterExpression: '(sk = :open OR begins_with(sk, :closed)) AND #value.updatedAt >= :since',
            ExpressionAttributeNames: { '#value': 'value' },
            ExpressionAttributeValues: { ':open': 'CASE', ':closed': 'CLOSED#', ':since': since },
            ExclusiveStartKey: from,
          }),
        );
        found.push(...((page.Items ?? []) as CaseItem[]).filter(isKept).map(readCase));
        from = page.LastEvaluatedKey;
      } while (from);
      return found;
    },

    /** Rows after the named one in one read: at most `limit`, and at most 1 MB. */
    async pageTimeline(caseId: string, limit: number, after?: string): Promise<TimelinePage> {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          ...ofTimeline(caseId),
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: { pk: `CASE#${caseId}`, sk: after } }),
        }),
      );
      return { rows: Items.filter(isKept) as TimelineRow[], more: LastEvaluatedKey !== undefined };
    },

    async readTimeline(caseId: string): Promise<TimelineRow[]> {
      return (await queryAll<TimelineRow>(ofTimeline(caseId))).filter(isKept);
    },
  };

  function isKept(item: object): boolean {
    return !hasExpired(item, clock());
  }

  /**
   * Follows the pages of a query, to its end or until `limit` are found: a page ends at 1 MB (DynamoDB developer guide,
   * "Paginating table query results").
   */
  async function queryAll<T>(
    query: Omit<QueryCommandInput, 'TableName'>,
    limit = Infinity,
    behind?: ItemKey,
  ): Promise<T[]> {
    const found: T[] = [];
    let from: QueryCommandInput['ExclusiveStartKey'] = behind;
    do {
      const page = await documents.send(
        new QueryCommand({
          TableName: tableName,
          ...query,
          ...(Number.isFinite(limit) && { Limit: limit - found.length }),
          ExclusiveStartKey: from,
        }),
      );
      found.push(...((page.Items ?? []) as T[]));
      from = page.LastEvaluatedKey;
    } while (from && found.length < limit);
    return found;
  }
}

function ofTimeline(caseId: string) {
  return {
    KeyConditionExpression: 'pk = :case AND sk BETWEEN :first AND :last',
    // Rows begin with a time; keys of channel states begin with a letter.
    ExpressionAttributeValues: { ':case': `CASE#${caseId}`, ':first': '0', ':last': '9~' },
    // On a replica without the newest row, the timeline would look truncated.
    ConsistentRead: true,
  };
}

function closedOf(thingName: ThingKey) {
  return {
    KeyConditionExpression: 'pk = :thing AND begins_with(sk, :closed)',
    ExpressionAttributeValues: { ':thing': partitionOf(thingName), ':closed': 'CLOSED#' },
    ScanIndexForward: false,
  };
}

export interface ClosedPage {
  /** Newest first. Expired ones are left out, so a page may have fewer than asked for. */
  readonly cases: readonly Case[];
  /** The cursor of the next page; absent at the end of the list. */
  readonly next?: string;
}

export interface TimelinePage {
  readonly rows: readonly TimelineRow[];
  /** Whether there are rows after these. */
  readonly more: boolean;
}

export interface CaseSummary {
  readonly thingName: ThingKey;
  readonly caseId: string;
  readonly severity: string;
  readonly updatedAt: number;
}
