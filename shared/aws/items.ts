import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { VersionConflictError } from '../errors';
import type { Versioned } from '../ports';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** Items of Cordon's table that are written under the version they were read at. */
export function connectItems(tableName: string, client = new DynamoDBClient({ maxAttempts: 6 })) {
  const documents = DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
  });

  async function load<T>(key: ItemKey): Promise<Versioned<T> | undefined> {
    const { Item } = await documents.send(
      new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }),
    );
    return Item && { value: Item.value as T, version: Item.version as number };
  }

  /** Writes an item whose stored version is `previous`, 0 where nothing is stored. Throws VersionConflictError. */
  async function save(key: ItemKey, value: unknown, previous: number, indexed: object = {}): Promise<number> {
    const version = previous + 1;
    const Item = { ...key, value, version, ...indexed };
    await unlessChanged(
      key,
      documents.send(new PutCommand({ TableName: tableName, Item, ...whileVersion(previous) })),
    );
    return version;
  }

  /** Deletes an item whose stored version is `previous`. Throws VersionConflictError. */
  async function remove(key: ItemKey, previous: number): Promise<void> {
    await unlessChanged(
      key,
      documents.send(new DeleteCommand({ TableName: tableName, Key: key, ...whileVersion(previous) })),
    );
  }

  return { documents, load, save, remove };
}

function whileVersion(previous: number) {
  return previous === 0
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
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
