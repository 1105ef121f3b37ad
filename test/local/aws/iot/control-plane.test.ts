import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  DescribeEndpointCommand,
  ListAttachedPoliciesCommand,
  TestAuthorizationCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
import { aDocument, allow, errorOf, prefix } from './builders';
import { registerOne, registry, send, server, useControlPlane } from './plane';

useControlPlane();

describe('createIotControlPlane', () => {
  it('asks IAM about the resources of the service authorization reference', async () => {
    const target = await registerOne();
    registry.things.create('mything1');
    registry.groups.create('quarantine');
    registry.policies.create('policy', aDocument(allow('iot:*', '*')));
    const member = { thingName: 'mything1', thingGroupName: 'quarantine' };
    const authInfos = [{ actionType: 'CONNECT' as const, resources: [`${prefix}client/mything1`] }];

    await send(new AddThingToThingGroupCommand(member));
    await send(new AttachPolicyCommand({ policyName: 'policy', target }));
    await send(new ListAttachedPoliciesCommand({ target }));
    await send(new TestAuthorizationCommand({ principal: target, authInfos }));
    await send(new UpdateCertificateCommand({ certificateId: target.split('/')[1], newStatus: 'INACTIVE' }));
    await send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));

    expect(server.asked).toEqual([
      'iot:RegisterCertificateWithoutCA on *',
      `iot:AddThingToThingGroup on ${prefix}thing/mything1, ${prefix}thinggroup/quarantine`,
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
    ['PUT', '/audit/mitigationactions/tasks/t'],
  ])('does not know %s %s', async (method, path) => {
    const plane = createIotControlPlane(registry);

    expect(plane.identify(request(method, path))).toBeUndefined();
    expect(await plane.handle(request(method, path))).toMatchObject({
      status: 404,
      headers: { 'x-amzn-errortype': 'UnknownOperationException' },
    });
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

  it('treats null as absent', async () => {
    const body = '{"thingTypeName":null,"attributePayload":null}';

    expect((await createIotControlPlane(registry).handle(request('POST', '/things/a', body))).status).toBe(
      200,
    );
  });
});

describe('onChange', () => {
  it('reports every change, and nothing else, until it is canceled', () => {
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

  it.each([
    [undefined, 'localhost:8883'],
    ['iot:Data-ATS', 'localhost:8883'],
    ['iot:CredentialProvider', 'localhost:8443'],
    ['iot:Jobs', 'localhost:8443'],
  ])('returns the endpoint of type %s', async (endpointType, endpointAddress) => {
    expect(await send(new DescribeEndpointCommand({ endpointType }))).toMatchObject({ endpointAddress });
  });

  it('refuses an endpoint of another type', async () => {
    const command = new DescribeEndpointCommand({ endpointType: 'iot:Other' });

    expect(await errorOf(send(command))).toBe('400 InvalidRequestException');
  });
});
