import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListAttachedPoliciesCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListTargetsForPolicyCommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iot';
import { aDocument, allow, deny, errorOf, now, prefix } from './builders';
import { registerOne, registry, send, useControlPlane } from './plane';

useControlPlane();

describe('policies', () => {
  const document = aDocument(allow('iot:*', '*'));

  it('keep at most five versions, whose ids increase and are not reused', async () => {
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

  it('can be deleted only when detached and down to one version', async () => {
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

  it('may have 2048 characters, not counting white space', () => {
    const spaced = JSON.stringify(JSON.parse(document), null, 1000);

    expect(registry.policies.create('policy', spaced).versions[0]?.text).toBe(spaced);
  });

  it('are listed for a target, with inherited ones on request, and their targets are listed', async () => {
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
  ])('cannot be attached to %s', async (target, expected) => {
    registry.policies.create('policy', document);

    expect(await errorOf(send(new AttachPolicyCommand({ policyName: 'policy', target })))).toBe(expected);
  });

  it('are limited to two for a thing group', async () => {
    const target = registry.groups.create('group').groupArn;
    for (const policyName of ['one', 'two', 'three']) registry.policies.create(policyName, document);
    const attach = (policyName: string) => errorOf(send(new AttachPolicyCommand({ policyName, target })));

    expect([await attach('one'), await attach('two'), await attach('two'), await attach('three')]).toEqual([
      'no error',
      'no error',
      'no error',
      '410 LimitExceededException',
    ]);
  });

  it('are limited to ten for a certificate', async () => {
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
