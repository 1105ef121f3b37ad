import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CaseStatus } from '../domain/case/status';
import { type CaseFilter, matchesFilter } from '../domain/lists/filter';
import type { ListedCase } from '../domain/lists/outline';
import { readCursor, type ShardPosition, writeCursor } from './case-cursor';
import { type CaseItem, readCases, type StoredCases } from './case-item';
import { type CaseRow, listRow } from './case-rows';
import { connectItems } from './items';
import { caseKey, partitionOf, shards } from './keys';
import { fill, findLast, findNewest, isUnread, openShards, type Shard, take } from './shard-merge';
import { openStatusIndex } from './status-index';

export interface CaseQuery {
  /** The list has them in this order; within one, the newest change is first. */
  readonly statuses: readonly CaseStatus[];
  readonly filter?: CaseFilter | undefined;
  /** Only cases that changed at this time (epoch ms) or later; closed ones: that were closed. */
  readonly since?: number | undefined;
  /** Cases that were closed before this time have expired, even if the table still has them. */
  readonly keptSince?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface CasePage {
  readonly cases: readonly ListedCase[];
  /** The cursor of the next page; absent at the end of the list. */
  readonly next?: string;
  /** How many cases the query read. They determine the cost of the page. */
  readonly examined: number;
}

/** Whole cases instead of what lists show of them. */
export type WholePage = Omit<CasePage, 'cases'> & StoredCases;

/** A page with a filter ends after this many cases, even if it found none. */
const maxExamined = 2_000;

/** Of each shard: 16,000 in all. */
const maxCounted = 2_000;

interface Found extends ShardPosition {
  readonly listed: ListedCase;
}

/** What the queries of one status have in common. */
interface StatusQuery {
  readonly status: CaseStatus;
  readonly since: number;
  /** A case that changed after the last case of the previous page does not come after it. */
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
    const items = await loadItems(found.map(({ thingName, sk }) => ({ pk: partitionOf(thingName), sk })));
    return { ...readCases(items), ...rest };
  }

  async function pageFound({ statuses, filter = {}, limit, cursor, ...times }: CaseQuery) {
    const query = JSON.stringify([statuses, filter, times.since ?? 0]);
    const since = Math.max(0, times.since ?? 0, times.keptSince ?? 0);
    const from = cursor === undefined ? undefined : readCursor(cursor, query, statuses.length);
    const isFiltered = Object.values(filter).some((part) => part !== undefined);
    const chunk = isFiltered ? 125 : Math.max(5, Math.ceil(limit / 4));
    const found: Found[] = [];
    const isFound = ({ thingName, sk }: Found) =>
      found.some((one) => one.thingName === thingName && one.sk === sk);
    let examined = 0;
    for (let statusIndex = from?.statusIndex ?? 0; statusIndex < statuses.length; statusIndex += 1) {
      const status = statuses[statusIndex] ?? 'observed';
      const open = openShards<Found>(statusIndex === from?.statusIndex ? from.shards : undefined, since);
      const until = findLast(open);
      for (;;) {
        await Promise.all(open.map((shard) => refill(shard, { status, since, until, limit: chunk })));
        const shard = findNewest(open);
        if (!shard) break;
        if (found.length === limit || examined >= maxExamined) {
          const position = { statusIndex, shards: open.map(({ position: one }) => one) };
          return { found, next: writeCursor(position, query), examined };
        }
        const first = take(shard);
        examined += 1;
        // The case may have had an earlier status in the list when that status was read.
        if (first && matchesFilter(first.listed, filter) && !isFound(first)) found.push(first);
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
      Array.from({ length: shards }, (_, index) => readShard(index, statuses, since)),
    );
    return {
      cases: found.flatMap(({ rows }) => rows),
      isComplete: found.every(({ isComplete }) => isComplete),
    };
  }

  async function readShard(index: number, statuses: readonly CaseStatus[], since: number) {
    const rows: ListedCase[] = [];
    /** The rows without those that were read again under a later status. */
    const listOnce = () =>
      statuses.length === 1
        ? rows
        : [...new Map(rows.map((one) => [JSON.stringify([one.thingName, one.caseId]), one])).values()];
    for (const status of statuses) {
      const shard: Shard<Found> = { index, buffer: [], position: 'start', isDrained: false };
      const whole = { status, since, until: Number.MAX_SAFE_INTEGER };
      while (!shard.isDrained) {
        if (rows.length >= maxCounted) return { rows: listOnce(), isComplete: false };
        await refill(shard, { ...whole, limit: maxCounted - rows.length });
        for (let next = take(shard); next; next = take(shard)) rows.push(next.listed);
      }
    }
    return { rows: listOnce(), isComplete: true };
  }

  /** Reads on where nothing is left of a shard's last read. */
  async function refill(shard: Shard<Found>, { status, since, until, limit }: StatusQuery): Promise<void> {
    if (!isUnread(shard)) return;
    const statusKey = `STATUS#${status}#${shard.index}`;
    const { position } = shard;
    const goesOn = typeof position === 'object';
    const { Items = [], LastEvaluatedKey } = await query({
      KeyConditionExpression: 'statusKey = :key AND updatedAt BETWEEN :since AND :until',
      // DynamoDB refuses a start outside the range of the query.
      ExpressionAttributeValues: {
        ':key': statusKey,
        ':since': since,
        ':until': goesOn ? position.updatedAt : until,
      },
      ScanIndexForward: false,
      Limit: limit,
      ...(goesOn && { ExclusiveStartKey: startBehind(position, statusKey) }),
    });
    fill(shard, await list(Items as CaseRow[], status), LastEvaluatedKey === undefined);
  }

  /** What lists show of the rows. An earlier release wrote no outline: those cases are read. */
  async function list(rows: readonly CaseRow[], status: CaseStatus): Promise<Found[]> {
    const bare = rows.filter(({ outline }) => !outline);
    const values =
      bare.length > 0 ? await loadAll(bare.map(({ thingName }) => caseKey(thingName))) : undefined;
    return rows.flatMap((row) => {
      const { updatedAt, thingName, sk } = row;
      const stored = values?.get(partitionOf(thingName)) as CaseItem['value'] | undefined;
      const listed = listRow(row, status, stored);
      return listed ? [{ updatedAt, thingName, sk, listed }] : [];
    });
  }

  return { page, pageWhole, readAll };
}

function startBehind({ updatedAt, thingName, sk }: ShardPosition, statusKey: string) {
  return { statusKey, updatedAt, pk: partitionOf(thingName), sk };
}
