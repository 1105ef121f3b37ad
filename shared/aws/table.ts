import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Case, CaseStatus } from '../domain/case';
import { retryMs } from '../domain/case-life';
import { hasUnfinished } from '../domain/decide';
import { resetAlarms } from '../domain/detection/reset';
import { isRoutine } from '../domain/timers';
import { VersionConflictError } from '../errors';
import type { CaseStore, FleetSize, Reservation } from '../ports';
import { hashRow, type TimelineRow } from '../timeline';
import { openDetectStates } from './detection';
import { caseKey, connectItems, shardOf, shards, writeTime } from './items';

const refusalKey = (thingName: string, requestId: string) => ({
  pk: `THING#${thingName}`,
  sk: `REFUSAL#${requestId}`,
});
const fleetSizeKey = { pk: 'LIMIT#fleet', sk: 'SIZE' };
const fleetNoticeKey = { pk: 'LIMIT#fleet', sk: 'TOLD' };
const rejectionNoticeKey = { pk: 'LIMIT#fleet', sk: 'REJECTED' };
const fleetKey = { pk: 'LIMIT#fleet', sk: 'WINDOW' };
/** Places noted before those whose window is over are cleared away, whatever the limit: they are one item. */
const maxUnread = 100;

export function connectTable(tableName: string, client?: DynamoDBClient) {
  const { documents, load, save, listDue } = connectItems(tableName, client);
  const states = openDetectStates({ load, save, listDue });

  const cases: CaseStore = {
    load: (thingName) => load<Case>(caseKey(thingName)),

    save: (record, previous) => {
      const shard = shardOf(record.thingName);
      return save(caseKey(record.thingName), record, previous, {
        thingName: record.thingName,
        caseId: record.caseId,
        severity: record.severity,
        updatedAt: record.updatedAt,
        statusKey: `STATUS#${record.status}#${shard}`,
        ...indexDue(record, shard),
      });
    },

    async appendTimeline({ caseId, thingName, outbox, timelineHead, timelineSeq }) {
      const { timeline } = outbox;
      const sk = `${writeTime(timeline[0]?.at ?? 0)}#${String(timelineSeq).padStart(6, '0')}`;
      const row = { caseId, thingName, sk, entries: timeline, previousHash: timelineHead };
      const hash = hashRow(row);
      await documents.send(
        new PutCommand({ TableName: tableName, Item: { pk: `CASE#${caseId}`, ...row, hash } }),
      );
      return hash;
    },

    async resetDetection(thingName, now, heldUntil) {
      // The detector may judge the thing at the same time: whoever saves second looks again.
      for (let attempt = 1; ; attempt += 1) {
        const stored = await states.load(thingName);
        if (!stored) return;
        try {
          await states.save(resetAlarms(stored.value, now, heldUntil), stored.version);
          return;
        } catch (error) {
          if (!(error instanceof VersionConflictError) || attempt === 5) throw error;
        }
      }
    },

    async recordRefusal({ thingName, requestId, reason, now }) {
      const expiresAt = Math.floor(now / 1_000) + 86_400;
      const Item = { ...refusalKey(thingName, requestId), reason, expiresAt };
      await documents.send(new PutCommand({ TableName: tableName, Item }));
    },

    async archive(record) {
      const sk = `CLOSED#${writeTime(record.closedAt ?? 0)}#${record.caseId}`;
      const Item = { pk: `THING#${record.thingName}`, sk, value: record };
      await documents.send(new PutCommand({ TableName: tableName, Item }));
    },

    async readFleetSize() {
      return (await load<FleetSize>(fleetSizeKey))?.value;
    },

    async saveFleetSize(value) {
      await documents.send(
        new PutCommand({ TableName: tableName, Item: { ...fleetSizeKey, value, version: 1 } }),
      );
    },

    reserveContainment: (reservation) => reserve(reservation),

    async claimFleetNotice({ caseId, now, windowMs, of }) {
      const Key = of ? rejectionNoticeKey : fleetNoticeKey;
      try {
        await documents.send(
          new UpdateCommand({
            TableName: tableName,
            Key,
            UpdateExpression: 'SET caseId = :case, toldAt = :now',
            ConditionExpression: 'attribute_not_exists(pk) OR toldAt <= :over',
            ExpressionAttributeValues: { ':case': caseId, ':now': now, ':over': now - windowMs },
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const { Item } = await documents.send(
          new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
        );
        return Item?.caseId === caseId;
      }
    },

    listDue: (now, limit) => listDue('DUE', now, limit),
    listRoutine: (now, limit) => listDue('ROUTINE', now, limit),
  };

  /**
   * Takes a place without reading the others, which is possible while fewer are noted than there are: places whose
   * window is over only make it more careful. So things contained at the same time don't stand in each other's way.
   */
  async function reserveUnread({ caseId, now, limit }: Reservation): Promise<boolean> {
    try {
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key: fleetKey,
          UpdateExpression: 'SET #value.#case = :now ADD version :one',
          ConditionExpression: 'size(#value) < :most',
          ExpressionAttributeNames: { '#value': 'value', '#case': caseId },
          ExpressionAttributeValues: { ':now': now, ':one': 1, ':most': Math.min(limit, maxUnread) },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async function reserve(reservation: Reservation): Promise<boolean> {
    if (await reserveUnread(reservation)) return true;
    const { caseId, now, limit, windowMs } = reservation;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const stored = await load<Record<string, number>>(fleetKey);
      const places = Object.fromEntries(
        Object.entries(stored?.value ?? {}).filter(([, at]) => now - at < windowMs),
      );
      if (caseId in places) return true;
      if (Object.keys(places).length >= limit) return false;
      try {
        await save(fleetKey, { ...places, [caseId]: now }, stored?.version ?? 0);
        return true;
      } catch (error) {
        // Another thing took a place at the same time: look again.
        if (!(error instanceof VersionConflictError)) throw error;
      }
    }
    throw new VersionConflictError(fleetKey.pk);
  }

  /** For people: the open cases' names by status, and what happened in a case. */
  const history = {
    /** Newest change first, at most `limit`. */
    async listByStatus(status: CaseStatus, limit = Infinity): Promise<CaseSummary[]> {
      const found = await Promise.all(
        Array.from({ length: shards }, (_, shard) =>
          queryAll<CaseSummary>(
            {
              IndexName: 'byStatus',
              KeyConditionExpression: 'statusKey = :key',
              ExpressionAttributeValues: { ':key': `STATUS#${status}#${shard}` },
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

    /** Why a command was refused; undefined while it wasn't. */
    async readRefusal(thingName: string, requestId: string): Promise<string | undefined> {
      const Key = refusalKey(thingName, requestId);
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
      );
      return Item?.reason as string | undefined;
    },

    /** Closed cases of a thing, newest first, at most `limit`. */
    async listClosed(thingName: string, limit = Infinity): Promise<Case[]> {
      const rows = await queryAll<{ value: Case }>(
        {
          KeyConditionExpression: 'pk = :thing AND begins_with(sk, :closed)',
          ExpressionAttributeValues: { ':thing': `THING#${thingName}`, ':closed': 'CLOSED#' },
          ScanIndexForward: false,
        },
        limit,
      );
      return rows.map(({ value }) => value);
    },

    /** Every case that was touched since, open or closed. Reads the whole table: for an operator, not a function. */
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
        found.push(...(page.Items ?? []).map(({ value }) => value as Case));
        from = page.LastEvaluatedKey;
      } while (from);
      return found;
    },

    /** Rows after the one named, in one read: at most `limit`, and at most 1 MB of them. */
    async pageTimeline(caseId: string, limit: number, after?: string): Promise<TimelinePage> {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          ...ofTimeline(caseId),
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: { pk: `CASE#${caseId}`, sk: after } }),
        }),
      );
      return { rows: Items as TimelineRow[], more: LastEvaluatedKey !== undefined };
    },

    readTimeline: (caseId: string): Promise<TimelineRow[]> => queryAll<TimelineRow>(ofTimeline(caseId)),
  };

  /**
   * Follows the pages of a query, to its end or until `limit` are found: a page ends at 1 MB (DynamoDB developer guide,
   * "Paginating table query results").
   */
  async function queryAll<T>(query: Omit<QueryCommandInput, 'TableName'>, limit = Infinity): Promise<T[]> {
    const found: T[] = [];
    let from: QueryCommandInput['ExclusiveStartKey'];
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

  return { cases, history };
}

function ofTimeline(caseId: string) {
  return {
    KeyConditionExpression: 'pk = :case AND sk BETWEEN :first AND :last',
    // Rows begin with a time; the Slack thread of the case has a key of its own.
    ExpressionAttributeValues: { ':case': `CASE#${caseId}`, ':first': '0', ':last': '9~' },
    // A replica that lacks the newest row would look like one cut off.
    ConsistentRead: true,
  };
}

export interface TimelinePage {
  readonly rows: readonly TimelineRow[];
  /** Whether there are rows after these. */
  readonly more: boolean;
}

export interface CaseSummary {
  readonly thingName: string;
  readonly caseId: string;
  readonly severity: string;
  readonly updatedAt: number;
}

/** What a case still owes is due within a minute, whatever else it waits for: the sweep has it sent. */
function indexDue(record: Case, shard: number) {
  const owedAt = hasUnfinished(record) ? record.updatedAt + retryMs : Infinity;
  const dueAt = Math.min(record.dueAt ?? Infinity, owedAt);
  const kind = isRoutine(record) && owedAt === Infinity ? 'ROUTINE' : 'DUE';
  return Number.isFinite(dueAt) ? { dueKey: `${kind}#${shard}`, dueAt } : {};
}
