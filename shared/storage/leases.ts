import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Lease } from '../domain/actions/lease';
import type { Case } from '../domain/case/case';
import { holdsObject } from '../domain/case/held-objects';
import type { Leases } from '../ports';
import { caseKey, connectItems, leaseKey } from './items';

export function connectLeases(tableName: string, client?: DynamoDBClient): Leases {
  const { load, save, remove } = connectItems(tableName, client);
  return {
    async load(object) {
      const stored = await load<Lease>(leaseKey(object));
      if (!stored) return undefined;
      const { holders } = stored.value;
      const cases = await Promise.all(holders.map((name) => load<Case>(caseKey(name))));
      const present = holders.filter((_, index) => holdsObject(cases[index]?.value, object));
      return { ...stored, value: { ...stored.value, holders: present } };
    },
    save: (lease, previous) => save(leaseKey(lease.object), lease, previous),
    remove: (object, previous) => remove(leaseKey(object), previous),
  };
}
