import { gatherFacts } from '../../../functions/respond/facts';
import type { Things } from '../../../shared/ports/aws';
import { awsError } from '../../aws-error';
import { aConfiguration, aPlaybook, certificateArn } from '../../builders';
import { fakeLeases, fakeThings } from '../../fakes';
import { fakeCertificates, idleActions } from '../../fakes-actions';

const gather = (thingName: string, things: Things, attempt: number) =>
  gatherFacts(
    thingName,
    { ...idleActions(), leases: fakeLeases().leases, things },
    {
      configuration: aConfiguration(),
      policyCacheMs: 0,
      denyPolicyName: 'cordon-quarantine',
      pastContainments: 0,
    },
    attempt,
  );

function setUp(over: Partial<Things> = {}) {
  const { register, things } = fakeThings();
  register('mything1', { attributes: { site: 'oslo' } });
  return { register, things: { ...things, ...over } };
}

describe('the facts about a thing', () => {
  it('contain groups, certificates, policies and the things that share a certificate', async () => {
    const { register, things } = setUp();
    register('mything2');

    expect(await gather('mything1', things, 1)).toEqual({
      kind: 'known',
      registered: true,
      thingTypeName: 'sensor',
      attributes: { site: 'oslo' },
      groups: ['sensors'],
      principals: [
        {
          arn: certificateArn,
          certificateId: 'a'.repeat(64),
          policies: ['device'],
          escapesGroup: false,
          sharedWith: ['mything2'],
        },
      ],
    });
  });

  it('say that a certificate may connect under another id than the thing name', async () => {
    const loose = JSON.stringify({ Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' } });
    const { things } = setUp({ readPolicy: async () => loose });

    const facts = await gather('mything1', things, 1);

    expect(facts.kind === 'known' && facts.principals[0]?.escapesGroup).toBe(true);
  });

  it('name at most 50 things that share a certificate, so that a case fits the table', async () => {
    const { register, things } = setUp();
    for (let i = 0; i < 200; i += 1) register(`other${i}`);

    const facts = await gather('mything1', things, 1);

    expect(facts.kind === 'known' && facts.principals[0]?.sharedWith).toHaveLength(50);
  });

  it('omit principals that are not certificates', async () => {
    const { things } = setUp({ listPrincipals: async () => ['us-east-1:cognito-identity', certificateArn] });

    const facts = await gather('mything1', things, 1);

    expect(facts.kind === 'known' && facts.principals.map(({ arn }) => arn)).toEqual([certificateArn]);
  });

  it('say that a thing is not registered, even if its lists answer with a fault', async () => {
    expect(await gather('ghost', setUp().things, 1)).toEqual({
      kind: 'known',
      registered: false,
      attributes: {},
      groups: [],
      principals: [],
    });
  });

  it.each(['describe', 'listGroups', 'listPrincipals', 'listPolicies', 'listThingsOfPrincipal'] as const)(
    'are complete or unavailable: a throttled %s is retried, and the facts are unavailable after three attempts',
    async (call) => {
      const { things } = setUp({
        [call]: () => Promise.reject(awsError('ThrottlingException', 'slow down')),
      });

      for (const attempt of [1, 2])
        await expect(gather('mything1', things, attempt)).rejects.toThrow('slow down');
      expect(await gather('mything1', things, 3)).toEqual({
        kind: 'unavailable',
        reason: 'ThrottlingException: slow down',
      });
    },
  );

  it.each(['describe', 'listPolicies'] as const)(
    'are unavailable at once if IoT refuses %s for good',
    async (call) => {
      const { things } = setUp({ [call]: () => Promise.reject(awsError('UnauthorizedException', 'no')) });

      expect(await gather('mything1', things, 1)).toEqual({
        kind: 'unavailable',
        reason: 'UnauthorizedException: no',
      });
    },
  );

  it.each([
    ['not for a thing that was contained too seldom to get it', 1, undefined],
    ['for a repeat offender', 2, 'ACTIVE'],
  ])(
    'include a certificate’s status, which only the escalation needs, %s',
    async (_who, pastContainments, status) => {
      const { things } = setUp();
      const { certificates, statuses } = fakeCertificates();
      statuses.set('a'.repeat(64), 'ACTIVE');
      const escalate = {
        afterContainments: 2,
        within: 86_400_000,
        actions: ['deactivate-certificate' as const],
      };

      const facts = await gatherFacts(
        'mything1',
        { ...idleActions(), certificates, leases: fakeLeases().leases, things },
        {
          configuration: aConfiguration({ playbooks: [aPlaybook({ escalate })] }),
          policyCacheMs: 0,
          denyPolicyName: 'cordon-quarantine',
          pastContainments,
        },
        1,
      );

      expect(facts).toMatchObject({ principals: [{ certificateId: 'a'.repeat(64) }] });
      expect(facts.kind === 'known' && facts.principals[0]?.status).toBe(status);
    },
  );
});
