import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Case, holdsThing, isOpen } from '../domain/case';
import { deniedObject, type Hold, holdsObject } from '../domain/hold';
import { isRegistryName } from '../domain/names';
import type { HeldThings } from '../ports';
import { caseKey, connectItems, holdKey } from './items';

export function connectHeldThings(tableName: string, client?: DynamoDBClient): HeldThings {
  const { loadAll } = connectItems(tableName, client);

  return {
    async find(clientId, certificateId, exclusiveThing) {
      const names = [...new Set([clientId, exclusiveThing])].filter(isRegistryName);
      const object = certificateId === undefined ? undefined : deniedObject(certificateId);
      const found = await loadAll([...names.map(caseKey), ...(object ? [holdKey(object)] : [])]);
      const named = names.filter((name) => {
        const stored = found.get(caseKey(name).pk) as Case | undefined;
        return isOpen(stored) && holdsThing(stored);
      });
      const hold = object && (found.get(holdKey(object).pk) as Hold | undefined);
      if (!object || !hold) return named;
      const others = hold.holders.filter((name) => !names.includes(name));
      const cases = await loadAll(others.map(caseKey));
      const holders = others.filter((name) => holdsObject(cases.get(caseKey(name).pk) as Case, object));
      return [...named, ...holders];
    },
  };
}
