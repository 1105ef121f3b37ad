import { BatchWriteCommand, type BatchWriteCommandInput, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Datapoint } from '../domain/detection/state';
import { boundValue } from '../domain/findings/violation';
import type { ThingKey } from '../domain/thing-ref';
import type { Datapoints } from '../ports/storage';
import type { connectItems } from './items';
import { partitionOf, writeTime } from './keys';

/** Device Defender keeps metric data for 14 days (docs/facts.md#reports). */
const keepDatapointsMs = 14 * 86_400_000;
/** More than a device reports. */
const maxMetrics = 100;
/** BatchWriteItem takes 25 items (DynamoDB API reference). */
const batchSize = 25;

type Items = Pick<ReturnType<typeof connectItems>, 'documents' | 'queryAll'>;
type WriteRequests = NonNullable<BatchWriteCommandInput['RequestItems']>[string];

export interface DatapointQuery {
  readonly thingName: ThingKey;
  readonly metric: string;
  /** Epoch ms, both included. */
  readonly from: number;
  readonly to: number;
  /** The most values to return, oldest first. */
  readonly limit: number;
}

export type NewestDatapoint = Pick<Datapoint, 'metric' | 'at' | 'value'>;

export interface DatapointPage {
  readonly datapoints: readonly Pick<Datapoint, 'at' | 'value'>[];
  /** Where the next page begins, if there is one: the next query's `from`. */
  readonly nextFrom?: number;
}

/** Values of metrics, kept for charts. */
export function openDatapoints({ documents, queryAll }: Items, tableName: string) {
  const datapoints: Datapoints = {
    async append(thingName, points) {
      const requests = points.map(({ metric, at, value }) => ({
        PutRequest: {
          Item: {
            pk: partitionOf(thingName),
            sk: `POINT#${metric}#${writeTime(at)}`,
            at,
            value: boundValue(value),
            expiresAt: Math.ceil((at + keepDatapointsMs) / 1_000),
          },
        },
      }));
      for (let start = 0; start < requests.length; start += batchSize)
        await writeAll(requests.slice(start, start + batchSize));
    },
  };

  /** Writes a batch, and retries the items that the table had no capacity for. The SDK only retries whole calls. */
  async function writeAll(requests: WriteRequests): Promise<void> {
    let left: NonNullable<BatchWriteCommandInput['RequestItems']> = { [tableName]: requests };
    for (let attempt = 1; ; attempt += 1) {
      const { UnprocessedItems = {} } = await documents.send(new BatchWriteCommand({ RequestItems: left }));
      left = UnprocessedItems;
      if (Object.keys(left).length === 0) return;
      if (attempt === 5) throw new Error('the table has no capacity for more datapoints now');
    }
  }

  /** The retained values of a metric of a thing, for a chart. */
  async function readDatapoints(query: DatapointQuery): Promise<DatapointPage> {
    const { thingName, metric, from, to, limit } = query;
    const items = await queryAll<Pick<Datapoint, 'at' | 'value'>>(
      {
        KeyConditionExpression: 'pk = :thing AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':thing': partitionOf(thingName),
          ':from': `POINT#${metric}#${writeTime(from)}`,
          ':to': `POINT#${metric}#${writeTime(to)}`,
        },
      },
      // One extra item shows whether there is a next page.
      limit + 1,
    );
    const found = items.map(({ at, value }) => ({ at, value }));
    const next = found[limit];
    return { datapoints: found.slice(0, limit), ...(next && { nextFrom: next.at }) };
  }

  /** The metrics of a thing with stored values, each with its newest value, by one read for each metric. */
  async function listMetrics(thingName: ThingKey): Promise<NewestDatapoint[]> {
    const found: NewestDatapoint[] = [];
    // Behind the last of them.
    let before = 'POINT$';
    while (found.length < maxMetrics) {
      const { Items = [] } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :thing AND sk BETWEEN :first AND :before',
          ExpressionAttributeValues: {
            ':thing': partitionOf(thingName),
            ':first': 'POINT#',
            ':before': before,
          },
          ScanIndexForward: false,
          Limit: 1,
        }),
      );
      const [newest] = Items;
      if (!newest) break;
      const metric = String(newest.sk).split('#')[1] ?? '';
      found.push({ metric, at: newest.at, value: newest.value });
      before = `POINT#${metric}#`;
    }
    return found.toReversed();
  }

  return { datapoints, readDatapoints, listMetrics };
}
