import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { ThingKey } from '../domain/thing-ref';
import { NewerItemError, VersionConflictError } from '../errors';
import type { Clock } from '../ports/runtime';
import type { Versioned } from '../ports/storage';
import { keepAnyKeys } from './any-keys';
import { type ItemKey, shards, thingOf } from './keys';
import { type PageInput, readPages } from './read-pages';

type StoredItem = ItemKey & { readonly [name: string]: unknown; readonly expiresAt?: unknown };

/**
 * The schema of the items. It rises only if an older function would misread an item of a newer one. New fields need no new
 * schema, because readers ignore unknown fields and writers keep them.
 */
const schema = 1;
/** The schema of a case with a finding that no behavior made: an older function would read one as a violation of no profile. */
export const findingsSchema = 2;

/** BatchGetItem takes 100 keys (DynamoDB API reference). */
const maxKeys = 100;

/** The TTL attribute of an item (infra/template/table.ts), in seconds. */
export function expireAt(at: number | undefined): { expiresAt?: number } {
  return at === undefined || !Number.isFinite(at) ? {} : { expiresAt: Math.ceil(at / 1_000) };
}

/**
 * DynamoDB deletes expired items individually, up to days later (developer guide, "Time to Live"). Readers and writers
 * ignore an expired item, so items with the same expiry disappear at the same time.
 */
export function hasExpired({ expiresAt }: { readonly expiresAt?: unknown }, now: number): boolean {
  return typeof expiresAt === 'number' && expiresAt * 1_000 <= now;
}

/** Items of Cordon's table, written conditionally on the version that was read. */
export function connectItems(
  tableName: string,
  client = new DynamoDBClient({ maxAttempts: 6 }),
  clock: Clock = Date.now,
) {
  const documents = keepAnyKeys(
    DynamoDBDocumentClient.from(client, {
      // A counter that wrapped is beyond 2^53. The client would throw for it when it writes, and read it as a bigint.
      marshallOptions: { removeUndefinedValues: true, allowImpreciseNumbers: true },
      unmarshallOptions: { wrapNumbers: Number },
    }),
  );

  /** The whole item, for a caller that keeps more in it than its value. */
  async function loadItem<I>(key: ItemKey): Promise<(I & { readonly version: number }) | undefined> {
    const { Item } = await documents.send(
      new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }),
    );
    if (!Item || hasExpired(Item, clock())) return undefined;
    checkSchema(key, Item);
    return Item as I & { readonly version: number };
  }

  async function load<T>(key: ItemKey): Promise<Versioned<T> | undefined> {
    const item = await loadItem<{ readonly value: T }>(key);
    return item && { value: item.value, version: item.version };
  }

  /** Items in one read for each hundred; those that are not there, or expired, are left out. */
  async function loadItems(keys: readonly ItemKey[]): Promise<readonly StoredItem[]> {
    const found: StoredItem[] = [];
    for (let start = 0; start < keys.length; start += maxKeys)
      found.push(...(await loadHundred(keys.slice(start, start + maxKeys))));
    for (const item of found) checkSchema(item, item);
    return found;
  }

  /**
   * An answer has 16 MB at most, so one of large items has a part of them. If the table can read none, the whole read fails and
   * the caller retries.
   */
  async function loadHundred(keys: readonly ItemKey[]): Promise<readonly StoredItem[]> {
    const found: StoredItem[] = [];
    let Keys: Record<string, unknown>[] = keys.map(({ pk, sk }) => ({ pk, sk }));
    while (Keys.length > 0) {
      const { Responses, UnprocessedKeys } = await documents.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }),
      );
      const items = (Responses?.[tableName] ?? []) as StoredItem[];
      found.push(...items.filter((item) => !hasExpired(item, clock())));
      Keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
      if (Keys.length > 0 && items.length === 0)
        throw new Error('the table had no capacity for the whole read');
    }
    return found;
  }

  /** Values of items by partition key, read in the same way. */
  async function loadAll(keys: readonly ItemKey[]): Promise<ReadonlyMap<string, unknown>> {
    return new Map((await loadItems(keys)).map(({ pk, value }) => [pk, value]));
  }

  /**
   * Writes an item whose stored version is `previous` (0 if nothing is stored). Throws VersionConflictError. `version`: of the
   * next one, for items that are deleted and made again, which must not have a version that they had before.
   */
  async function save(
    key: ItemKey,
    value: unknown,
    previous: number,
    indexed: object = {},
    version = previous + 1,
  ): Promise<number> {
    const Item = { ...key, value, version, schema, ...indexed };
    await unlessChanged(
      key,
      documents.send(new PutCommand({ TableName: tableName, Item, ...whileVersion(previous, clock()) })),
    );
    return version;
  }

  /** Deletes an item whose stored version is `previous`. Throws VersionConflictError. */
  async function remove(key: ItemKey, previous: number): Promise<void> {
    await unlessChanged(
      key,
      documents.send(
        new DeleteCommand({ TableName: tableName, Key: key, ...whileVersion(previous, clock()) }),
      ),
    );
  }

  /** Things with a due item under `KIND#shard` of the due index, oldest first. */
  async function listDue(kind: string, now: number, limit: number): Promise<ThingKey[]> {
    const found = await Promise.all(
      Array.from({ length: shards }, (_, shard) =>
        documents.send(
          new QueryCommand({
            TableName: tableName,
            IndexName: 'byDue',
            KeyConditionExpression: 'dueKey = :shard AND dueAt <= :now',
            ExpressionAttributeValues: { ':shard': `${kind}#${shard}`, ':now': now },
            Limit: limit,
          }),
        ),
      ),
    );
    return found
      .flatMap(({ Items }) => Items ?? [])
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit)
      .map(({ pk }) => thingOf(pk));
  }

  /** Things with an item under `KIND#shard` of the due index, due or not. */
  async function listKind(kind: string): Promise<ThingKey[]> {
    const found = await Promise.all(
      Array.from({ length: shards }, (_, shard) =>
        queryAll<ItemKey>({
          IndexName: 'byDue',
          KeyConditionExpression: 'dueKey = :shard',
          ExpressionAttributeValues: { ':shard': `${kind}#${shard}` },
        }),
      ),
    );
    return found.flat().map(({ pk }) => thingOf(pk));
  }

  /** All items of a query, or the first `limit`. */
  function queryAll<T>(
    query: Omit<QueryCommandInput, 'TableName'>,
    limit?: number,
    behind?: ItemKey,
  ): Promise<T[]> {
    const readPage = (page: PageInput) =>
      documents.send(new QueryCommand({ TableName: tableName, ...query, ...page }));
    return readPages(readPage, limit, behind);
  }

  return { documents, load, loadItem, loadItems, loadAll, save, remove, listDue, listKind, queryAll };
}

function checkSchema({ pk, sk }: ItemKey, item: Readonly<Record<string, unknown>>): void {
  if (Number(item.schema) > findingsSchema)
    throw new NewerItemError(`${pk}/${sk}`, item.schema, findingsSchema);
}

function whileVersion(previous: number, now: number) {
  return previous === 0
    ? {
        ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
        ExpressionAttributeValues: { ':now': Math.floor(now / 1_000) },
      }
    : { ConditionExpression: 'version = :previous', ExpressionAttributeValues: { ':previous': previous } };
}

async function unlessChanged(key: ItemKey, sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw new VersionConflictError(key.pk, error);
    throw error;
  }
}
