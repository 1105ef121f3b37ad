import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type DynamoDBDocumentClient,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Distribution } from '../domain/detection/percentiles';
import type { Clock } from '../ports/runtime';
import type { Fleet } from '../ports/storage';
import { shardOf, shards } from './keys';

/** A window of the fleet is read during the next one, which is at most an hour. */
const keepWindowsMs = 86_400_000;
const cacheMs = 60_000;
const maxCached = 200;

/** How the values of the fleet are distributed, by metric and window. */
export function openFleet(documents: DynamoDBDocumentClient, tableName: string, clock: Clock): Fleet {
  const cache = new Map<string, { readonly distribution: Distribution; readonly readAt: number }>();
  const windowKey = (metric: string, durationSeconds: number, window: number, shard: number) => ({
    pk: `FLEET#${metric}#${durationSeconds}#${window}#${shard}`,
    sk: 'BINS',
  });

  return {
    /** Each bin is a counter, so reports can be counted concurrently. Eight items share the load. */
    async add(thingName, { metric, durationSeconds, window, bin }) {
      const endsAt = (window + 1) * durationSeconds * 1_000;
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key: windowKey(metric, durationSeconds, window, shardOf(thingName)),
          UpdateExpression: 'SET expiresAt = :expiresAt ADD #bin :one',
          ExpressionAttributeNames: { '#bin': bin },
          ExpressionAttributeValues: { ':one': 1, ':expiresAt': Math.ceil((endsAt + keepWindowsMs) / 1_000) },
        }),
      );
    },

    async read(metric, durationSeconds, window) {
      const name = `${metric}#${durationSeconds}#${window}`;
      const known = cache.get(name);
      if (known && clock() - known.readAt < cacheMs) return known.distribution;
      const keys = Array.from({ length: shards }, (_, shard) =>
        windowKey(metric, durationSeconds, window, shard),
      );
      const distribution = await readShards(keys);
      if (cache.size >= maxCached) cache.clear();
      cache.set(name, { distribution, readAt: clock() });
      return distribution;
    },
  };

  async function readShards(keys: readonly Record<string, string>[]): Promise<Distribution> {
    const sum: Record<string, number> = {};
    let left: NonNullable<BatchGetCommandInput['RequestItems']> = { [tableName]: { Keys: [...keys] } };
    for (let attempt = 1; Object.keys(left).length > 0; attempt += 1) {
      if (attempt > 5) throw new Error('the table has no capacity for more reads now');
      const page = await documents.send(new BatchGetCommand({ RequestItems: left }));
      for (const item of page.Responses?.[tableName] ?? [])
        for (const [bin, count] of Object.entries(item))
          if (/^(zero|negative|bin-?\d+)$/.test(bin)) sum[bin] = (sum[bin] ?? 0) + Number(count);
      left = page.UnprocessedKeys ?? {};
    }
    return sum;
  }
}
