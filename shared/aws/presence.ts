import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { type Case, holdsThing, isOpen } from '../domain/case';
import { deniedObject, type Hold, holdsObject } from '../domain/hold';
import { isRegistryName } from '../domain/names';
import type { HeldThings } from '../ports';
import { caseKey, connectItems, holdKey, type ItemKey } from './items';

/** BatchGetItem takes 100 keys (DynamoDB API reference). */
const maxKeys = 100;

export function connectHeldThings(tableName: string, client?: DynamoDBClient): HeldThings {
  const { documents } = connectItems(tableName, client);

  /** Values by partition key. A part that the table could not read fails all: the event comes again. */
  async function readAll(keys: readonly ItemKey[]): Promise<Map<string, unknown>> {
    const Keys = keys.slice(0, maxKeys).map(({ pk, sk }) => ({ pk, sk }));
    if (Keys.length === 0) return new Map();
    const { Responses, UnprocessedKeys } = await documents.send(
      new BatchGetCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }),
    );
    if (UnprocessedKeys && Object.keys(UnprocessedKeys).length > 0)
      throw new Error('the table had no capacity to read who is held');
    return new Map((Responses?.[tableName] ?? []).map(({ pk, value }) => [pk, value]));
  }

  return {
    async find(clientId, certificateId) {
      const own = isRegistryName(clientId) ? [caseKey(clientId)] : [];
      const object = certificateId === undefined ? undefined : deniedObject(certificateId);
      const found = await readAll([...own, ...(object ? [holdKey(object)] : [])]);
      const stored = own[0] && (found.get(own[0].pk) as Case | undefined);
      const named = isOpen(stored) && holdsThing(stored) ? [clientId] : [];
      const hold = object && (found.get(holdKey(object).pk) as Hold | undefined);
      if (!object || !hold) return named;
      const others = hold.holders.filter((name) => name !== clientId);
      const cases = await readAll(others.map(caseKey));
      const holders = others.filter((name) => holdsObject(cases.get(caseKey(name).pk) as Case, object));
      return [...named, ...holders];
    },
  };
}
