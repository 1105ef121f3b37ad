import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Case } from '../domain/case/case';
import type { CaseStatus } from '../domain/case/status';
import { isObject } from '../domain/json';
import { type CaseFilter, matchesFilter } from '../domain/lists/filter';
import { type CaseOutline, type ListedCase, outlineCase } from '../domain/lists/outline';
import { DamagedItemError } from '../errors';
import { type ListPosition, readCursor, type ShardPosition, writeCursor } from './case-cursor';
import { type CaseItem, readCase } from './case-item';
import { connectItems } from './items';
import { caseKey, partitionOf, shards } from './keys';
import { openStatusIndex } from './status-index';

export interface CaseQuery {
  /** The list has them in this order; within one, the newest change is first. */
  readonly statuses: readonly CaseStatus[];
  readonly filter?: CaseFilter | undefined;
  /** Only cases that changed at this time (epoch ms) or later; closed ones: that were closed. */
  readonly since?: number | undefined;
  /** Closed cases of before are no longer kept, though the table may still have them. */
  readonly keptSince?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface CasePage {
  readonly cases: readonly ListedCase[];
  /** The cursor of the next page; absent at the end of the list. */
  readonly next?: string;
  /** How many cases were looked at, which is what a page costs. */
  readonly examined: number;
}

/** Whole cases instead of what lists show of them. */
export interface WholePage extends Omit<CasePage, 'cases'> {
  readonly cases: readonly Case[];
}

/** A page with a filter ends after this many cases, whatever it found. */
const maxExamined = 2_000;

/** Of each shard: 16,000 in all. */
const maxCounted = 2_000;

interface IndexRow extends Omit<ListedCase, keyof CaseOutline | 'status'> {
  readonly sk: string;
  readonly outline?: unknown;
}

interface Found {
  readonly row: IndexRow;
  readonly listed: ListedCase;
}

interface Shard {
  readonly index: number;
  buffer: Found[];
  position: ShardPosition | 'start' | 'end';
  /** Whether the table has nothing behind the buffer. */
  isDrained: boolean;
}

/** What the queries of one status have in common. */
interface StatusQuery {
  readonly status: CaseStatus;
  readonly since: number;
  /** What changed after the last case of the page before is not behind it. */
  readonly until: number;
  readonly limit: number;
}

export type CaseListReader = ReturnType<typeof connectCaseList>;

/** Pages of cases by status, for people. What a page costs does not depend on how many cases there are. */
export function connectCaseList(tableName: string, client?: DynamoDBClient) {
  const { documents, loadAll, loadItems } = connectItems(tableName, client);
  const query = openStatusIndex(documents, tableName);

  /** Throws CursorError. */
  async function page(query: CaseQuery): Promise<CasePage> {
    const { found, ...rest } = await pageFound(query);
    return { cases: found.map(({ listed }) => listed), ...rest };
  }

  /** Likewise, with each case read. One that expired or moved meanwhile is left out. Throws CursorError. */
  async function pageWhole(query: CaseQuery): Promise<WholePage> {
    const { found, ...rest } = await pageFound(query);
    const items = await loadItems(found.map(({ row }) => ({ pk: partitionOf(row.thingName), sk: row.sk })));
    return { cases: items.map((item) => readCase(item as unknown as CaseItem)), ...rest };
  }

  async function pageFound({ statuses, filter = {}, limit, cursor, ...times }: CaseQuery) {
    const query = JSON.stringify([statuses, filter, times.since ?? 0]);
    const since = Math.max(0, times.since ?? 0, times.keptSince ?? 0);
    const from = cursor === undefined ? undefined : readCursor(cursor, query, statuses.length);
    const isFiltered = Object.values(filter).some((part) => part !== undefined);
    const chunk = isFiltered ? 125 : Math.max(5, Math.ceil(limit / 4));
    const found: Found[] = [];
    let examined = 0;
    for (let statusIndex = from?.statusIndex ?? 0; statusIndex < statuses.length; statusIndex += 1) {
      const status = statuses[statusIndex] ?? 'observed';
      const open = openShards(statusIndex === from?.statusIndex ? from : undefined, since);
      const until = findLast(open);
      for (;;) {
        await Promise.all(open.map((shard) => refill(shard, { status, since, until, limit: chunk })));
        const shard = findNewest(open);
        const [first] = shard?.buffer ?? [];
        if (!shard || !first) break;
        if (found.length === limit || examined >= maxExamined) {
          const position = { statusIndex, shards: open.map(({ position: one }) => one) };
          return { found, next: writeCursor(position, query), examined };
        }
        take(shard);
        examined += 1;
        if (matchesFilter(first.listed, filter)) found.push(first);
      }
    }
    return { found, examined };
  }

  /**
   * All cases of the statuses that changed since a time, up to a number of each shard that bounds what it costs, the newest
   * changes of a status first: `isComplete` says whether these are all.
   */
  async function readAll(statuses: readonly CaseStatus[], since = 0) {
    const found = await Promise.all(
      Array.from({ length: shards }, async (_, index) => {
        const rows: ListedCase[] = [];
        for (const status of statuses) {
          const shard: Shard = { index, buffer: [], position: 'start', isDrained: false };
          const whole = { status, since, until: Number.MAX_SAFE_INTEGER };
          while (!shard.isDrained) {
            if (rows.length >= maxCounted) return { rows, isComplete: false };
            await refill(shard, { ...whole, limit: maxCounted - rows.length });
            while (shard.buffer[0]) {
              rows.push(shard.buffer[0].listed);
              take(shard);
            }
          }
        }
        return { rows, isComplete: true };
      }),
    );
    return {
      cases: found.flatMap(({ rows }) => rows),
      isComplete: found.every(({ isComplete }) => isComplete),
    };
  }

  /** Reads on where nothing is left of a shard's last read. */
  async function refill(shard: Shard, { status, since, until, limit }: StatusQuery): Promise<void> {
    if (shard.buffer.length > 0 || shard.isDrained) return;
    const statusKey = `STATUS#${status}#${shard.index}`;
    const { position } = shard;
    const goesOn = typeof position === 'object';
    const { Items = [], LastEvaluatedKey } = await query({
      KeyConditionExpression: 'statusKey = :key AND updatedAt BETWEEN :since AND :until',
      // A start outside of what is asked for is an error.
      ExpressionAttributeValues: {
        ':key': statusKey,
        ':since': since,
        ':until': goesOn ? position.updatedAt : until,
      },
      ScanIndexForward: false,
      Limit: limit,
      ...(goesOn && { ExclusiveStartKey: startBehind(position, statusKey) }),
    });
    shard.buffer = await complete(Items as IndexRow[], status);
    shard.isDrained = LastEvaluatedKey === undefined;
    if (shard.isDrained && shard.buffer.length === 0) shard.position = 'end';
  }

  /**
   * An earlier release wrote no outline: those cases are read. What can't be read is listed nevertheless: one damaged item must
   * not hide the others, nor itself.
   */
  async function complete(rows: readonly IndexRow[], status: CaseStatus): Promise<Shard['buffer']> {
    const bare = rows.filter(({ outline }) => !outline);
    const values =
      bare.length > 0 ? await loadAll(bare.map(({ thingName }) => caseKey(thingName))) : undefined;
    return rows.flatMap((row) => {
      const { thingName, caseId, severity, updatedAt } = row;
      const value = values?.get(partitionOf(thingName)) as CaseItem['value'] | undefined;
      const outline = row.outline ?? (value && outlineStored(value));
      return outline
        ? [
            {
              row,
              listed: {
                thingName,
                caseId,
                status,
                severity,
                updatedAt,
                ...(isOutline(outline) ? outline : writeDamaged(row)),
              },
            },
          ]
        : [];
    });
  }

  return { page, pageWhole, readAll };
}

function outlineStored(value: CaseItem['value']): CaseOutline | 'damaged' {
  try {
    return outlineCase(readCase({ value }));
  } catch (error) {
    if (error instanceof DamagedItemError) return 'damaged';
    throw error;
  }
}

/** What counts and orders cases goes by these fields. */
function isOutline(outline: unknown): outline is CaseOutline {
  return isObject(outline) && typeof outline.openedAt === 'number' && Array.isArray(outline.behaviors);
}

function writeDamaged({ updatedAt }: IndexRow): CaseOutline {
  return { openedAt: updatedAt, behaviors: [], reason: 'its item in the table is damaged' };
}

function openShards(from: ListPosition | undefined, since: number): Shard[] {
  return Array.from({ length: shards }, (_, index) => {
    const known = from?.shards[index] ?? 'start';
    // What is behind it is no longer kept.
    const position = typeof known === 'object' && known.updatedAt < since ? 'end' : known;
    return { index, buffer: [], position, isDrained: position === 'end' };
  });
}

/** The time of the last case that was looked at: shards are read newest first, side by side. */
function findLast(open: readonly Shard[]): number {
  return Math.min(
    Number.MAX_SAFE_INTEGER,
    ...open.flatMap(({ position }) => (typeof position === 'object' ? [position.updatedAt] : [])),
  );
}

function findNewest(open: readonly Shard[]): Shard | undefined {
  return open.reduce<Shard | undefined>((newest, shard) => {
    const [first] = shard.buffer;
    const [best] = newest?.buffer ?? [];
    return first && (!best || first.row.updatedAt > best.row.updatedAt) ? shard : newest;
  }, undefined);
}

function take(shard: Shard): void {
  const taken = shard.buffer.shift();
  if (!taken) return;
  const { updatedAt, thingName, sk } = taken.row;
  const isLast = shard.isDrained && shard.buffer.length === 0;
  shard.position = isLast ? 'end' : { updatedAt, thingName, sk };
}

function startBehind({ updatedAt, thingName, sk }: ShardPosition, statusKey: string) {
  return { statusKey, updatedAt, pk: partitionOf(thingName), sk };
}
