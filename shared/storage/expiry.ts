import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../domain/case/case';
import { dateKeeping } from '../domain/case/keeping';
import type { Clock } from '../ports';
import { connectItems, expireAt, type ItemKey, isTimelineRow } from './items';

/** Rows of a closed case that are dated at once. */
const updatesAtOnce = 25;
/** Earlier cases of a thing that are looked at, and dated, with each that is closed. */
const lookedAtEarlier = 50;
const datedEarlier = 3;
/** What would have expired before it was dated is kept for a month, in which people may export it. */
const timeToExport = 30 * 86_400_000;

/** Dates what is kept of closed cases: their timelines, what channels showed, and earlier cases of the same thing. */
export function connectExpiry(
  tableName: string,
  client: DynamoDBClient | undefined,
  keepClosedMs: number,
  clock: Clock,
) {
  const { documents } = connectItems(tableName, client, clock);
  return { dateHistory, dateEarlier };

  /** Has the timeline of a closed case expire with it, and what channels showed of it. Goes on where it ended before. */
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

  /** Under a new version, so that the channel, which may be at work on it, keeps what is written here. */
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
