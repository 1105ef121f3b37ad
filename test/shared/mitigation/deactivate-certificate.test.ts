import type { PriorOf } from '../../../shared/mitigation/action';
import { deactivateCertificate } from '../../../shared/mitigation/deactivate-certificate';
import { awsError } from '../../aws-error';
import { aSetting } from './setting';

type Prior = PriorOf<'deactivate-certificate'>;

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];

function aPrior(statuses: Readonly<Record<string, string>>): Prior {
  const certificates = Object.entries(statuses).map(([certificateId, statusBefore]) => ({
    certificateId,
    statusBefore,
  }));
  return { action: 'deactivate-certificate', certificates };
}

function setUp(statuses: Readonly<Record<string, string>>) {
  const { context, certificates } = aSetting();
  for (const [id, status] of Object.entries(statuses)) certificates.statuses.set(id, status);
  return { context, statuses: () => Object.fromEntries(certificates.statuses) };
}

describe('deactivate-certificate', () => {
  it.each([
    ['each active one', { [a]: 'ACTIVE', [b]: 'ACTIVE' }, { [a]: 'INACTIVE', [b]: 'INACTIVE' }],
    [
      'no revoked one, which is final',
      { [a]: 'REVOKED', [b]: 'ACTIVE' },
      { [a]: 'REVOKED', [b]: 'INACTIVE' },
    ],
    ['none that is inactive already', { [a]: 'INACTIVE' }, { [a]: 'INACTIVE' }],
  ])('sets to INACTIVE %s, and again to no other effect', async (_, before, after) => {
    const { context, statuses } = setUp(before);

    for (let time = 0; time < 2; time += 1) {
      expect(await deactivateCertificate.apply(aPrior(before), context)).toMatchObject({ result: 'done' });
      expect(statuses()).toEqual(after);
    }
    expect(await deactivateCertificate.verify(aPrior(before), context)).toMatchObject({ result: 'done' });
  });

  it('deactivates the others where AWS refuses one', async () => {
    const { context, statuses } = setUp({ [b]: 'ACTIVE' });

    expect(await deactivateCertificate.apply(aPrior({ [a]: 'ACTIVE', [b]: 'ACTIVE' }), context)).toEqual({
      result: 'refused',
      detail: 'ResourceNotFoundException: refused by the fake',
    });
    expect(statuses()).toEqual({ [b]: 'INACTIVE' });
  });

  it.each([
    ['one is active', { [a]: 'INACTIVE', [b]: 'ACTIVE' }, 'certificate bbbbbbbb is ACTIVE'],
    ['there is none', {}, 'no certificate is attached to the thing, so there is nothing to deactivate'],
  ])('is not verified where %s', async (_, statuses, detail) => {
    expect(await deactivateCertificate.verify(aPrior(statuses), setUp(statuses).context)).toEqual({
      result: 'not-so',
      detail,
    });
  });

  it.each([
    ['makes active what was', { [a]: 'ACTIVE' }, { [a]: 'INACTIVE' }, { [a]: 'ACTIVE' }, undefined],
    ['leaves inactive what was', { [a]: 'INACTIVE' }, { [a]: 'INACTIVE' }, { [a]: 'INACTIVE' }, undefined],
    [
      'has nothing to do where somebody did it',
      { [a]: 'ACTIVE' },
      { [a]: 'ACTIVE' },
      { [a]: 'ACTIVE' },
      undefined,
    ],
    ['cares for no other', { [a]: 'REVOKED' }, { [a]: 'REVOKED' }, { [a]: 'REVOKED' }, undefined],
    [
      'stops where somebody revoked it, and still restores the other',
      { [a]: 'ACTIVE', [b]: 'ACTIVE' },
      { [a]: 'REVOKED', [b]: 'INACTIVE' },
      { [a]: 'REVOKED', [b]: 'ACTIVE' },
      'certificate aaaaaaaa was ACTIVE before and is REVOKED now',
    ],
    [
      'stops where somebody deleted it',
      { [a]: 'ACTIVE' },
      {},
      {},
      'certificate aaaaaaaa was ACTIVE before and is deleted now',
    ],
  ] as const)('on revert %s', async (_, before, meanwhile, after, conflict) => {
    const { context, statuses } = setUp(meanwhile);
    const expected = conflict
      ? { result: 'conflict', detail: conflict }
      : { result: 'done', detail: 'certificates have the status they had before' };

    for (let time = 0; time < 2; time += 1) {
      expect(await deactivateCertificate.revert(aPrior(before), context)).toEqual(expected);
      expect(statuses()).toEqual(after);
    }
  });

  it('throws what may pass', async () => {
    const { context } = setUp({ [a]: 'INACTIVE' });
    const readStatus = () => Promise.reject(awsError('ThrottlingException'));
    const throttled = { ...context, certificates: { ...context.certificates, readStatus } };

    for (const step of ['apply', 'verify', 'revert'] as const)
      await expect(deactivateCertificate[step](aPrior({ [a]: 'ACTIVE' }), throttled)).rejects.toMatchObject({
        name: 'ThrottlingException',
      });
  });
});
