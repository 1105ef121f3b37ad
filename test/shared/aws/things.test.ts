import {
  AddThingToThingGroupCommand,
  DescribeThingCommand,
  GetEffectivePoliciesCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListPrincipalThingsCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
  RemoveThingFromThingGroupCommand,
  TestAuthorizationCommand,
} from '@aws-sdk/client-iot';
import { connectThings } from '../../../shared/aws/things';
import { awsError } from '../../aws-error';
import { certificateArn } from '../../builders';
import { mockClient } from '../../mock-client';

const iot = mockClient(IoTClient);
const things = connectThings('arn:aws:iot:us-east-1:000000000000', new IoTClient({ region: 'us-east-1' }));

beforeEach(() => iot.reset());

const inputs = () => iot.calls().map(({ args }) => args[0].input);

describe('the things port', () => {
  it('describes a thing by its attributes and type', async () => {
    iot.on(DescribeThingCommand).resolvesOnce({ attributes: { critical: 'true' }, thingTypeName: 'pump' });
    iot.on(DescribeThingCommand, { thingName: 'bare' }).resolves({});

    expect(await things.describe('mything1')).toEqual({
      attributes: { critical: 'true' },
      thingTypeName: 'pump',
    });
    expect(await things.describe('bare')).toEqual({ attributes: {} });
  });

  it('returns undefined if the registry has no such thing, and fails on any other fault', async () => {
    iot
      .on(DescribeThingCommand)
      .rejectsOnce(awsError('ResourceNotFoundException'))
      .rejectsOnce(awsError('ThrottlingException'));

    expect(await things.describe('ghost')).toBeUndefined();
    await expect(things.describe('mything1')).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('lists the groups of a thing', async () => {
    iot
      .on(ListThingGroupsForThingCommand)
      .resolvesOnce({ thingGroups: [{ groupName: 'sensors', groupArn: 'arn' }, {}], nextToken: 'more' })
      .resolves({ thingGroups: [{ groupName: 'above-sensors' }] });

    expect(await things.listGroups('mything1')).toEqual(['sensors', 'above-sensors']);
  });

  it('reads every page of a thing’s certificates', async () => {
    iot
      .on(ListThingPrincipalsCommand)
      .resolvesOnce({ principals: ['p1'], nextToken: 't1' })
      .resolvesOnce({ principals: [], nextToken: 't2' })
      .resolvesOnce({ principals: ['p2'] });

    expect(await things.listPrincipals('mything1')).toEqual(['p1', 'p2']);
    expect(inputs()).toEqual([
      { thingName: 'mything1', nextToken: undefined },
      { thingName: 'mything1', nextToken: 't1' },
      { thingName: 'mything1', nextToken: 't2' },
    ]);
  });

  it('reads every page of a certificate’s policies and things', async () => {
    iot
      .on(ListAttachedPoliciesCommand)
      .resolvesOnce({ policies: [{ policyName: 'a' }, {}], nextMarker: 'm1' })
      .resolvesOnce({ policies: [{ policyName: 'b' }] });
    iot
      .on(ListPrincipalThingsCommand)
      .resolvesOnce({ things: ['mything1'], nextToken: 't1' })
      .resolvesOnce({ things: ['mything2'] });

    expect(await things.listPolicies(certificateArn)).toEqual(['a', 'b']);
    expect(await things.listThingsOfPrincipal(certificateArn)).toEqual(['mything1', 'mything2']);
    expect(inputs()).toEqual([
      { target: certificateArn, marker: undefined },
      { target: certificateArn, marker: 'm1' },
      { principal: certificateArn, nextToken: undefined },
      { principal: certificateArn, nextToken: 't1' },
    ]);
  });

  it('fails rather than return part of a list when a page fails', async () => {
    iot
      .on(ListPrincipalThingsCommand)
      .resolvesOnce({ things: ['mything1'], nextToken: 't1' })
      .rejectsOnce(awsError('ThrottlingException'));

    await expect(things.listThingsOfPrincipal(certificateArn)).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
  });

  it('adds a thing to a group and removes it', async () => {
    iot.on(AddThingToThingGroupCommand).resolves({});
    iot.on(RemoveThingFromThingGroupCommand).resolves({});

    await things.addToGroup('mything1', 'cordon-quarantine');
    await things.removeFromGroup('mything1', 'cordon-quarantine');

    const input = { thingName: 'mything1', thingGroupName: 'cordon-quarantine' };
    expect(inputs()).toEqual([input, input]);
  });

  it('asks AWS IoT whether it would allow a publish by the client', async () => {
    iot.on(TestAuthorizationCommand).resolves({ authResults: [{ authDecision: 'EXPLICIT_DENY' }] });

    expect(await things.testPublish(certificateArn, 'mything1', 'a/b')).toBe('EXPLICIT_DENY');
    expect(inputs()).toEqual([
      {
        principal: certificateArn,
        clientId: 'mything1',
        authInfos: [{ actionType: 'PUBLISH', resources: ['arn:aws:iot:us-east-1:000000000000:topic/a/b'] }],
      },
    ]);
  });

  it('asks about a publish without a client id, and with a policy as if it were attached', async () => {
    iot.on(TestAuthorizationCommand).resolves({ authResults: [{ authDecision: 'ALLOWED' }] });

    expect(await things.testPublish(certificateArn, undefined, 'a/b', 'deny')).toBe('ALLOWED');
    expect(inputs()).toMatchObject([{ clientId: undefined, policyNamesToAdd: ['deny'] }]);
  });

  it.each([
    [undefined, { principal: certificateArn, thingName: undefined }],
    ['mything1', { principal: certificateArn, thingName: 'mything1' }],
  ])(
    'lists the policies in effect for a certificate, with those of the groups of %s',
    async (thingName, input) => {
      const effectivePolicies = [{ policyName: 'deny', policyDocument: '{}' }, { policyArn: 'nameless' }];
      iot.on(GetEffectivePoliciesCommand).resolves({ effectivePolicies });

      expect(await things.listEffectivePolicies(certificateArn, thingName)).toEqual([
        { policyName: 'deny', document: '{}' },
      ]);
      expect(inputs()).toEqual([input]);
    },
  );

  it.each([{}, { authResults: [] }, { authResults: [{}] }])(
    'never reads the answer %j as a denial',
    async (answer) => {
      iot.on(TestAuthorizationCommand).resolves(answer);

      expect(await things.testPublish(certificateArn, 'mything1', 'a/b')).toBeUndefined();
    },
  );
});
