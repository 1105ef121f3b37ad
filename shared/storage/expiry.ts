import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { dateKeeping, findKeptUntil } from '../domain/case/keeping';
import type { ThingKey } from '../domain/thing-ref';
import type { Clock } from '../ports/runtime';
import { readCases } from './case-item';
import { connectItems, expireAt } from './items';
import { closedIdOf, type ItemKey, isTimelineRow, partitionOf } from './keys';

/** Rows of a closed case that get their expiry concurrently. */
const updatesAtOnce = 25;
/** Earlier cases of a thing that are checked, and get an expiry, when a case is closed. */
const lookedAtEarlier = 50;
const datedEarlier = 3;
/** A case that would already have expired is kept for another month, so people can export it. */
const timeToExport = 30 * 86_400_000;

/** Sets the expiry of closed cases: of their timelines, of channel states, and of earlier cases of the same thing. */
export function connectExpiry(
  tableName: string,
  client: DynamoDBClient | undefined,
  keepClosedMs: number,
  clock: Clock,
) {
  const { documents } = connectItems(tableName, client, clock);
  return { dateHistory, dateEarlier };

  /** Sets the expiry of a closed case's timeline and channel states. Continues an interrupted run. */
  async function dateHistory(caseId: string, keptUntil: number): Promise<void> {
    const { expiresAt } = expireAt(keptUntil);
    let from: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :case',
          FilterExpression: 'attribute_not_exists(expiresAt) OR expiresAt <> :expiresAt',
          ProjectionExpression: 'pk, sk',
          ExpressionAttributeValues: { ':case': `CASE#${caseId}`, ':expiresAt': expiresAt },
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      for (let start = 0; start < Items.length; start += updatesAtOnce)
        await Promise.all(
          Items.slice(start, start + updatesAtOnce).map(({ pk, sk }) =>
            isTimelineRow(sk) ? dateRow({ pk, sk }, keptUntil) : dateShown({ pk, sk }, keptUntil),
          ),
        );
      from = LastEvaluatedKey;
    } while (from);
  }

  async function dateRow(Key: ItemKey, keptUntil: number): Promise<void> {
    await documents.send(
      new UpdateCommand({
        TableName: tableName,
        Key,
        UpdateExpression: 'SET expiresAt = :expiresAt',
        ExpressionAttributeValues: { ':expiresAt': expireAt(keptUntil).expiresAt },
      }),
    );
  }

  /**
   * Sets the expiry of a thing's earlier cases that were closed by a Cordon without one: a few with each closed case, oldest
   * first, because each may have hundreds of rows.
   */
  async function dateEarlier(thingName: ThingKey): Promise<void> {
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'pk = :thing AND begins_with(sk, :closed)',
        FilterExpression: 'attribute_not_exists(expiresAt)',
        ExpressionAttributeValues: { ':thing': partitionOf(thingName), ':closed': 'CLOSED#' },
        Limit: lookedAtEarlier,
      }),
    );
    for (const item of Items.slice(0, datedEarlier)) {
      const Key = { pk: item.pk, sk: item.sk };
      const [record] = readCases([item]).cases;
      if (!record) {
        await dateDamaged(Key);
        continue;
      }
      const dated = record.status === 'closed' ? dateKeeping(record, keepClosedMs) : record;
      const until = Math.max(findKeptUntil(dated) ?? Infinity, clock() + timeToExport);
      await dateHistory(record.caseId, until);
      // Last, so an interrupted run is found again.
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key,
          UpdateExpression: 'SET #value.keptUntil = :until, expiresAt = :expiresAt',
          ExpressionAttributeNames: { '#value': 'value' },
          ExpressionAttributeValues: { ':until': until, ':expiresAt': expireAt(until).expiresAt },
        }),
      );
    }
  }

  /** A case that can't be read is kept as if it closed now: it must not stop the closing of the next case of its thing. */
  async function dateDamaged(Key: ItemKey): Promise<void> {
    const until = clock() + keepClosedMs;
    await dateHistory(closedIdOf(Key.sk), until);
    await dateRow(Key, until);
  }

  /** Writes a new version, so a concurrent update by the channel keeps this value. */
  async function dateShown(Key: ItemKey, keptUntil: number): Promise<void> {
    try {
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key,
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
      // Deleted since it was found.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
