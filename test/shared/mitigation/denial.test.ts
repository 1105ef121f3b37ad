import type { MitigationContext } from '../../../shared/mitigation/action';
import { type Denial, testDenial } from '../../../shared/mitigation/denial';
import type { EffectivePolicy } from '../../../shared/ports/aws';
import { awsError } from '../../aws-error';
import { certificateArn } from '../../builders';
import { aSetting, told } from './setting';

const policyName = 'cordon-quarantine';
const document = '{"Statement":[{"Effect":"Deny"}]}';
const ours: EffectivePolicy = { policyName, document: '{ "Statement": [ { "Effect": "Deny" } ] }' };

/** AWS's answers: on a publish now, on a publish with the policy added, and which policies are in effect. */
interface Answers {
  readonly test: string | Error | undefined;
  readonly added?: string | Error;
  readonly effective?: readonly EffectivePolicy[] | Error;
}

function answering({ test, added, effective = [] }: Answers) {
  const asked: unknown[][] = [];
  const give = <T>(answer: T | Error): Promise<T> =>
    answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  const { context } = aSetting();
  const things: MitigationContext['things'] = {
    ...context.things,
    testPublish: (...args) => {
      asked.push(['TestAuthorization', args[1], args[3]]);
      return give(args[3] === undefined ? test : added);
    },
    listEffectivePolicies: (_, thingName) => {
      asked.push(['GetEffectivePolicies', thingName]);
      return give([...(effective instanceof Error ? [] : effective)]).then((list) =>
        effective instanceof Error ? Promise.reject(effective) : list,
      );
    },
  };
  return { context: { ...context, things }, asked };
}

const ofGroup: Denial = {
  principals: [certificateArn],
  clientIds: ['mything1'],
  policyName,
  document,
  groupOf: 'mything1',
};
const ofCertificate: Denial = { principals: [certificateArn], clientIds: [undefined], policyName, document };

describe('the proof of a denial', () => {
  it('needs no second source if TestAuthorization says EXPLICIT_DENY', async () => {
    const { context, asked } = answering({ test: 'EXPLICIT_DENY' });

    expect(told(await testDenial(ofGroup, context))).toEqual({
      result: 'done',
      detail: 'publish is explicitly denied for certificate aaaaaaaa, by TestAuthorization',
    });
    expect(asked).toEqual([['TestAuthorization', 'mything1', undefined]]);
  });

  it.each(['ALLOWED', 'IMPLICIT_DENY'])(
    'comes from GetEffectivePolicies if TestAuthorization says %s, since it may omit thing groups',
    async (test) => {
      const { context, asked } = answering({ test, added: 'EXPLICIT_DENY', effective: [ours] });

      expect(told(await testDenial(ofGroup, context))).toEqual({
        result: 'done',
        detail: 'publish is explicitly denied for certificate aaaaaaaa, by GetEffectivePolicies',
      });
      expect(asked).toEqual([
        ['TestAuthorization', 'mything1', undefined],
        ['GetEffectivePolicies', 'mything1'],
        ['TestAuthorization', 'mything1', policyName],
      ]);
    },
  );

  it('recognizes the policy in whatever order AWS gives its keys', async () => {
    const written = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["a","b"]}]}';
    const given = '{"Statement":[{"Action":["a","b"],"Effect":"Deny"}],"Version":"2012-10-17"}';
    const effective = [{ policyName, document: given }];
    const { context } = answering({ test: 'ALLOWED', added: 'EXPLICIT_DENY', effective });

    expect(told(await testDenial({ ...ofGroup, document: written }, context))).toMatchObject({
      result: 'done',
    });
    const otherOrder = { ...ofGroup, document: written.replace('["a","b"]', '["b","c"]') };
    expect(told(await testDenial(otherOrder, context))).toMatchObject({ result: 'unverified' });
  });

  it.each([
    ['refuses', awsError('CertificateStateException')],
    ['names no decision', undefined],
  ])(
    'comes from GetEffectivePolicies if TestAuthorization %s, as it may for an inactive certificate',
    async (_, test) => {
      const { context, asked } = answering({ test, effective: [ours] });

      expect(told(await testDenial(ofCertificate, context))).toMatchObject({
        result: 'done',
        detail: expect.stringContaining('by GetEffectivePolicies'),
      });
      expect(asked.at(-1)).toEqual(['GetEffectivePolicies', undefined]);
    },
  );

  it.each<[string, Answers]>([
    ['the policy is not in effect', { test: 'ALLOWED', effective: [] }],
    ['only a policy of another name is', { test: 'ALLOWED', effective: [{ ...ours, policyName: 'other' }] }],
    ['the policy has another document', { test: 'ALLOWED', effective: [{ policyName, document: '{}' }] }],
    [
      'the policy is in effect, but AWS does not read it as a denial',
      { test: 'ALLOWED', added: 'ALLOWED', effective: [ours] },
    ],
  ])('fails if %s', async (_, answers) => {
    const outcome = told(await testDenial(ofGroup, answering(answers).context));

    expect(outcome).toEqual({
      result: 'unverified',
      detail: expect.stringMatching(/by client mything1 with certificate aaaaaaaa is still allowed/),
    });
  });

  it('fails for a client id that a group policy does not bind, whatever is in effect for the thing', async () => {
    const { context, asked } = answering({ test: 'ALLOWED', added: 'EXPLICIT_DENY', effective: [ours] });

    expect(told(await testDenial({ ...ofGroup, clientIds: ['mything1/2'] }, context))).toMatchObject({
      result: 'unverified',
      detail: expect.stringContaining('by client mything1/2'),
    });
    expect(asked).toHaveLength(1);
  });

  it('is marked as unproven if no source answers, so that nothing waits for it forever', async () => {
    const { context } = answering({
      test: awsError('CertificateStateException'),
      effective: awsError('UnauthorizedException'),
    });

    expect(told(await testDenial(ofCertificate, context))).toEqual({
      result: 'unverified',
      detail:
        'TestAuthorization gives no answer (CertificateStateException) about a publish without a client id with certificate aaaaaaaa, and GetEffectivePolicies gives no answer (UnauthorizedException)',
      unproven: true,
    });
  });

  it.each<Answers['added']>(['IMPLICIT_DENY', awsError('CertificateStateException')])(
    'is marked as unproven if TestAuthorization denies without naming a policy, even an added one: %s',
    async (added) => {
      const { context } = answering({ test: 'IMPLICIT_DENY', ...(added && { added }), effective: [ours] });
      const { certificates } = context;
      const of = (status: string) => ({ ...certificates, readStatus: async () => status });

      for (const status of ['ACTIVE', 'INACTIVE']) {
        const temporarilyInactive = status === 'ACTIVE' ? [] : ['a'.repeat(64)];
        const asked = { ...context, temporarilyInactive, certificates: of(status) };
        expect(told(await testDenial(ofGroup, asked))).toMatchObject({
          result: 'unverified',
          unproven: true,
        });
      }
      // What is dead for good needs no other proof.
      expect(told(await testDenial(ofGroup, { ...context, certificates: of('REVOKED') }))).toMatchObject({
        result: 'done',
        detail: expect.stringContaining('by its status'),
      });
    },
  );

  it.each<Answers>([
    { test: awsError('ThrottlingException') },
    { test: 'ALLOWED', effective: awsError('ThrottlingException') },
  ])('is tried again if AWS is too busy to answer', async (answers) => {
    await expect(testDenial(ofGroup, answering(answers).context)).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
  });
});
