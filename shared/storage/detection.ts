import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { holdsThing, isOpen } from '../domain/case/case';
import type { Distribution } from '../domain/detection/percentiles';
import type { FleetSilence } from '../domain/detection/silence-notices';
import type { Datapoint, DetectState } from '../domain/detection/state';
import { boundValue } from '../domain/findings/violation';
import type { ThingKey } from '../domain/thing-ref';
import type { Datapoints, DetectStore, Fleet, SilenceStore } from '../ports';
import type { CaseItem } from './case-item';
import { caseKey, connectItems, detectKey, partitionOf, shardOf, shards, writeTime } from './items';
import { openStatusIndex } from './status-index';

/** Device Defender keeps metric data for 14 days (docs/facts.md#reports). */
const keepDatapointsMs = 14 * 86_400_000;
/** A window of the fleet is read during the next one, which is at most an hour. */
const keepWindowsMs = 86_400_000;
type WriteRequests = NonNullable<BatchWriteCommandInput['RequestItems']>[string];

const cacheMs = 60_000;
const maxCached = 200;
/** More than a device reports. */
const maxMetrics = 100;
/** BatchWriteItem takes 25 items (DynamoDB API reference). */
const batchSize = 25;

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

/** Silent things have a key of their own, to list and count them. */
function dueKindOf({ agent }: DetectState): 'DETECT' | 'SILENT' {
  return agent?.silentAt === undefined ? 'DETECT' : 'SILENT';
}

/** An agent with an incomplete view. */
export interface DegradedAgent {
  readonly thingName: ThingKey;
  /** Why; none is known until the table has built its index. */
  readonly degraded: readonly string[];
}

const degradedKey = (shard: number) => `AGENT#degraded#${shard}`;

/**
 * The sparse index that lists cases lists degraded agents too. Its time is always the same, so a report that says what the
 * one before it said writes nothing to the index.
 */
function indexDegraded({ thingName, agent }: DetectState) {
  const { degraded = [] } = agent?.health ?? {};
  if (degraded.length === 0) return {};
  return { statusKey: degradedKey(shardOf(thingName)), updatedAt: 0, thingName, outline: { degraded } };
}

const silenceKey = { pk: 'FLEET#agents', sk: 'SILENCE' };

/** The detector's state of each thing. */
export function openDetectStates({
  load,
  save,
  listDue,
}: Pick<ReturnType<typeof connectItems>, 'load' | 'save' | 'listDue'>): DetectStore {
  return {
    load: (thingName) => load<DetectState>(detectKey(thingName)),
    save: (state, previous) =>
      save(detectKey(state.thingName), state, previous, {
        ...(state.dueAt !== undefined && {
          dueKey: `${dueKindOf(state)}#${shardOf(state.thingName)}`,
          dueAt: state.dueAt,
        }),
        ...indexDegraded(state),
      }),
    async listDue(now, limit) {
      const due = await listDue('DETECT', now, limit);
      return due.length < limit ? [...due, ...(await listDue('SILENT', now, limit - due.length))] : due;
    },
  };
}

/** What the rules detector keeps: its state by thing, values for charts, and the fleet's distributions. */
export function connectDetection(tableName: string, client?: DynamoDBClient, clock = Date.now) {
  const { documents, load, loadAll, save, listDue, listKind } = connectItems(tableName, client);

  const states = openDetectStates({ load, save, listDue });

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
    const found: Pick<Datapoint, 'at' | 'value'>[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const page = await documents.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :thing AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':thing': partitionOf(thingName),
            ':from': `POINT#${metric}#${writeTime(from)}`,
            ':to': `POINT#${metric}#${writeTime(to)}`,
          },
          // One extra item shows whether there is a next page.
          Limit: limit + 1 - found.length,
          ExclusiveStartKey: start,
        }),
      );
      found.push(...(page.Items ?? []).map(({ at, value }) => ({ at, value })));
      start = page.LastEvaluatedKey;
    } while (start && found.length <= limit);
    const next = found[limit];
    return { datapoints: found.slice(0, limit), ...(next && { nextFrom: next.at }) };
  }

  /** The metrics of a thing that values are kept of, each with its newest value: one read for each, whatever their number. */
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

  const cache = new Map<string, { readonly distribution: Distribution; readonly readAt: number }>();
  const windowKey = (metric: string, durationSeconds: number, window: number, shard: number) => ({
    pk: `FLEET#${metric}#${durationSeconds}#${window}#${shard}`,
    sk: 'BINS',
  });

  const fleet: Fleet = {
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

  const silences: SilenceStore = {
    load: () => load<FleetSilence>(silenceKey),
    save: (value, previous) => save(silenceKey, value, previous),
    listSilent: () => listKind('SILENT'),
    async isHeld(thingName) {
      const record = (await load<CaseItem['value']>(caseKey(thingName)))?.value;
      return isOpen(record) && holdsThing(record);
    },
  };

  const queryStatus = openStatusIndex(documents, tableName);

  /** Agents whose last report says that their view is incomplete, by name. Reads those and no others. */
  async function listDegraded(): Promise<DegradedAgent[]> {
    const found = await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        const agents: DegradedAgent[] = [];
        let start: Record<string, unknown> | undefined;
        do {
          const { Items = [], LastEvaluatedKey } = await queryStatus({
            KeyConditionExpression: 'statusKey = :key',
            ExpressionAttributeValues: { ':key': degradedKey(shard) },
            ExclusiveStartKey: start,
          });
          for (const { thingName, outline } of Items)
            agents.push({ thingName, degraded: outline?.degraded ?? [] });
          start = LastEvaluatedKey;
        } while (start);
        return agents;
      }),
    );
    return found.flat().toSorted((a, b) => (a.thingName < b.thingName ? -1 : 1));
  }

  async function loadStates(things: readonly ThingKey[]): Promise<DetectState[]> {
    return [...(await loadAll(things.map(detectKey))).values()] as DetectState[];
  }

  /** Every thing whose agent has ever reported, in pages of a hundred. */
  async function* listAgents(kinds: readonly ('DETECT' | 'SILENT')[]): AsyncIterable<DetectState[]> {
    for (const kind of kinds) {
      const names = await listKind(kind);
      for (let start = 0; start < names.length; start += 100) {
        yield await loadStates(names.slice(start, start + 100));
      }
    }
  }

  return {
    states,
    datapoints,
    readDatapoints,
    listMetrics,
    fleet,
    silences,
    listAgents,
    listDegraded,
    loadStates,
  };
}
