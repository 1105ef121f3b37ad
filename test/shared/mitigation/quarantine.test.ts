import { thingKey } from '../../../shared/domain/thing-ref';
import type { MitigationContext, PriorOf } from '../../../shared/mitigation/action';
import { mitigations } from '../../../shared/mitigation/registry';
import { awsError } from '../../aws-error';
import { certificateArn, now } from '../../builders';
import { fakeConnections, fakeLeases, fakeThings } from '../../fakes';
import { idleActions } from '../../fakes-actions';
import { inWords } from './setting';

const quarantine = inWords(mitigations.quarantine);

type Prior = PriorOf<'quarantine'>;

function setUp(groups: readonly string[] = ['sensors']) {
  const { register, find, things } = fakeThings();
  register('mything1', { groups: new Set(groups) });
  const context: MitigationContext = {
    thingName: thingKey('mything1'),
    clientIds: ['mything1'],
    deniedAt: now,
    policyCacheMs: 0,
    things,
    connections: fakeConnections().connections,
    clock: () => now,
    ...idleActions(),
    leases: fakeLeases().leases,
  };
  return { context, groups: () => [...find('mything1').groups] };
}

function aPrior(over: Partial<Prior> = {}): Prior {
  return {
    action: 'quarantine',
    thingGroup: 'cordon-quarantine',
    memberBefore: false,
    groupsBefore: ['sensors'],
    principals: [certificateArn],
    ...over,
  };
}

const held = ['sensors', 'cordon-quarantine'];

describe('quarantine', () => {
  it('adds the thing to the group, and changes nothing when repeated', async () => {
    const { context, groups } = setUp();

    const first = await quarantine.apply(aPrior(), context);

    expect(await quarantine.apply(aPrior(), context)).toEqual(first);
    expect(groups()).toEqual(held);
  });

  it('is verified by the answer of IoT for each certificate', async () => {
    const { context } = setUp(held);

    expect(await quarantine.verify(aPrior(), context)).toEqual({
      result: 'done',
      detail: 'publish is explicitly denied for certificate aaaaaaaa, by TestAuthorization',
    });
  });

  it.each([
    ['the group is not listed', setUp().context, aPrior(), 'not listed in group'],
    ['there is no certificate', setUp(held).context, aPrior({ principals: [] }), 'no certificate'],
    [
      'one certificate is not denied',
      setUp(held).context,
      aPrior({ principals: [certificateArn, 'arn:aws:iot:us-east-1:000000000000:cert/ffffffffff'] }),
      'certificate ffffffff is still allowed',
    ],
    [
      'the device also connects under another client id',
      { ...setUp(held).context, clientIds: ['mything1', 'other'] },
      aPrior(),
      'is still allowed',
    ],
  ])('is unverified if %s', async (_, context, prior, detail) => {
    expect(await quarantine.verify(prior, context)).toEqual({
      result: 'unverified',
      detail: expect.stringContaining(detail),
    });
  });

  it.each([
    ['takes the thing out', held, aPrior(), 'done', ['sensors']],
    ['has nothing to do if it is out', ['sensors'], aPrior(), 'done', ['sensors']],
    ['leaves it in if it was before', held, aPrior({ memberBefore: true }), 'done', held],
    [
      'stops if somebody took it out, though it was in before',
      ['sensors'],
      aPrior({ memberBefore: true }),
      'conflict',
      ['sensors'],
    ],
    ['touches no other group', [...held, 'new'], aPrior(), 'done', ['sensors', 'new']],
  ] as const)('on revert %s', async (_, before, prior, result, after) => {
    const { context, groups } = setUp(before);

    expect(await quarantine.revert(prior, context)).toMatchObject({ result });
    expect(groups()).toEqual(after);
  });

  it('has nothing to revert on a thing that was deleted in the meantime, and says so', async () => {
    const { context } = setUp(held);
    const deleted = { ...context, thingName: thingKey('deleted') };

    for (const memberBefore of [true, false])
      expect(await quarantine.revert(aPrior({ memberBefore }), deleted)).toEqual({
        result: 'done',
        detail: 'the thing was deleted meanwhile',
        left: ['the thing was deleted meanwhile'],
      });
  });

  it('is not reverted while the thing is still listed in the group', async () => {
    const { context } = setUp(held);
    const things = { ...context.things, removeFromGroup: async () => {} };

    await expect(quarantine.revert(aPrior(), { ...context, things })).rejects.toThrow('still listed');
  });

  it('passes on the faults of IoT', async () => {
    const { context } = setUp(held);
    const things = { ...context.things, listGroups: () => Promise.reject(awsError('ThrottlingException')) };

    for (const step of ['verify', 'revert'] as const)
      await expect(quarantine[step](aPrior(), { ...context, things })).rejects.toMatchObject({
        name: 'ThrottlingException',
      });
  });
});
