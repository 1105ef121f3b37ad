import type { ApiRequest, ApiResponse } from '../../types';

type Send = (request: Pick<ApiRequest, 'headers' | 'body'>) => Promise<ApiResponse>;

interface Table {
  readonly timeToLive?: { readonly TimeToLiveStatus: string; readonly AttributeName: string };
}

/** DynamoDB leaves alone what expired more than five years ago (developer guide, "Time to Live"). */
const oldestSeconds = 5 * 365 * 86_400;
/** How many items are checked before other work has its turn. */
const pageSize = 200;

/**
 * Deletes what has expired, as DynamoDB does for tables with time to live: in the background, item by item, and only
 * what is still expired then. DynamoDB takes up to days, this a minute.
 */
export function deleteExpired(send: Send, tables: ReadonlyMap<string, Table>, everyMs: number) {
  const call = async (operation: string, input: object): Promise<Record<string, unknown>> => {
    const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}` };
    const { status, body } = await send({ headers, body: Buffer.from(JSON.stringify(input)) });
    const answer = JSON.parse(String(body));
    // Somebody renewed the item, or deleted the table.
    const isOvertaken = /ConditionalCheckFailed|ResourceNotFound/.test(String(answer.__type));
    if (status !== 200 && !isOvertaken) throw new Error(`${operation}: ${String(body)}`);
    return answer;
  };

  async function clean(TableName: string, attribute: string): Promise<void> {
    const now = Math.floor(Date.now() / 1_000);
    const expired = {
      ExpressionAttributeNames: { '#at': attribute },
      ExpressionAttributeValues: {
        ':now': { N: String(now) },
        ':oldest': { N: String(now - oldestSeconds) },
      },
    };
    const condition = '#at <= :now AND #at > :oldest';
    const described = (await call('DescribeTable', { TableName })).Table as
      | { KeySchema: { AttributeName: string }[] }
      | undefined;
    const keys = described?.KeySchema.map(({ AttributeName }) => AttributeName) ?? [];
    let from: unknown;
    do {
      const page = await call('Scan', {
        ...{ TableName, FilterExpression: condition, ...expired, Limit: pageSize },
        ...(from !== undefined && { ExclusiveStartKey: from }),
      });
      for (const item of (page.Items ?? []) as Record<string, unknown>[]) {
        const Key = Object.fromEntries(keys.map((name) => [name, item[name]]));
        await call('DeleteItem', { TableName, Key, ConditionExpression: condition, ...expired });
      }
      from = page.LastEvaluatedKey;
      await new Promise(setImmediate);
    } while (from !== undefined);
  }

  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(async () => {
      for (const [name, { timeToLive }] of tables)
        if (timeToLive?.TimeToLiveStatus === 'ENABLED') await clean(name, timeToLive.AttributeName);
    });
  }, everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}
