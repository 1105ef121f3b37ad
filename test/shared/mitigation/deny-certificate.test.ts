import { deniedObject } from '../../../shared/domain/actions/lease';
import type { PriorOf } from '../../../shared/mitigation/action';
import { acquireLease } from '../../../shared/mitigation/lease';
import { mitigations } from '../../../shared/mitigation/registry';
import { awsError } from '../../aws-error';
import { certificateArn } from '../../builders';
import { aSetting, denyDocument, inWords } from './setting';

const denyCertificate = inWords(mitigations['deny-certificate']);

type Prior = PriorOf<'deny-certificate'>;

const policyName = 'policy cordon-quarantine is';
const secondArn = certificateArn.replaceAll('a'.repeat(64), 'b'.repeat(64));
const thirdArn = certificateArn.replaceAll('a'.repeat(64), 'c'.repeat(64));

function aPrior(...certificates: Prior['certificates']): Prior {
  return { action: 'deny-certificate', policyName, certificates };
}

const fresh = { arn: certificateArn, attachedBefore: false };
const second = { arn: secondArn, attachedBefore: false };

function setUp(targets: readonly string[] = [], over = {}) {
  const setting = aSetting(over);
  const policy = setting.policies.create(policyName, [denyDocument], targets);
  return { ...setting, targets: () => [...policy.targets] };
}

describe('deny-certificate', () => {
  it('attaches the policy, and changes nothing when repeated', async () => {
    const { context, targets } = setUp();

    const first = await denyCertificate.apply(aPrior(fresh, second), context);

    expect(first).toEqual({
      result: 'done',
      detail: 'policy policy cordon-quarantine is is on certificate aaaaaaaa, certificate bbbbbbbb',
    });
    expect(await denyCertificate.apply(aPrior(fresh, second), context)).toEqual(first);
    expect(targets()).toEqual([certificateArn, secondArn]);
  });

  it('denies the other certificates if one accepts no more policies, and quotes AWS', async () => {
    const { context, targets } = setUp();
    const attach = async (name: string, target: string) => {
      if (target === certificateArn) throw awsError('LimitExceededException', 'ten policies are attached');
      await context.policies.attach(name, target);
    };

    const outcome = await denyCertificate.apply(aPrior(fresh, second), {
      ...context,
      policies: { ...context.policies, attach },
    });

    expect(outcome).toEqual({
      result: 'refused',
      detail: 'LimitExceededException: ten policies are attached',
    });
    expect(targets()).toEqual([secondArn]);
  });

  it('is retried if AWS is only busy', async () => {
    const { context } = setUp();
    const attach = () => Promise.reject(awsError('ThrottlingException'));

    await expect(
      denyCertificate.apply(aPrior(fresh), { ...context, policies: { ...context.policies, attach } }),
    ).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('is verified for every client id of the device', async () => {
    const { context } = setUp([certificateArn], { clientIds: ['mything1', 'other'] });

    expect(await denyCertificate.verify(aPrior(fresh), context)).toEqual({
      result: 'done',
      detail: 'publish is explicitly denied for certificate aaaaaaaa, by TestAuthorization',
    });
  });

  it.each([
    [
      'the policy is not listed',
      [],
      aPrior(fresh),
      'certificate aaaaaaaa is still allowed, and GetEffectivePolicies lists no such denial',
    ],
    [
      'it is missing on one of two',
      [certificateArn],
      aPrior(fresh, second),
      'certificate bbbbbbbb is still allowed',
    ],
    ['there is no certificate', [], aPrior(), 'no certificate is attached'],
  ])('is unverified if %s', async (_, targets, prior, detail) => {
    expect(await denyCertificate.verify(prior, setUp(targets).context)).toEqual({
      result: 'unverified',
      detail: expect.stringContaining(detail),
    });
  });

  it.each([
    ['takes it off', [certificateArn, thirdArn], aPrior(fresh), 'done', [thirdArn]],
    ['has nothing to do if it is off', [], aPrior(fresh), 'done', []],
    [
      'leaves it attached if it was before',
      [certificateArn, secondArn],
      aPrior({ ...fresh, attachedBefore: true }, second),
      'done',
      [certificateArn],
    ],
    [
      'stops if somebody took it off, and still frees the other certificate',
      [secondArn],
      aPrior({ ...fresh, attachedBefore: true }, second),
      'conflict',
      [],
    ],
  ] as const)('on revert %s', async (_, before, prior, result, after) => {
    const { context, targets } = setUp(before);
    // As the application registers it, before it attaches anything.
    for (const { arn, attachedBefore } of prior.certificates)
      await acquireLease(deniedObject(arn), { attachedBefore }, context);

    expect(await denyCertificate.revert(prior, context)).toMatchObject({ result });
    expect(await denyCertificate.revert(prior, context)).toMatchObject({ result });
    expect(targets()).toEqual(after);
  });

  it('has nothing to detach from a certificate that was deleted in the meantime', async () => {
    const { context } = setUp();
    const listPolicies = () => Promise.reject(awsError('ResourceNotFoundException'));
    const gone = { ...context, things: { ...context.things, listPolicies } };

    expect(await denyCertificate.revert(aPrior(fresh), gone)).toMatchObject({ result: 'done' });
    expect(await denyCertificate.revert(aPrior({ ...fresh, attachedBefore: true }), gone)).toMatchObject({
      result: 'conflict',
    });
  });
});
