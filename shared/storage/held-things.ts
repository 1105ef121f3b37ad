import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Hold } from '../domain/actions/lease';
import { type Case, holdsThing, isOpen } from '../domain/case/case';
import { heldObjects, holdsObject } from '../domain/case/held-objects';
import { isRegistryName } from '../domain/text';
import type { HeldThings } from '../ports';
import { caseKey, connectItems, holdKey } from './items';

export function connectHeldThings(tableName: string, client?: DynamoDBClient): HeldThings {
  const { loadAll } = connectItems(tableName, client);

  return {
    async find(clientId, certificateId, exclusiveThing) {
      const names = [...new Set([clientId, exclusiveThing])].filter(isRegistryName);
      const objects = certificateId === undefined ? [] : heldObjects(certificateId);
      const found = await loadAll([...names.map(caseKey), ...objects.map(holdKey)]);
      const named = names.filter((name) => {
        const stored = found.get(caseKey(name).pk) as Case | undefined;
        return isOpen(stored) && holdsThing(stored);
      });
      const holds = objects.flatMap((object) => {
        const hold = found.get(holdKey(object).pk) as Hold | undefined;
        return hold?.holders.filter((name) => !names.includes(name)).map((name) => ({ object, name })) ?? [];
      });
      if (holds.length === 0) return named;
      const others = [...new Set(holds.map(({ name }) => name))];
      const cases = await loadAll(others.map(caseKey));
      const holders = holds.flatMap(({ object, name }) =>
        holdsObject(cases.get(caseKey(name).pk) as Case | undefined, object) ? name : [],
      );
      return [...new Set([...named, ...holders])];
    },
  };
}
