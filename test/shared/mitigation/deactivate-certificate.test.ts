import type { PriorOf } from '../../../shared/mitigation/action';
import { mitigations } from '../../../shared/mitigation/registry';
import { awsError } from '../../aws-error';
import { aSetting, inWords } from './setting';

const deactivateCertificate = inWords(mitigations['deactivate-certificate']);

type Prior = PriorOf<'deactivate-certificate'>;

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];

function aPrior(statuses: Readonly<Record<string, string>>): Prior {
  const certificates = Object.entries(statuses).map(([certificateId, statusBefore]) => ({
    certificateId,
    statusBefore,
  }));
  return { action: 'deactivate-certificate', certificates };
}

function setUp(given: Readonly<Record<string, string>>) {
  const { context, certificates } = aSetting();
  const statuses = () => Object.fromEntries(certificates.statuses);
  /** Somebody else did this. */
  const replace = (others: Readonly<Record<string, string>>) => {
    certificates.statuses.clear();
    for (const [id, status] of Object.entries(others)) certificates.statuses.set(id, status);
  };
  replace(given);
  return { context, certificates, statuses: Object.assign(statuses, { replace }) };
}

/** AWS refuses, because the function's role lacks the right or the certificate is not the account's. */
function refuse({ context }: ReturnType<typeof setUp>, ...ids: readonly string[]) {
  const setStatus = async (id: string, status: 'ACTIVE' | 'INACTIVE') => {
    if (ids.includes(id)) throw awsError('AccessDeniedException', 'not allowed');
    await context.certificates.setStatus(id, status);
  };
  return { ...context, certificates: { ...context.certificates, setStatus } };
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
  ])('sets to INACTIVE %s, and changes nothing when repeated', async (_, before, after) => {
    const { context, statuses } = setUp(before);

    for (let time = 0; time < 2; time += 1) {
      expect(await deactivateCertificate.apply(aPrior(before), context)).toMatchObject({ result: 'done' });
      expect(statuses()).toEqual(after);
    }
    expect(await deactivateCertificate.verify(aPrior(before), context)).toMatchObject({ result: 'done' });
  });

  it('deactivates the other certificates if AWS refuses one', async () => {
    const setting = setUp({ [a]: 'ACTIVE', [b]: 'ACTIVE' });
    const prior = aPrior({ [a]: 'ACTIVE', [b]: 'ACTIVE' });

    expect(await deactivateCertificate.apply(prior, refuse(setting, a))).toEqual({
      result: 'refused',
      detail: 'AccessDeniedException: not allowed',
    });
    expect(setting.statuses()).toEqual({ [a]: 'ACTIVE', [b]: 'INACTIVE' });
  });

  it('ignores a deleted certificate, which cannot connect', async () => {
    const { context } = setUp({ [b]: 'ACTIVE' });
    const prior = aPrior({ [a]: 'ACTIVE', [b]: 'ACTIVE' });

    for (const step of ['apply', 'verify'] as const)
      expect(await deactivateCertificate[step](prior, context)).toMatchObject({ result: 'done' });
    expect(await deactivateCertificate.revert(prior, context)).toEqual({
      result: 'done',
      detail: 'certificate aaaaaaaa was deleted meanwhile',
      left: ['certificate aaaaaaaa was deleted meanwhile'],
    });
  });

  it.each([
    ['one is active', { [a]: 'INACTIVE', [b]: 'ACTIVE' }, 'certificate bbbbbbbb is ACTIVE'],
    ['there is none', {}, 'no certificate is attached to the thing, so there is nothing to deactivate'],
  ])('is unverified if %s', async (_, statuses, detail) => {
    expect(await deactivateCertificate.verify(aPrior(statuses), setUp(statuses).context)).toEqual({
      result: 'unverified',
      detail,
    });
  });

  it.each([
    ['makes active what was', { [a]: 'ACTIVE' }, { [a]: 'INACTIVE' }, { [a]: 'ACTIVE' }, undefined],
    ['leaves inactive what was', { [a]: 'INACTIVE' }, { [a]: 'INACTIVE' }, { [a]: 'INACTIVE' }, undefined],
    [
      'has nothing to do if somebody did it',
      { [a]: 'ACTIVE' },
      { [a]: 'ACTIVE' },
      { [a]: 'ACTIVE' },
      undefined,
    ],
    ['cares for no other', { [a]: 'REVOKED' }, { [a]: 'REVOKED' }, { [a]: 'REVOKED' }, undefined],
    [
      'stops if somebody revoked it, and still restores the other',
      { [a]: 'ACTIVE', [b]: 'ACTIVE' },
      { [a]: 'REVOKED', [b]: 'INACTIVE' },
      { [a]: 'REVOKED', [b]: 'ACTIVE' },
      'certificate aaaaaaaa was ACTIVE before and is REVOKED now',
    ],
  ] as const)('on revert %s', async (_, before, meanwhile, after, conflict) => {
    const { context, statuses } = setUp(before);
    await deactivateCertificate.apply(aPrior(before), context);
    statuses.replace(meanwhile);
    const expected = conflict
      ? { result: 'conflict', detail: conflict }
      : { result: 'done', detail: 'its certificates have the status they had before' };

    for (let time = 0; time < 2; time += 1) {
      expect(await deactivateCertificate.revert(aPrior(before), context)).toEqual(expected);
      expect(statuses()).toEqual(after);
    }
  });

  it('leaves a certificate inactive on revert if AWS had refused Cordon’s call, and names nobody who deactivated it', async () => {
    const setting = setUp({ [a]: 'ACTIVE', [b]: 'ACTIVE' });
    const prior = aPrior({ [a]: 'ACTIVE', [b]: 'ACTIVE' });
    await deactivateCertificate.apply(prior, refuse(setting, a));
    setting.statuses.replace({ [a]: 'INACTIVE', [b]: 'INACTIVE' });

    expect(await deactivateCertificate.revert(prior, setting.context)).toEqual({
      result: 'done',
      detail: 'certificate aaaaaaaa is INACTIVE, and stays so: this case has no record of setting it',
      left: ['certificate aaaaaaaa is INACTIVE, and stays so: this case has no record of setting it'],
    });
    expect(setting.statuses()).toEqual({ [a]: 'INACTIVE', [b]: 'ACTIVE' });
  });

  it.each([
    ['leaves inactive what somebody set so again', 60_000, 'INACTIVE'],
    ['takes for its own what AWS dates within the same second', 900, 'ACTIVE'],
  ])('on revert %s', async (_, laterMs, after) => {
    const { context, certificates, statuses } = setUp({ [a]: 'ACTIVE' });
    await deactivateCertificate.apply(aPrior({ [a]: 'ACTIVE' }), context);
    certificates.modified.set(a, context.clock() + laterMs);

    for (let time = 0; time < 2; time += 1) {
      expect(await deactivateCertificate.revert(aPrior({ [a]: 'ACTIVE' }), context)).toMatchObject({
        result: 'done',
        ...(after === 'INACTIVE' && {
          left: ['certificate aaaaaaaa was set INACTIVE by somebody else, and stays so'],
        }),
      });
      expect(statuses()).toEqual({ [a]: after });
    }
  });

  it('treats a deactivation that a crash left unrecorded as its own', async () => {
    const { context, certificates, statuses } = setUp({ [a]: 'ACTIVE' });
    const prior = aPrior({ [a]: 'ACTIVE' });
    const setStatus = async (id: string, status: 'ACTIVE' | 'INACTIVE') => {
      await context.certificates.setStatus(id, status);
      throw new Error('killed');
    };
    await expect(
      deactivateCertificate.apply(prior, {
        ...context,
        certificates: { ...context.certificates, setStatus },
      }),
    ).rejects.toThrow('killed');
    certificates.modified.set(a, context.clock());

    const later = { ...context, clock: () => context.clock() + 20_000 };
    await deactivateCertificate.apply(prior, later);
    await deactivateCertificate.revert(prior, later);

    expect(statuses()).toEqual({ [a]: 'ACTIVE' });
  });

  it('has nothing to restore if AWS refused it and nobody else deactivated the certificate', async () => {
    const setting = setUp({ [a]: 'ACTIVE' });
    await deactivateCertificate.apply(aPrior({ [a]: 'ACTIVE' }), refuse(setting, a));

    expect(await deactivateCertificate.revert(aPrior({ [a]: 'ACTIVE' }), setting.context)).toMatchObject({
      result: 'done',
    });
  });

  it.each([
    ['ACTIVE', 'ACTIVE'],
    ['INACTIVE', 'INACTIVE'],
  ])('restores %s if the plan did not know the former status', async (before, after) => {
    const { context, statuses } = setUp({ [a]: before });
    const prior = aPrior({ [a]: 'unknown' });

    for (let time = 0; time < 2; time += 1) await deactivateCertificate.apply(prior, context);
    expect(statuses()).toEqual({ [a]: 'INACTIVE' });
    for (let time = 0; time < 2; time += 1)
      expect(await deactivateCertificate.revert(prior, context)).toMatchObject({ result: 'done' });
    expect(statuses()).toEqual({ [a]: after });
  });

  it('throws transient faults', async () => {
    const { context } = setUp({ [a]: 'INACTIVE' });
    const read = () => Promise.reject(awsError('ThrottlingException'));
    const throttled = { ...context, certificates: { ...context.certificates, read, readStatus: read } };

    for (const step of ['apply', 'verify', 'revert'] as const)
      await expect(deactivateCertificate[step](aPrior({ [a]: 'ACTIVE' }), throttled)).rejects.toMatchObject({
        name: 'ThrottlingException',
      });
  });
});
