import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateDynamicThingGroupCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateTopicRuleCommand,
  DeleteCertificateCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteThingCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  DescribeThingGroupCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  GetEffectivePoliciesCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetTopicRuleCommand,
  ListAttachedPoliciesCommand,
  ListCertificatesCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListPrincipalThingsCommand,
  ListTargetsForPolicyCommand,
  ListThingGroupsCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
  ListThingPrincipalsV2Command,
  ListThingsCommand,
  ListThingsInThingGroupCommand,
  ListTopicRulesCommand,
  paginateListThings,
  RegisterCertificateWithoutCACommand,
  RemoveThingFromThingGroupCommand,
  SetDefaultPolicyVersionCommand,
  TestAuthorizationCommand,
  UpdateCertificateCommand,
  UpdateThingCommand,
  UpdateThingGroupCommand,
  UpdateThingGroupsForThingCommand,
} from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../local/iot/control-plane';
import type { IotRegistry } from '../../../local/iot/registry';
import { aDocument, allow, aRegistry, deny, errorOf, now, pemOne, pemTwo, prefix } from './builders';
import { startServer, type TestServer } from './server';

let registry: IotRegistry;
let server: TestServer;
let send: TestServer['client']['send'];

beforeEach(async () => {
  registry = aRegistry();
  const issued = { certificatePem: pemTwo, publicKeyPem: 'public', privateKeyPem: 'private' };
  server = await startServer(createIotControlPlane(registry, { issueCertificate: async () => issued }));
  send = server.client.send.bind(server.client) as typeof send;
});
afterEach(() => server.close());

async function registerOne(): Promise<string> {
  const { certificateArn } = await send(
    new RegisterCertificateWithoutCACommand({ certificatePem: pemOne, status: 'ACTIVE' }),
  );
  return certificateArn ?? '';
}

describe('things', () => {
  it('are created, described, changed and deleted', async () => {
    const attributePayload = { attributes: { site: 'north', line: '4' } };
    const created = await send(new CreateThingCommand({ thingName: 'mything1', attributePayload }));
    await send(
      new UpdateThingCommand({
        thingName: 'mything1',
        thingTypeName: 'gateway',
        attributePayload: { attributes: { line: '' }, merge: true },
        expectedVersion: 1,
      }),
    );

    expect(await send(new DescribeThingCommand({ thingName: 'mything1' }))).toMatchObject({
      defaultClientId: 'mything1',
      thingName: 'mything1',
      thingId: created.thingId,
      thingArn: `${prefix}thing/mything1`,
      thingTypeName: 'gateway',
      attributes: { site: 'north' },
      version: 2,
    });

    await send(new DeleteThingCommand({ thingName: 'mything1' }));
    expect(await errorOf(send(new DescribeThingCommand({ thingName: 'mything1' })))).toBe(
      '404 ResourceNotFoundException',
    );
  });

  it('may be created twice alike, not twice differently', async () => {
    const created = await send(new CreateThingCommand({ thingName: 'mything1' }));

    expect((await send(new CreateThingCommand({ thingName: 'mything1' }))).thingId).toBe(created.thingId);
    expect(await errorOf(send(new CreateThingCommand({ thingName: 'mything1', thingTypeName: 'x' })))).toBe(
      '409 ResourceAlreadyExistsException',
    );
  });

  it('keep their version against an outdated change', async () => {
    await send(new CreateThingCommand({ thingName: 'mything1' }));

    expect(await errorOf(send(new UpdateThingCommand({ thingName: 'mything1', expectedVersion: 7 })))).toBe(
      '409 VersionConflictException',
    );
    expect(await errorOf(send(new DeleteThingCommand({ thingName: 'mything1', expectedVersion: 7 })))).toBe(
      '409 VersionConflictException',
    );
  });

  it.each(['a/b', 'a+b', '#', '$aws', '..', 'a b', 'a\u0000', 'ü', 'x'.repeat(129)])(
    'are refused under the name %j',
    async (thingName) => {
      expect(await errorOf(send(new CreateThingCommand({ thingName })))).toBe('400 InvalidRequestException');
    },
  );

  it('are listed page by page, by type and by attribute', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const thingName of names) registry.things.create(thingName);
    registry.things.create('typed', {
      thingTypeName: 'gateway',
      attributePayload: { attributes: { site: 'n1' } },
    });

    const pages: string[][] = [];
    for await (const page of paginateListThings({ client: server.client, pageSize: 2 }, {})) {
      pages.push((page.things ?? []).map(({ thingName }) => thingName ?? ''));
    }
    const byType = await send(new ListThingsCommand({ thingTypeName: 'gateway' }));
    const byPrefix = await send(
      new ListThingsCommand({ attributeName: 'site', attributeValue: 'n', usePrefixAttributeValue: true }),
    );

    expect(pages).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'typed'],
    ]);
    expect([byType.things?.length, byPrefix.things?.length]).toEqual([1, 1]);
  });

  it.each([{ maxResults: 0 }, { maxResults: 251 }, { nextToken: 'forged' }])(
    'are not listed by %j',
    async (input) => {
      expect(await errorOf(send(new ListThingsCommand(input)))).toBe('400 InvalidRequestException');
    },
  );

  it('hold principals, and cannot be deleted while they do', async () => {
    const principal = await registerOne();
    await send(new CreateThingCommand({ thingName: 'mything1' }));
    await send(new AttachThingPrincipalCommand({ thingName: 'mything1', principal }));

    expect((await send(new ListThingPrincipalsCommand({ thingName: 'mything1' }))).principals).toEqual([
      principal,
    ]);
    expect(
      (await send(new ListThingPrincipalsV2Command({ thingName: 'mything1' }))).thingPrincipalObjects,
    ).toEqual([{ principal, thingPrincipalType: 'NON_EXCLUSIVE_THING' }]);
    expect((await send(new ListPrincipalThingsCommand({ principal }))).things).toEqual(['mything1']);
    expect(await errorOf(send(new DeleteThingCommand({ thingName: 'mything1' })))).toBe(
      '400 InvalidRequestException',
    );

    await send(new DetachThingPrincipalCommand({ thingName: 'mything1', principal }));
    expect((await send(new ListPrincipalThingsCommand({ principal }))).things).toEqual([]);
  });
});

describe('thing groups', () => {
  it('form trees that describe themselves from the root', async () => {
    await send(new CreateThingGroupCommand({ thingGroupName: 'root' }));
    await send(new CreateThingGroupCommand({ thingGroupName: 'middle', parentGroupName: 'root' }));
    await send(new CreateThingGroupCommand({ thingGroupName: 'leaf', parentGroupName: 'middle' }));
    await send(
      new UpdateThingGroupCommand({
        thingGroupName: 'leaf',
        thingGroupProperties: { thingGroupDescription: 'a leaf' },
      }),
    );

    expect(await send(new DescribeThingGroupCommand({ thingGroupName: 'leaf' }))).toMatchObject({
      thingGroupName: 'leaf',
      thingGroupArn: `${prefix}thinggroup/leaf`,
      version: 2,
      thingGroupProperties: { thingGroupDescription: 'a leaf' },
      thingGroupMetadata: {
        parentGroupName: 'middle',
        rootToParentThingGroups: [
          { groupName: 'root', groupArn: `${prefix}thinggroup/root` },
          { groupName: 'middle', groupArn: `${prefix}thinggroup/middle` },
        ],
        creationDate: new Date(now),
      },
    });
    const below = await send(new ListThingGroupsCommand({ parentGroup: 'root' }));
    const children = await send(new ListThingGroupsCommand({ parentGroup: 'root', recursive: false }));
    expect(below.thingGroups?.map(({ groupName }) => groupName)).toEqual(['leaf', 'middle']);
    expect(children.thingGroups?.map(({ groupName }) => groupName)).toEqual(['middle']);
  });

  it('take a thing in and let it go, any number of times', async () => {
    registry.things.create('mything1');
    registry.groups.create('quarantine');
    const member = { thingName: 'mything1', thingGroupName: 'quarantine' };

    await send(new AddThingToThingGroupCommand(member));
    await send(new AddThingToThingGroupCommand(member));
    const during = await send(new ListThingGroupsForThingCommand({ thingName: 'mything1' }));
    await send(new RemoveThingFromThingGroupCommand(member));
    await send(new RemoveThingFromThingGroupCommand(member));
    const after = await send(new ListThingsInThingGroupCommand({ thingGroupName: 'quarantine' }));

    expect(during.thingGroups).toEqual([
      { groupName: 'quarantine', groupArn: `${prefix}thinggroup/quarantine` },
    ]);
    expect(after.things).toEqual([]);
  });

  it('list members of groups below only where asked', async () => {
    registry.things.create('mything1');
    registry.groups.create('root');
    registry.groups.create('leaf', { parentGroupName: 'root' });
    registry.groups.updateMembership('mything1', { add: ['leaf'], remove: [] });

    const direct = await send(new ListThingsInThingGroupCommand({ thingGroupName: 'root' }));
    const all = await send(new ListThingsInThingGroupCommand({ thingGroupName: 'root', recursive: true }));
    expect([direct.things, all.things]).toEqual([[], ['mything1']]);
  });

  it('refuse a second group of the same tree and an eleventh group, changing nothing', async () => {
    registry.things.create('mything1');
    registry.groups.create('root');
    registry.groups.create('left', { parentGroupName: 'root' });
    registry.groups.create('right', { parentGroupName: 'root' });
    const names = Array.from({ length: 10 }, (_, index) => `group-${index}`);
    for (const name of names) registry.groups.create(name);
    const add = (thingGroupsToAdd: string[]) =>
      send(new UpdateThingGroupsForThingCommand({ thingName: 'mything1', thingGroupsToAdd }));

    expect(await errorOf(add(['left', 'right']))).toBe('400 InvalidRequestException');
    expect(registry.groupsOfThing('mything1')).toEqual([]);
    await add(names);
    expect(await errorOf(add(['left']))).toBe('400 InvalidRequestException');
    expect(registry.groupsOfThing('mything1').map(({ groupName }) => groupName)).toEqual(names);
  });

  it('answer 404 for a thing or group that is not there', async () => {
    registry.things.create('mything1');
    registry.groups.create('quarantine');
    const add = (thingName: string, thingGroupName: string) =>
      errorOf(send(new AddThingToThingGroupCommand({ thingName, thingGroupName })));

    expect(await add('nobody', 'quarantine')).toBe('404 ResourceNotFoundException');
    expect(await add('mything1', 'nowhere')).toBe('404 ResourceNotFoundException');
  });

  it('refuse a name and an ARN that differ, so IAM is asked about what changes', async () => {
    registry.things.create('mything1');
    registry.things.create('mything2');
    registry.groups.create('quarantine');
    const forged = new AddThingToThingGroupCommand({
      thingName: 'mything1',
      thingArn: `${prefix}thing/mything2`,
      thingGroupName: 'quarantine',
    });

    expect(await errorOf(send(forged))).toBe('400 InvalidRequestException');
    expect(server.asked).toEqual(['iot:AddThingToThingGroup on *']);
  });

  it('are never dynamic here', async () => {
    const command = new CreateDynamicThingGroupCommand({ thingGroupName: 'dynamic', queryString: 'a:1' });

    expect(await errorOf(send(command))).toBe('400 InvalidRequestException');
  });
});

describe('certificates', () => {
  it('are registered under the SHA-256 of their DER form', async () => {
    const certificateArn = await registerOne();
    const certificateId = '8c7270228b6ebca89bb027d22aea1ee455c07250955187bbd8fffec925fea35d';

    expect(certificateArn).toBe(`${prefix}cert/${certificateId}`);
    expect(
      (await send(new DescribeCertificateCommand({ certificateId }))).certificateDescription,
    ).toMatchObject({
      certificateId,
      status: 'ACTIVE',
      certificatePem: pemOne,
      creationDate: new Date(now),
    });
    expect(registry.certificateByFingerprint(certificateId.toUpperCase())?.arn).toBe(certificateArn);
  });

  it('are made with their keys by the given authority', async () => {
    const made = await send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const listed = await send(new ListCertificatesCommand({}));

    expect(made).toMatchObject({
      certificatePem: pemTwo,
      keyPair: { PublicKey: 'public', PrivateKey: 'private' },
    });
    expect(listed.certificates?.map(({ status }) => status)).toEqual(['ACTIVE']);
  });

  it('go to INACTIVE and back, but not back from REVOKED', async () => {
    const certificateId = (await registerOne()).split('/')[1];
    const set = (newStatus: 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_TRANSFER') =>
      errorOf(send(new UpdateCertificateCommand({ certificateId, newStatus })));

    expect([await set('INACTIVE'), await set('ACTIVE'), await set('REVOKED')]).toEqual(
      Array(3).fill('no error'),
    );
    expect(await set('ACTIVE')).toBe('406 CertificateStateException');
    expect(await set('PENDING_TRANSFER')).toBe('400 InvalidRequestException');
  });

  it('are deleted only when inactive and free of things and policies', async () => {
    const certificateArn = await registerOne();
    const certificateId = certificateArn.split('/')[1];
    const remove = (forceDelete: boolean) =>
      errorOf(send(new DeleteCertificateCommand({ certificateId, forceDelete })));
    registry.policies.create('policy', aDocument(allow('iot:*', '*')));
    registry.policies.attach('policy', certificateArn);
    registry.things.create('mything1');
    registry.things.attachPrincipal('mything1', certificateArn);

    expect(await remove(true)).toBe('406 CertificateStateException');
    registry.certificates.setStatus(certificateId ?? '', 'INACTIVE');
    expect(await remove(true)).toBe('409 DeleteConflictException');
    registry.things.detachPrincipal('mything1', certificateArn);
    expect(await remove(false)).toBe('409 DeleteConflictException');
    expect(await remove(true)).toBe('no error');
  });

  it.each(['', 'not a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'are refused from the text %j',
    async (certificatePem) => {
      expect(await errorOf(send(new RegisterCertificateWithoutCACommand({ certificatePem })))).toMatch(
        /^400 (InvalidRequest|CertificateValidation)Exception$/,
      );
    },
  );
});

describe('policies', () => {
  const document = aDocument(allow('iot:*', '*'));

  it('keep at most five versions, whose ids rise and are not reused', async () => {
    await send(new CreatePolicyCommand({ policyName: 'policy', policyDocument: document }));
    const add = (setAsDefault = false) =>
      send(new CreatePolicyVersionCommand({ policyName: 'policy', policyDocument: document, setAsDefault }));
    for (let version = 2; version <= 5; version += 1) await add();

    expect(await errorOf(add())).toBe('409 VersionsLimitExceededException');
    await send(new DeletePolicyVersionCommand({ policyName: 'policy', policyVersionId: '5' }));
    expect((await add(true)).policyVersionId).toBe('6');
    expect((await send(new ListPolicyVersionsCommand({ policyName: 'policy' }))).policyVersions).toEqual(
      ['1', '2', '3', '4', '6'].map((versionId) => ({
        versionId,
        isDefaultVersion: versionId === '6',
        createDate: new Date(now),
      })),
    );
  });

  it('never lose their default version', async () => {
    await send(new CreatePolicyCommand({ policyName: 'policy', policyDocument: document }));
    await send(
      new CreatePolicyVersionCommand({
        policyName: 'policy',
        policyDocument: aDocument(deny('iot:*', '*')),
        setAsDefault: true,
      }),
    );

    const removeDefault = new DeletePolicyVersionCommand({ policyName: 'policy', policyVersionId: '2' });
    expect(await errorOf(send(removeDefault))).toBe('409 DeleteConflictException');
    await send(new SetDefaultPolicyVersionCommand({ policyName: 'policy', policyVersionId: '1' }));
    expect(await send(new GetPolicyCommand({ policyName: 'policy' }))).toMatchObject({
      policyArn: `${prefix}policy/policy`,
      policyDocument: document,
      defaultVersionId: '1',
    });
    const gone = new GetPolicyVersionCommand({ policyName: 'policy', policyVersionId: '9' });
    expect(await errorOf(send(gone))).toBe('404 ResourceNotFoundException');
  });

  it('are deleted only when detached and down to one version', async () => {
    const target = await registerOne();
    await send(new CreatePolicyCommand({ policyName: 'policy', policyDocument: document }));
    await send(new AttachPolicyCommand({ policyName: 'policy', target }));
    const remove = () => errorOf(send(new DeletePolicyCommand({ policyName: 'policy' })));

    expect(await remove()).toBe('409 DeleteConflictException');
    await send(new DetachPolicyCommand({ policyName: 'policy', target }));
    await send(new DetachPolicyCommand({ policyName: 'policy', target }));
    expect(await remove()).toBe('no error');
    expect((await send(new ListPoliciesCommand({}))).policies).toEqual([]);
  });

  it.each([
    'not json',
    '[]',
    'null',
    '{}',
    '{"Version":"2012-10-17"}',
    '{"Statement":[]}',
    '{"Version":"2011-01-01","Statement":[]}',
    aDocument({ Effect: 'Allow', Action: 'iot:*' }),
    aDocument({ Effect: 'Allow', Action: 'iot:*', NotAction: 'iot:*', Resource: '*' }),
    aDocument({ Effect: 'Allow', Action: [], Resource: '*' }),
    aDocument(allow('iot:*', 'topic/a')),
    aDocument({ ...allow('iot:*', '*'), Principal: '*' } as never),
    aDocument({ ...allow('iot:*', '*'), Effect: 'allow' } as never),
    aDocument({ ...allow('iot:*', '*'), Condition: [] } as never),
    aDocument(allow('iot:*', `arn:${'x'.repeat(2048)}`)),
  ])('are refused as malformed: %s', async (policyDocument) => {
    expect(await errorOf(send(new CreatePolicyCommand({ policyName: 'policy', policyDocument })))).toBe(
      '400 MalformedPolicyException',
    );
  });

  it('count 2048 characters without white space', () => {
    const spaced = JSON.stringify(JSON.parse(document), null, 1000);

    expect(registry.policies.create('policy', spaced).versions[0]?.text).toBe(spaced);
  });

  it('are listed for a target, with inherited ones where asked, and their targets are listed', async () => {
    const root = registry.groups.create('root').groupArn;
    const leaf = registry.groups.create('leaf', { parentGroupName: 'root' }).groupArn;
    registry.policies.create('policy', document);
    await send(new AttachPolicyCommand({ policyName: 'policy', target: root }));

    const direct = await send(new ListAttachedPoliciesCommand({ target: leaf }));
    const inherited = await send(new ListAttachedPoliciesCommand({ target: leaf, recursive: true }));
    expect(direct.policies).toEqual([]);
    expect(inherited.policies).toEqual([{ policyName: 'policy', policyArn: `${prefix}policy/policy` }]);
    expect((await send(new ListTargetsForPolicyCommand({ policyName: 'policy' }))).targets).toEqual([root]);
  });

  it.each([
    [`${prefix}cert/${'0'.repeat(64)}`, '404 ResourceNotFoundException'],
    [`${prefix}thinggroup/none`, '404 ResourceNotFoundException'],
    [`${prefix}thing/mything1`, '400 InvalidRequestException'],
    ['eu-west-1:cognito', '400 InvalidRequestException'],
  ])('are not attached to %s', async (target, expected) => {
    registry.policies.create('policy', document);

    expect(await errorOf(send(new AttachPolicyCommand({ policyName: 'policy', target })))).toBe(expected);
  });

  it('stop at ten for a certificate', async () => {
    const target = await registerOne();
    for (let index = 0; index < 10; index += 1) {
      registry.policies.create(`policy-${index}`, document);
      registry.policies.attach(`policy-${index}`, target);
    }
    registry.policies.create('one-more', document);

    expect(await errorOf(send(new AttachPolicyCommand({ policyName: 'one-more', target })))).toBe(
      '410 LimitExceededException',
    );
  });
});

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

  it('say which policies allow, deny, or say nothing', async () => {
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

  it('try policies before they are attached and without those to skip', async () => {
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

  it('give the effective policies of a certificate and of a thing', async () => {
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

describe('topic rules', () => {
  const sql = "SELECT encode(*, 'base64') AS report FROM 'cordon/things/+/reports/json'";
  const topicRulePayload = {
    sql,
    awsIotSqlVersion: '2016-03-23',
    actions: [{ sqs: { queueUrl: 'http://127.0.0.1/queue', roleArn: 'arn:aws:iam::123456789012:role/r' } }],
  };

  it('are stored whole and listed with their topic', async () => {
    await send(new CreateTopicRuleCommand({ ruleName: 'reports', topicRulePayload }));

    expect(await send(new GetTopicRuleCommand({ ruleName: 'reports' }))).toMatchObject({
      ruleArn: `${prefix}rule/reports`,
      rule: { ruleName: 'reports', ...topicRulePayload, ruleDisabled: false, createdAt: new Date(now) },
    });
    expect((await send(new ListTopicRulesCommand({}))).rules).toMatchObject([
      { ruleName: 'reports', topicPattern: 'cordon/things/+/reports/json', ruleDisabled: false },
    ]);
    expect(registry.topicRules()).toHaveLength(1);
  });

  it('are refused without SQL, and a missing one looks forbidden, as on AWS', async () => {
    const bad = new CreateTopicRuleCommand({
      ruleName: 'bad',
      topicRulePayload: { sql: 'DROP x', actions: [] },
    });

    expect(await errorOf(send(bad))).toBe('400 SqlParseException');
    expect(await errorOf(send(new GetTopicRuleCommand({ ruleName: 'none' })))).toBe(
      '401 UnauthorizedException',
    );
  });
});

describe('createIotControlPlane', () => {
  it('asks IAM about the resources of the service authorization reference', async () => {
    const target = await registerOne();
    registry.things.create('mything1');
    registry.groups.create('quarantine');
    registry.policies.create('policy', aDocument(allow('iot:*', '*')));
    const member = { thingName: 'mything1', thingGroupName: 'quarantine' };
    const authInfos = [{ actionType: 'CONNECT' as const, resources: [`${prefix}client/mything1`] }];

    await send(new AddThingToThingGroupCommand(member));
    await send(
      new UpdateThingGroupsForThingCommand({ thingName: 'mything1', thingGroupsToRemove: ['quarantine'] }),
    );
    await send(new AttachPolicyCommand({ policyName: 'policy', target }));
    await send(new ListAttachedPoliciesCommand({ target }));
    await send(new TestAuthorizationCommand({ principal: target, authInfos }));
    await send(new UpdateCertificateCommand({ certificateId: target.split('/')[1], newStatus: 'INACTIVE' }));
    await send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));

    expect(server.asked).toEqual([
      'iot:RegisterCertificateWithoutCA on *',
      `iot:AddThingToThingGroup on ${prefix}thing/mything1, ${prefix}thinggroup/quarantine`,
      `iot:UpdateThingGroupsForThing on ${prefix}thing/mything1, ${prefix}thinggroup/quarantine`,
      `iot:AttachPolicy on ${target}`,
      'iot:ListAttachedPolicies on *',
      `iot:TestAuthorization on ${target}`,
      `iot:UpdateCertificate on ${target}`,
      'iot:DescribeEndpoint on *',
    ]);
  });

  const request = (method: string, path: string, body = '') => ({
    service: 'iot',
    method,
    path,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(body),
    caller: { accessKeyId: 'test', arn: 'arn:aws:iam::123456789012:user/local-operator' },
  });

  it.each([
    ['GET', '/things/a/b/c'],
    ['DELETE', '/things'],
    ['GET', '/things/'],
    ['GET', '/'],
    ['PUT', '/detect/mitigationactions/tasks/t'],
  ])('does not know %s %s', async (method, path) => {
    const plane = createIotControlPlane(registry);

    expect(plane.identify(request(method, path))).toBeUndefined();
    expect((await plane.handle(request(method, path))).headers?.['x-amzn-ErrorType']).toBe(
      'UnknownOperationException',
    );
  });

  it.each([
    ['GET', '/things/%', ''],
    ['GET', '/things/%ff', ''],
    ['GET', '/things/a%2Fb', ''],
    ['POST', '/things/a', '{'],
    ['POST', '/things/a', '[]'],
    ['POST', '/things/a', '"x"'],
    ['POST', '/things/a', '{"attributePayload":{"attributes":{"n":1}}}'],
    ['POST', '/things/a', '{"attributePayload":{"attributes":{"na me":"x"}}}'],
    ['PUT', '/thing-groups/addThingToThingGroup', '{"thingName":["a"],"thingGroupName":"g"}'],
    ['PUT', '/thing-groups/addThingToThingGroup', ''],
    ['POST', '/test-authorization', '{"authInfos":[]}'],
    ['POST', '/test-authorization', '{"authInfos":[{"actionType":"FLY","resources":["x"]}]}'],
    ['PUT', '/target-policies/p', '{"target":{}}'],
  ])('refuses %s %s with body %s', async (method, path, body) => {
    const response = await createIotControlPlane(registry).handle(request(method, path, body));

    expect([response.status, response.headers?.['x-amzn-ErrorType']]).toEqual([
      400,
      'InvalidRequestException',
    ]);
  });

  it('takes null for absent', async () => {
    const body = '{"thingTypeName":null,"attributePayload":null}';

    expect((await createIotControlPlane(registry).handle(request('POST', '/things/a', body))).status).toBe(
      200,
    );
  });
});

describe('onChange', () => {
  it('tells of every change, and of nothing else, until it is ended', () => {
    let told = 0;
    const end = registry.onChange(() => {
      told += 1;
    });

    registry.things.create('mything1');
    registry.things.create('mything1');
    registry.groups.create('quarantine');
    registry.groups.updateMembership('mything1', { add: ['quarantine'], remove: [] });
    registry.groups.updateMembership('mything1', { add: ['quarantine'], remove: [] });
    end();
    registry.groups.updateMembership('mything1', { add: [], remove: ['quarantine'] });

    expect([told, registry.version()]).toEqual([3, 4]);
  });
});
