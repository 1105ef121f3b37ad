import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../domain/case/case';
import { dateKeeping, findMemoryEnd } from '../domain/case/keeping';
import { retryMs } from '../domain/case/lifecycle';
import { findDueKind } from '../domain/case/timers';
import { hasUnfinished } from '../domain/decide/decide';
import { resetAlarms } from '../domain/detection/reset';
import { VersionConflictError } from '../errors';
import type { CaseStore, Clock, FleetSize, Reservation } from '../ports';
import { hashRow } from '../timeline';
import { untilUndisturbed } from '../undisturbed';
import { openDetectStates } from './detection';
import { caseKey, connectItems, expireAt, refusalKey, shardOf, slackKey, writeTime } from './items';
import { connectHistory, ofTimeline } from './timeline';

const fleetSizeKey = { pk: 'LIMIT#fleet', sk: 'SIZE' };
const fleetNoticeKey = { pk: 'LIMIT#fleet', sk: 'TOLD' };
const rejectionNoticeKey = { pk: 'LIMIT#fleet', sk: 'REJECTED' };
const fleetKey = { pk: 'LIMIT#fleet', sk: 'WINDOW' };
/** Places noted before those whose window is over are cleared away, whatever the limit: they are one item. */
const maxUnread = 100;
/** Rows of a closed case that are dated at once. */
const updatesAtOnce = 25;
/** Earlier cases of a thing that are looked at, and dated, with each that is closed. */
const lookedAtEarlier = 50;
const datedEarlier = 3;
/** What would have expired before it was dated is kept for a month, in which people may export it. */
const timeToExport = 30 * 86_400_000;

interface TableOptions {
  /** How long a closed case is kept; only who closes cases has to say. */
  readonly keepClosedMs?: number;
  readonly clock?: Clock;
}

/** Cases, and for people what happened in them. */
export function connectTable(tableName: string, client?: DynamoDBClient, options: TableOptions = {}) {
  return {
    cases: connectCases(tableName, client, options),
    history: connectHistory(tableName, client, options.clock),
  };
}

/** Cases alone, for functions that write them: what only people read is no part of their bundles. */
export function connectCases(
  tableName: string,
  client?: DynamoDBClient,
  { keepClosedMs = Infinity, clock = Date.now }: TableOptions = {},
): CaseStore {
  const { documents, load, save, listDue } = connectItems(tableName, client, clock);
  const states = openDetectStates({ load, save, listDue });

  const cases: CaseStore = {
    load: (thingName) => load<Case>(caseKey(thingName)),

    save: (given, previous) => {
      const record = dateKeeping(given, keepClosedMs);
      const shard = shardOf(record.thingName);
      return save(caseKey(record.thingName), record, previous, {
        thingName: record.thingName,
        caseId: record.caseId,
        severity: record.severity,
        updatedAt: record.updatedAt,
        statusKey: `STATUS#${record.status}#${shard}`,
        ...indexDue(record, shard),
        ...expireAt(findMemoryEnd(record)),
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
      await untilUndisturbed(5, async () => {
        const stored = await states.load(thingName);
        if (stored) await states.save(resetAlarms(stored.value, now, heldUntil), stored.version);
      });
    },

    async recordRefusal({ thingName, requestId, reason, now }) {
      const Item = { ...refusalKey(thingName, requestId), reason, ...expireAt(now + 86_400_000) };
      await documents.send(new PutCommand({ TableName: tableName, Item }));
    },

    async archive(given) {
      const record = dateKeeping(given, keepClosedMs);
      const sk = `CLOSED#${writeTime(record.closedAt ?? 0)}#${record.caseId}`;
      const Item = { pk: `THING#${record.thingName}`, sk, value: record, ...expireAt(record.keptUntil) };
      await documents.send(new PutCommand({ TableName: tableName, Item }));
      if (record.keptUntil === undefined) return;
      await dateHistory(record.caseId, record.keptUntil);
      await dateEarlier(record.thingName);
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
    listRetries: (now, limit) => listDue('RETRY', now, limit),
    listRoutine: (now, limit) => listDue('ROUTINE', now, limit),
  };

  /** Has the timeline of a closed case expire with it, and what Slack showed of it. Goes on where it ended before. */
  async function dateHistory(caseId: string, keptUntil: number): Promise<void> {
    const { expiresAt } = expireAt(keptUntil);
    const timeline = ofTimeline(caseId);
    let from: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          ...timeline,
          FilterExpression: 'attribute_not_exists(expiresAt) OR expiresAt <> :expiresAt',
          ProjectionExpression: 'pk, sk',
          ExpressionAttributeValues: { ...timeline.ExpressionAttributeValues, ':expiresAt': expiresAt },
          ExclusiveStartKey: from,
        }),
      );
      for (let start = 0; start < Items.length; start += updatesAtOnce)
        await Promise.all(
          Items.slice(start, start + updatesAtOnce).map(({ pk, sk }) =>
            documents.send(
              new UpdateCommand({
                TableName: tableName,
                Key: { pk, sk },
                UpdateExpression: 'SET expiresAt = :expiresAt',
                ExpressionAttributeValues: { ':expiresAt': expiresAt },
              }),
            ),
          ),
        );
      from = LastEvaluatedKey;
    } while (from);
    await dateSlack(caseId, keptUntil);
  }

  /**
   * Gives earlier cases of a thing, which a Cordon closed that gave them no time, theirs: a few with each case that is
   * closed, the oldest first, since each may have hundreds of rows.
   */
  async function dateEarlier(thingName: string): Promise<void> {
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'pk = :thing AND begins_with(sk, :closed)',
        FilterExpression: 'attribute_not_exists(expiresAt)',
        ExpressionAttributeValues: { ':thing': `THING#${thingName}`, ':closed': 'CLOSED#' },
        Limit: lookedAtEarlier,
      }),
    );
    for (const { pk, sk, value } of Items.slice(0, datedEarlier)) {
      const { keptUntil = Infinity } = dateKeeping(value as Case, keepClosedMs);
      const until = Math.max(keptUntil, clock() + timeToExport);
      await dateHistory(value.caseId, until);
      // Last, so that what a crash cuts off is found again.
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { pk, sk },
          UpdateExpression: 'SET #value.keptUntil = :until, expiresAt = :expiresAt',
          ExpressionAttributeNames: { '#value': 'value' },
          ExpressionAttributeValues: { ':until': until, ':expiresAt': expireAt(until).expiresAt },
        }),
      );
    }
  }

  /** Under a new version, so that notify, which may be at work on it, keeps what is written here. */
  async function dateSlack(caseId: string, keptUntil: number): Promise<void> {
    try {
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key: slackKey(caseId),
          UpdateExpression: 'SET #value.keptUntil = :keptUntil, expiresAt = :expiresAt ADD version :one',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: { '#value': 'value' },
          ExpressionAttributeValues: {
            ':keptUntil': keptUntil,
            ':expiresAt': expireAt(keptUntil).expiresAt,
            ':one': 1,
          },
        }),
      );
    } catch (error) {
      // Slack was told nothing of this case so far.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /**
   * Takes a place without reading the others, which is possible while fewer are noted than there are: places whose
   * window is over only make it more careful. So things contained at the same time don't stand in each other's way.
   */
  async function reserveUnread({ thingName, now, limit }: Reservation): Promise<boolean> {
    try {
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key: fleetKey,
          UpdateExpression: 'SET #value.#thing = :now ADD version :one',
          ConditionExpression: 'size(#value) < :most',
          ExpressionAttributeNames: { '#value': 'value', '#thing': thingName },
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
    const { thingName, now, limit, windowMs } = reservation;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const stored = await load<Record<string, number>>(fleetKey);
      const places = Object.fromEntries(
        Object.entries(stored?.value ?? {}).filter(([, at]) => now - at < windowMs),
      );
      if (Object.hasOwn(places, thingName)) return true;
      if (Object.keys(places).length >= limit) return false;
      try {
        await save(fleetKey, { ...places, [thingName]: now }, stored?.version ?? 0);
        return true;
      } catch (error) {
        // Another thing took a place at the same time: look again.
        if (!(error instanceof VersionConflictError)) throw error;
      }
    }
    throw new VersionConflictError(fleetKey.pk);
  }

  return cases;
}

/** What a case still owes is due within a minute, whatever else it waits for: the sweep has it sent. */
function indexDue(record: Case, shard: number) {
  const owedAt = hasUnfinished(record) ? record.updatedAt + retryMs : Infinity;
  const dueAt = Math.min(record.dueAt ?? Infinity, owedAt);
  const kind = owedAt === Infinity ? findDueKind(record) : 'DUE';
  return Number.isFinite(dueAt) ? { dueKey: `${kind}#${shard}`, dueAt } : {};
}
