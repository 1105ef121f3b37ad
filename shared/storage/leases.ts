import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Hold } from '../domain/actions/lease';
import type { Case } from '../domain/case/case';
import { holdsObject } from '../domain/case/held-objects';
import type { Holds } from '../ports';
import { caseKey, connectItems, holdKey } from './items';

export function connectHolds(tableName: string, client?: DynamoDBClient): Holds {
  const { load, save, remove } = connectItems(tableName, client);
  return {
    async load(object) {
      const stored = await load<Hold>(holdKey(object));
      if (!stored) return undefined;
      const { holders } = stored.value;
      const cases = await Promise.all(holders.map((name) => load<Case>(caseKey(name))));
      const present = holders.filter((_, index) => holdsObject(cases[index]?.value, object));
      return { ...stored, value: { ...stored.value, holders: present } };
    },
    save: (hold, previous) => save(holdKey(hold.object), hold, previous),
    remove: (object, previous) => remove(holdKey(object), previous),
  };
}
