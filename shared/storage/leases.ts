import { randomInt } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Lease } from '../domain/actions/lease';
import { holdsObject } from '../domain/case/held-objects';
import { type AccountKey, home } from '../domain/thing-ref';
import type { Leases } from '../ports/storage';
import type { CaseItem } from './case-item';
import { connectItems } from './items';
import { caseKey, leaseKey } from './keys';

/** Connects the leases of objects of one account, which only its things hold. */
export function connectLeases(
  tableName: string,
  client?: DynamoDBClient,
  account: AccountKey = home,
): Leases {
  const { load, save, remove } = connectItems(tableName, client);
  return {
    async load(object) {
      const stored = await load<Lease>(leaseKey(object, account));
      if (!stored) return undefined;
      const { holders } = stored.value;
      const cases = await Promise.all(holders.map((name) => load<CaseItem['value']>(caseKey(name))));
      const present = holders.filter((_, index) => holdsObject(cases[index]?.value, object));
      return { ...stored, value: { ...stored.value, holders: present } };
    },
    // Otherwise a thing that had read the earlier lease could overwrite a newer one with the same version, which
    // another thing made meanwhile.
    save: (lease, previous) =>
      save(
        leaseKey(lease.object, account),
        lease,
        previous,
        {},
        previous === 0 ? randomInt(1, 2 ** 47) : previous + 1,
      ),
    remove: (object, previous) => remove(leaseKey(object, account), previous),
  };
}
