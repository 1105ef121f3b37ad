import {
  deniedObject,
  type Lease,
  nothing,
  replacedObject,
  statusObject,
} from '../../shared/domain/actions/lease';
import type { PriorState } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import type { LedgerEntry } from '../../shared/domain/case/ledger-entry';
import { type CaseChanges, now } from '../builders';
import { aCase, type Storage } from './case-store-contract';
import { aName, type Law, refusalOf } from './laws';

const arnOf = (id: string) => `arn:aws:iot:us-east-1:000000000000:cert/${id}`;

/** A case that denies the certificate. */
function aDenyingCase(certificateId: string, over: CaseChanges = {}): Case {
  const certificates = [{ arn: arnOf(certificateId), attachedBefore: false }];
  const prior = { action: 'deny-certificate', policyName: 'cordon-quarantine', certificates } as const;
  return aCase({ ledger: [anEntry(prior)], ...over });
}

function anEntry(prior: PriorState): LedgerEntry {
  return { action: prior.action, status: 'applied', prior, plannedAt: now, attempts: 1 };
}

export function declareHoldLaws(law: Law<Storage>): void {
  describe('holds of shared objects', () => {
    law('name the things whose open case still holds the object', async ({ cases, leases }) => {
      const certificateId = aName('certificate');
      const held = aDenyingCase(certificateId);
      const closed = aDenyingCase(certificateId, { status: 'closed' });
      const other = aDenyingCase(aName('certificate'));
      for (const record of [held, closed, other]) await cases.save(record, 0);
      const lease: Lease = {
        object: deniedObject(arnOf(certificateId)),
        prior: { attachedBefore: true },
        holders: [held, closed, other].map(({ thingName }) => thingName),
      };

      expect(await leases.load(lease.object)).toBeUndefined();
      const version = await leases.save(lease, 0);

      expect(await leases.load(lease.object)).toStrictEqual({
        value: { ...lease, holders: [held.thingName] },
        version,
      });
    });

    law('find whose session a connect may be, by its client id and by its certificate', async (storage) => {
      const { cases, leases, heldThings } = storage;
      const certificateId = aName('certificate');
      const [held, twin] = [aDenyingCase(certificateId), aDenyingCase(certificateId)];
      const closed = aDenyingCase(certificateId, { status: 'closed' });
      const observed = aCase({ status: 'observed' });
      for (const record of [held, twin, closed, observed]) await cases.save(record, 0);
      const holders = [held, twin, closed].map(({ thingName }) => thingName);
      await leases.save(
        { object: deniedObject(arnOf(certificateId)), prior: { attachedBefore: false }, holders },
        0,
      );

      const [own, other] = [held.thingName, twin.thingName];
      expect(await heldThings.find(own, undefined)).toEqual([own]);
      expect(await heldThings.find(own, certificateId)).toEqual([own, other]);
      expect(await heldThings.find('any id/of 128', certificateId)).toEqual([own, other]);
      expect(await heldThings.find(`${own}-cordon`, undefined, own)).toEqual([own]);
      expect(await heldThings.find(`${own}-cordon`, undefined)).toEqual([]);
      expect(await heldThings.find('any id/of 128', certificateId, own)).toEqual([own, other]);
      expect(await heldThings.find('any id/of 128', undefined)).toEqual([]);
      expect(await heldThings.find(closed.thingName, aName('certificate'))).toEqual([]);
      expect(await heldThings.find(observed.thingName, undefined)).toEqual([]);
      expect(await heldThings.find(aName('thing'), aName('certificate'))).toEqual([]);
    });

    law('find it by a certificate that is inactive, or whose policies deny, too', async (storage) => {
      const { cases, leases, heldThings } = storage;
      const certificateId = aName('certificate');
      const inactive = aCase({
        ledger: [
          anEntry({
            action: 'deactivate-certificate',
            certificates: [{ certificateId, statusBefore: 'ACTIVE' }],
          }),
        ],
      });
      const replaced = aCase({
        ledger: [
          anEntry({
            action: 'replace-policy-version',
            document: '{}',
            policies: [],
            principals: [arnOf(certificateId)],
          }),
        ],
      });
      for (const record of [inactive, replaced]) await cases.save(record, 0);
      const holders = [inactive, replaced].map(({ thingName }) => thingName);
      for (const object of [statusObject(certificateId), replacedObject(certificateId)])
        await leases.save({ object, prior: nothing, holders }, 0);

      const found = await heldThings.find('any id/of 128', certificateId);
      expect(found.toSorted()).toEqual(holders.toSorted());
    });

    law('are changed and removed only as they were read', async ({ leases }) => {
      const lease: Lease = {
        object: `policy/${aName('policy')}`,
        prior: { statusBefore: 'ACTIVE' },
        holders: [],
      };
      const version = await leases.save(lease, 0);

      expect(await refusalOf(leases.save(lease, 0))).toBe('VersionConflictError');
      expect(await refusalOf(leases.remove(lease.object, version + 1))).toBe('VersionConflictError');
      await leases.remove(lease.object, version);

      expect(await leases.load(lease.object)).toBeUndefined();
    });

    law('are not taken for one that was removed and made again since they were read', async ({ leases }) => {
      const lease: Lease = { object: `policy/${aName('policy')}`, prior: nothing, holders: [] };
      const before = await leases.save(lease, 0);
      await leases.remove(lease.object, before);
      const after = await leases.save(lease, 0);

      expect(await refusalOf(leases.save(lease, before))).toBe('VersionConflictError');
      expect(await refusalOf(leases.remove(lease.object, before))).toBe('VersionConflictError');
      expect(await leases.save(lease, after)).toBe(after + 1);
    });
  });
}
