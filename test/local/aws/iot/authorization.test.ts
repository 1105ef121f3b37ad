import { GetEffectivePoliciesCommand, TestAuthorizationCommand } from '@aws-sdk/client-iot';
import { aDocument, allow, deny, errorOf, prefix } from './builders';
import { registerOne, registry, send, useControlPlane } from './plane';

useControlPlane();

describe('TestAuthorization and GetEffectivePolicies', () => {
  const resources = [`${prefix}topic/telemetry`];
  const named = (policyName: string) => ({ policyName, policyArn: `${prefix}policy/${policyName}` });

  async function aQuarantinedDevice(): Promise<string> {
    const principal = await registerOne();
    registry.things.create('mything1');
    registry.things.attachPrincipal('mything1', principal);
    const group = registry.groups.create('quarantine').groupArn;
    registry.groups.updateMembership('mything1', { add: ['quarantine'], remove: [] });
    registry.policies.create('device', aDocument(allow('iot:*', '*')));
    registry.policies.create('deny-all', aDocument(deny('iot:Publish', '*')));
    registry.policies.create('other', aDocument(allow('iot:Subscribe', '*')));
    registry.policies.attach('device', principal);
    registry.policies.attach('other', principal);
    registry.policies.attach('deny-all', group);
    return principal;
  }

  it('say which policies allow, deny, or do not apply', async () => {
    const principal = await aQuarantinedDevice();
    const authInfos = [{ actionType: 'PUBLISH' as const, resources }];

    const tested = await send(new TestAuthorizationCommand({ principal, clientId: 'mything1', authInfos }));
    const escaped = await send(new TestAuthorizationCommand({ principal, clientId: 'other', authInfos }));

    expect(tested.authResults).toEqual([
      {
        authInfo: { actionType: 'PUBLISH', resources },
        allowed: { policies: [named('device')] },
        denied: {
          implicitDeny: { policies: [named('other')] },
          explicitDeny: { policies: [named('deny-all')] },
        },
        authDecision: 'EXPLICIT_DENY',
        missingContextValues: [],
      },
    ]);
    expect(escaped.authResults?.map(({ authDecision }) => authDecision)).toEqual(['ALLOWED']);
  });

  it('try policies before they are attached, and without those to skip', async () => {
    const principal = await aQuarantinedDevice();
    const authInfos = [{ actionType: 'PUBLISH' as const, resources }];
    const decide = async (input: { policyNamesToAdd?: string[]; policyNamesToSkip?: string[] }) => {
      const command = new TestAuthorizationCommand({ principal, clientId: 'other', authInfos, ...input });
      return (await send(command)).authResults?.[0]?.authDecision;
    };

    expect(await decide({ policyNamesToAdd: ['deny-all'] })).toBe('EXPLICIT_DENY');
    expect(await decide({ policyNamesToSkip: ['device'] })).toBe('IMPLICIT_DENY');
    const alone = new TestAuthorizationCommand({ authInfos, policyNamesToAdd: ['device'] });
    expect((await send(alone)).authResults?.[0]?.authDecision).toBe('ALLOWED');
  });

  it('allow several resources only together', async () => {
    const principal = await registerOne();
    registry.policies.create('policy', aDocument(allow('iot:Publish', `${prefix}topic/a`)));
    registry.policies.attach('policy', principal);
    const both = { actionType: 'PUBLISH' as const, resources: [`${prefix}topic/a`, `${prefix}topic/b`] };

    const tested = await send(new TestAuthorizationCommand({ principal, clientId: 'x', authInfos: [both] }));
    expect(tested.authResults?.[0]?.authDecision).toBe('IMPLICIT_DENY');
  });

  it('name the variables that have no value', async () => {
    const principal = await registerOne();
    registry.policies.create('policy', aDocument(allow('iot:Publish', `${prefix}topic/\${iot:ClientId}`)));
    registry.policies.attach('policy', principal);

    const tested = await send(
      new TestAuthorizationCommand({ principal, authInfos: [{ actionType: 'PUBLISH', resources }] }),
    );
    expect(tested.authResults?.[0]).toMatchObject({
      authDecision: 'IMPLICIT_DENY',
      missingContextValues: ['iot:ClientId'],
    });
  });

  it('return the effective policies of a certificate and of a thing', async () => {
    const principal = await aQuarantinedDevice();

    const both = await send(new GetEffectivePoliciesCommand({ principal, thingName: 'mything1' }));
    const ofThing = await send(new GetEffectivePoliciesCommand({ thingName: 'mything1' }));
    expect(both.effectivePolicies?.map(({ policyName }) => policyName)).toEqual([
      'device',
      'other',
      'deny-all',
    ]);
    expect(ofThing.effectivePolicies).toEqual([
      { ...named('deny-all'), policyDocument: aDocument(deny('iot:Publish', '*')) },
    ]);
    expect(await errorOf(send(new GetEffectivePoliciesCommand({})))).toBe('400 InvalidRequestException');
  });
});
