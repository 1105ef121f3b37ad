import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Lease } from '../domain/actions/lease';
import { isOpen } from '../domain/case/case';
import { heldObjects, holdsObject } from '../domain/case/held-objects';
import { holdsThing } from '../domain/case/ledger-entry';
import { type AccountKey, home, isThingName, thingKey } from '../domain/thing-ref';
import type { HeldThings } from '../ports/storage';
import type { CaseItem } from './case-item';
import { connectItems } from './items';
import { caseKey, leaseKey } from './keys';

/** Connects the held things of the account of the session. */
export function connectHeldThings(
  tableName: string,
  client?: DynamoDBClient,
  account: AccountKey = home,
): HeldThings {
  const { loadAll } = connectItems(tableName, client);

  return {
    async find(clientId, certificateId, exclusiveThing) {
      const names = [...new Set([clientId, exclusiveThing])]
        .filter(isThingName)
        .map((name) => thingKey(name, account));
      const objects = certificateId === undefined ? [] : heldObjects(certificateId);
      const found = await loadAll([
        ...names.map(caseKey),
        ...objects.map((object) => leaseKey(object, account)),
      ]);
      const named = names.filter((name) => {
        const stored = found.get(caseKey(name).pk) as CaseItem['value'] | undefined;
        return isOpen(stored) && holdsThing(stored);
      });
      const leases = objects.flatMap((object) => {
        const lease = found.get(leaseKey(object, account).pk) as Lease | undefined;
        return lease?.holders.filter((name) => !names.includes(name)).map((name) => ({ object, name })) ?? [];
      });
      if (leases.length === 0) return named;
      const others = [...new Set(leases.map(({ name }) => name))];
      const cases = await loadAll(others.map(caseKey));
      const holders = leases.flatMap(({ object, name }) =>
        holdsObject(cases.get(caseKey(name).pk) as CaseItem['value'] | undefined, object) ? name : [],
      );
      return [...new Set([...named, ...holders])];
    },
  };
}
