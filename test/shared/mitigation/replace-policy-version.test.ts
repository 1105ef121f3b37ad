import { replacedObject } from '../../../shared/domain/actions/lease';
import type { PriorPolicy } from '../../../shared/domain/facts';
import type { PriorOf } from '../../../shared/mitigation/action';
import { mitigations } from '../../../shared/mitigation/registry';
import { awsError } from '../../aws-error';
import { certificateArn } from '../../builders';
import { aSetting, denyDocument, inWords, readPolicy } from './setting';

const replacePolicyVersion = inWords(mitigations['replace-policy-version']);

type Prior = PriorOf<'replace-policy-version'>;

function aPrior(...policies: readonly PriorPolicy[]): Prior {
  return { action: 'replace-policy-version', document: denyDocument, policies, principals: [certificateArn] };
}

const device: PriorPolicy = { policyName: 'device', defaultVersionId: '1' };

/** Stores the policy `device` with these documents by version id, the given one being its default. */
function setUp(versions: Readonly<Record<string, string>>, defaultVersionId: string) {
  const { context, policies, held } = aSetting();
  const policy = policies.create('device', [], [certificateArn]);
  for (const [versionId, document] of Object.entries(versions)) {
    policy.versions.set(versionId, document);
    policy.lastVersion = Math.max(policy.lastVersion, Number(versionId));
  }
  policy.defaultVersionId = defaultVersionId;
  return { context, policies, policy, held, now: () => readPolicy(policies, 'device') };
}

const full = { 6: 'six', 7: 'seven', 8: 'eight', 9: 'nine', 10: 'ten' };

describe('replace-policy-version', () => {
  it('makes the deny document the default, and changes nothing when repeated', async () => {
    const { context, now } = setUp({ 1: 'own' }, '1');

    for (let time = 0; time < 2; time += 1) {
      expect(await replacePolicyVersion.apply(aPrior(device), context)).toEqual({
        result: 'done',
        detail: 'the default version of policy device denies',
      });
      expect(now()).toEqual({
        versions: { 1: 'own', 2: denyDocument },
        defaultVersionId: '2',
        targets: [certificateArn],
      });
    }
    expect(await replacePolicyVersion.verify(aPrior(device), context)).toEqual({
      result: 'done',
      detail: 'publish is explicitly denied for certificate aaaaaaaa, by TestAuthorization',
    });
  });

  it('makes its version the default again if a crash, or somebody, changed that', async () => {
    const { context, now } = setUp({ 1: 'own', 2: '{ "deny": true }' }, '1');

    await replacePolicyVersion.apply(aPrior(device), context);

    expect(now()).toMatchObject({ versions: { 1: 'own', 2: '{ "deny": true }' }, defaultVersionId: '2' });
  });

  it('deletes the version that the plan names in a full policy, and restores it on release', async () => {
    const { context, now } = setUp(full, '9');
    const prior = aPrior({
      policyName: 'device',
      defaultVersionId: '9',
      versionToDrop: { versionId: '6', document: 'six' },
    });

    await replacePolicyVersion.apply(prior, context);
    const { 6: _dropped, ...left } = full;
    expect(now()).toMatchObject({ versions: { ...left, 11: denyDocument }, defaultVersionId: '11' });

    for (let time = 0; time < 2; time += 1) {
      expect(await replacePolicyVersion.revert(prior, context)).toEqual({
        result: 'done',
        detail: 'policy device has its default version 9 again; its version 6 came back as version 12',
        left: ['version 6 of policy device is version 12 now'],
      });
      expect(now()).toMatchObject({ versions: { ...left, 12: 'six' }, defaultVersionId: '9' });
    }
  });

  it('deletes no version if there is room by now', async () => {
    const { 8: _gone, ...room } = full;
    const { context, now } = setUp(room, '9');
    const prior = aPrior({
      policyName: 'device',
      defaultVersionId: '9',
      versionToDrop: { versionId: '6', document: 'six' },
    });

    await replacePolicyVersion.apply(prior, context);
    expect(now().versions).toEqual({ ...room, 11: denyDocument });
    await replacePolicyVersion.revert(prior, context);

    expect(now()).toMatchObject({ versions: room, defaultVersionId: '9' });
  });

  it('never deletes the default version, even if it became so after the plan', async () => {
    const { context, now } = setUp(full, '6');
    const prior = aPrior({
      policyName: 'device',
      defaultVersionId: '9',
      versionToDrop: { versionId: '6', document: 'six' },
    });

    expect(await replacePolicyVersion.apply(prior, context)).toMatchObject({
      result: 'refused',
      detail: expect.stringContaining('DeleteConflictException'),
    });
    expect(now()).toMatchObject({ versions: full, defaultVersionId: '6' });
  });

  it('continues after a crash between deleting and creating', async () => {
    const { 6: _dropped, ...left } = full;
    const { context, now } = setUp(left, '9');
    const prior = aPrior({
      policyName: 'device',
      defaultVersionId: '9',
      versionToDrop: { versionId: '6', document: 'six' },
    });

    await replacePolicyVersion.apply(prior, context);

    expect(now()).toMatchObject({ versions: { ...left, 11: denyDocument }, defaultVersionId: '11' });
  });

  it.each([
    ['sets the default before', { 1: 'own', 2: denyDocument }, '2', undefined, { 1: 'own' }, '1'],
    [
      'deletes its own if somebody set it back',
      { 1: 'own', 2: denyDocument },
      '1',
      undefined,
      { 1: 'own' },
      '1',
    ],
    ['has nothing to do if all is as before', { 1: 'own' }, '1', undefined, { 1: 'own' }, '1'],
    [
      'knows that 10 is newer than 9',
      { 1: 'own', 9: 'nine', 10: denyDocument },
      '10',
      undefined,
      { 1: 'own', 9: 'nine' },
      '1',
    ],
    [
      'stops if somebody made another version the default, and names both',
      { 1: 'own', 2: denyDocument, 3: 'theirs' },
      '3',
      "the default version of policy device is 3, which is neither Cordon's nor 1 from before",
      { 1: 'own', 2: denyDocument, 3: 'theirs' },
      '3',
    ],
    [
      'stops if somebody made a version that our denial pushed aside',
      { 1: 'own', 2: denyDocument, 3: 'theirs' },
      '2',
      'version 3 of policy device was made while it was held; the default before was 1',
      { 1: 'own', 2: denyDocument, 3: 'theirs' },
      '2',
    ],
    [
      'stops if the version from before is gone',
      { 2: denyDocument },
      '2',
      'version 1 of policy device, the default before, was deleted',
      { 2: denyDocument },
      '2',
    ],
  ] as const)('on revert %s', async (_, versions, current, conflict, after, defaultVersionId) => {
    const { context, now } = setUp(versions, current);

    for (let time = 0; time < 2; time += 1) {
      expect(await replacePolicyVersion.revert(aPrior(device), context)).toEqual(
        conflict
          ? { result: 'conflict', detail: conflict }
          : { result: 'done', detail: 'policy device has its default version 1 again' },
      );
      expect(now()).toMatchObject({ versions: after, defaultVersionId });
      expect(Object.keys(now().versions)).toEqual(Object.keys(after));
    }
  });

  it('keeps a denial that another thing with the policy had before', async () => {
    const { context, now } = setUp({ 1: 'own', 2: denyDocument }, '2');
    const prior = aPrior({ policyName: 'device', defaultVersionId: '2' });

    await replacePolicyVersion.apply(prior, context);
    expect(await replacePolicyVersion.revert(prior, context)).toMatchObject({ result: 'done' });

    expect(now()).toMatchObject({ versions: { 1: 'own', 2: denyDocument }, defaultVersionId: '2' });
  });

  it('restores the other policies if one is in conflict, and reports both', async () => {
    const { context, policies, policy } = setUp({ 1: 'own' }, '1');
    policies.create('more', ['more'], [certificateArn]);
    const prior = aPrior(device, { policyName: 'more', defaultVersionId: '1' });
    await replacePolicyVersion.apply(prior, context);
    policy.versions.set('3', 'theirs');
    policy.defaultVersionId = '3';

    expect(await replacePolicyVersion.revert(prior, context)).toEqual({
      result: 'conflict',
      detail:
        "the default version of policy device is 3, which is neither Cordon's nor 1 from before; policy more has its default version 1 again",
    });
    expect(readPolicy(policies, 'more')).toMatchObject({ versions: { 1: 'more' }, defaultVersionId: '1' });
  });

  it('ignores a policy that was deleted in the meantime, which allows nothing, and says so on release', async () => {
    const { context, now } = setUp({ 1: 'own' }, '1');
    const prior = aPrior({ policyName: 'deleted', defaultVersionId: '1' }, device);

    expect(await replacePolicyVersion.apply(prior, context)).toMatchObject({ result: 'done' });
    expect(await replacePolicyVersion.verify(prior, context)).toMatchObject({ result: 'done' });
    expect(await replacePolicyVersion.revert(prior, context)).toEqual({
      result: 'done',
      detail: 'policy deleted was deleted meanwhile; policy device has its default version 1 again',
      left: ['policy deleted was deleted meanwhile'],
    });
    expect(now()).toMatchObject({ versions: { 1: 'own' }, defaultVersionId: '1' });
  });

  it('records whose connects concern it, until the release', async () => {
    const { context, held } = setUp({ 1: 'own' }, '1');
    const noted = replacedObject(certificateArn);

    await replacePolicyVersion.apply(aPrior(device), context);
    expect(held.rows.get(noted)?.value.holders).toEqual(['mything1']);
    await replacePolicyVersion.revert(aPrior(device), context);
    expect(held.rows.get(noted)).toBeUndefined();
  });

  it.each([
    ['the default is not ours', { 1: 'own', 2: denyDocument }, '1', aPrior(device), "is not Cordon's yet"],
    ['the thing has no policy', { 1: 'own' }, '1', aPrior(), 'no policy to replace'],
    [
      'the thing has no certificate',
      { 1: 'own', 2: denyDocument },
      '2',
      { ...aPrior(device), principals: [] },
      'no certificate is attached',
    ],
  ])('is unverified if %s', async (_, versions, current, prior, detail) => {
    expect(await replacePolicyVersion.verify(prior, setUp(versions, current).context)).toEqual({
      result: 'unverified',
      detail: expect.stringContaining(detail),
    });
  });

  it('throws transient faults', async () => {
    const { context } = setUp({ 1: 'own' }, '1');
    const policies = { ...context.policies, listVersions: () => Promise.reject(awsError('InternalFailure')) };

    for (const step of ['apply', 'verify', 'revert'] as const)
      await expect(
        replacePolicyVersion[step](aPrior(device), { ...context, policies }),
      ).rejects.toMatchObject({
        name: 'InternalFailure',
      });
  });
});
