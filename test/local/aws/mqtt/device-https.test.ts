import type { DeviceHttps } from '../../../../local/aws/mqtt/device-https';
import { call, openDeviceHttps } from './device-https';
import { allow, collect, deny, denyAllBut, type Stack, startStack, toPolicyText, waitFor } from './stack';

let stack: Stack;
let https: DeviceHttps;
let currentAt: number;

beforeEach(async () => {
  currentAt = Date.now();
  stack = await startStack({ now: () => currentAt });
  https = await openDeviceHttps(stack, { now: () => currentAt });
});

afterEach(async () => {
  await https.close();
  await stack.close();
});

function denyByGroup(thingName: string): void {
  const { registry } = stack;
  registry.groups.create('held');
  registry.policies.create('held', toPolicyText([deny('iot:*', '*')]));
  registry.policies.attach('held', registry.state.arns.build('thinggroup', 'held'));
  registry.groups.updateMembership(thingName, { add: ['held'], remove: [] });
}

describe('Publish over HTTPS', () => {
  it('is handled like an MQTT publish, with the certificate as principal and no client id', async () => {
    stack.registry.rules.create('all', {
      sql: "SELECT clientid() AS client, principal() AS who, topic() AS topic FROM '#'",
      actions: [{ sqs: { queueUrl: 'https://sqs/q', roleArn: 'arn:role' } }],
    });
    const device = await stack.addDevice('mything1');
    const listener = await stack.connect(await stack.addDevice('other'), { clientId: 'other' });
    const received = collect(listener);
    await listener.subscribeAsync('app/#', { qos: 1 });

    const answer = await call(stack, https, device, 'POST /topics/app%2Fa?qos=1', { body: 'hello' });

    await waitFor(() => received.length === 1 && stack.performed.length === 1);
    expect(answer).toMatchObject({ status: 200, body: { message: 'OK' } });
    expect(received).toEqual(['app/a hello']);
    expect(JSON.parse(stack.performed[0]?.payload ?? '')).toEqual({
      client: 'n/a',
      who: device.certificateId,
      topic: 'app/a',
    });
  });

  it('is served on the port of MQTT too, to clients that request it by ALPN', async () => {
    const device = await stack.addDevice('mything1');
    const port = stack.broker.port;

    const answer = await call(stack, https, device, 'POST /topics/a', {
      body: 'x',
      port,
      alpn: ['x-amzn-http-ca'],
    });

    expect(answer.status).toBe(200);
  });

  it('is refused with 403 if no policy of the certificate allows it', async () => {
    const device = await stack.addDevice('mything1', [allow('iot:Publish', 'topic/mine')]);

    expect(await call(stack, https, device, 'POST /topics/mine')).toMatchObject({ status: 200 });
    expect(await call(stack, https, device, 'POST /topics/other')).toMatchObject({
      status: 403,
      errorType: 'ForbiddenException',
    });
  });

  it('is not bound by the policies of the groups of the thing', async () => {
    const device = await stack.addDevice('mything1');
    denyByGroup('mything1');

    expect(await call(stack, https, device, 'POST /topics/a', { body: 'x' })).toMatchObject({ status: 200 });
  });

  it('has no value for MQTT variables, even if the certificate is exclusive', async () => {
    const statements = [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
      allow('iot:Publish', 'topic/by-id/${iot:ClientId}', 'topic/${iot:Connection.Thing.ThingName}/a'),
      allow('iot:Publish', 'topic/plain'),
    ];
    const device = await stack.addDevice('mything1', statements);
    const { registry } = stack;
    const arn = registry.state.arns.build('cert', device.certificateId);
    registry.things.detachPrincipal('mything1', arn);
    registry.things.attachPrincipal('mything1', arn, 'EXCLUSIVE_THING');

    const statusOf = async (topic: string) =>
      (await call(stack, https, device, `POST /topics/${topic}`)).status;
    expect(await statusOf('plain')).toBe(200);
    expect(await statusOf('mything1/a')).toBe(403);
    expect(await statusOf('by-id/mything1')).toBe(403);
    expect(await statusOf('by-id/')).toBe(403);
  });

  it('is not denied by a statement whose variable has no value', async () => {
    const device = await stack.addDevice('mything1', [
      allow('iot:*', '*'),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
      denyAllBut('iot:Publish', 'topic/kept/${iot:ClientId}/*'),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
      deny('iot:Publish', 'topic/${iot:Connection.Thing.ThingName}/*'),
    ]);

    expect(await call(stack, https, device, 'POST /topics/mything1/a')).toMatchObject({ status: 200 });
  });

  it('is denied by the certificate’s own policy without variables', async () => {
    const device = await stack.addDevice('mything1', [
      allow('iot:*', '*'),
      denyAllBut('iot:*', 'topic/kept/*'),
    ]);

    expect(await call(stack, https, device, 'POST /topics/a')).toMatchObject({ status: 403 });
    expect(await call(stack, https, device, 'POST /topics/kept/a')).toMatchObject({ status: 200 });
  });

  it.each(['INACTIVE', 'REVOKED'])('is refused with 403 for a certificate that is %s', async (status) => {
    const device = await stack.addDevice('mything1');
    stack.registry.certificates.setStatus(device.certificateId, status);

    expect(await call(stack, https, device, 'POST /topics/a')).toMatchObject({
      status: 403,
      errorType: 'ForbiddenException',
    });
  });

  it('is refused with 403 for an unregistered certificate, and without one', async () => {
    const unknown = await stack.ca.issueDeviceCertificate({ commonName: 'stranger' });

    for (const certificate of [unknown, undefined])
      expect(await call(stack, https, certificate, 'POST /topics/a')).toMatchObject({ status: 403 });
  });

  it('requires the right to retain for a retained message', async () => {
    const device = await stack.addDevice('mything1', [allow('iot:Publish', '*')]);

    expect(await call(stack, https, device, 'POST /topics/a?retain=true')).toMatchObject({ status: 403 });
    expect(await call(stack, https, device, 'POST /topics/a')).toMatchObject({ status: 200 });
  });

  it('passes the properties of the request to MQTT 5 subscribers', async () => {
    const device = await stack.addDevice('mything1');
    const listener = await stack.connect(await stack.addDevice('other'), {
      clientId: 'other',
      protocolVersion: 5,
    });
    const properties: unknown[] = [];
    listener.on('message', (_topic, _payload, packet) => properties.push(packet.properties));
    await listener.subscribeAsync('a', { qos: 1 });
    const userProperties = Buffer.from('[{"k":"v"},{"k":"w"}]').toString('base64');

    await call(
      stack,
      https,
      device,
      'POST /topics/a?contentType=text%2Fplain&responseTopic=b&messageExpiry=60',
      {
        body: 'x',
        headers: {
          'x-amz-mqtt5-user-properties': userProperties,
          'x-amz-mqtt5-payload-format-indicator': 'UTF8_DATA',
          'x-amz-mqtt5-correlation-data': Buffer.from('c').toString('base64'),
        },
      },
    );

    const [told] = await waitFor(() => properties.length === 1 && properties);
    expect(told).toMatchObject({
      contentType: 'text/plain',
      responseTopic: 'b',
      payloadFormatIndicator: true,
      correlationData: Buffer.from('c'),
      userProperties: { k: ['v', 'w'] },
    });
  });

  it.each([
    ['POST /topics/a?qos=2', {}],
    ['POST /topics/a%2F%2B', {}],
    ['POST /topics/$aws%2Fevents%2Fx', {}],
    ['POST /topics/a?messageExpiry=soon', {}],
    ['POST /topics/a', { 'x-amz-mqtt5-payload-format-indicator': 'TEXT' }],
    ['POST /topics/a', { 'x-amz-mqtt5-user-properties': 'bm8=' }],
    ['POST /topics/a', { 'x-amz-mqtt5-correlation-data': '%%' }],
  ])('refuses %s with headers %j as invalid', async (target, headers) => {
    const device = await stack.addDevice('mything1');

    expect(await call(stack, https, device, target, { headers })).toMatchObject({
      status: 400,
      errorType: 'InvalidRequestException',
    });
  });

  it('refuses a payload that is too long', async () => {
    const device = await stack.addDevice('mything1');

    const answer = await call(stack, https, device, 'POST /topics/a', { body: 'x'.repeat(131_073) });

    expect(answer).toMatchObject({ status: 413, errorType: 'RequestEntityTooLargeException' });
  });

  it('follows a policy change only when the policy cache has it', async () => {
    await https.close();
    await stack.close();
    stack = await startStack({ now: () => currentAt, policyCacheSeconds: 60 });
    https = await openDeviceHttps(stack, { now: () => currentAt });
    const device = await stack.addDevice('mything1');
    currentAt += 120_000;
    await call(stack, https, device, 'POST /topics/a');
    const { registry } = stack;
    registry.policies.create('held', toPolicyText([deny('iot:Publish', '*')]));
    registry.policies.attach('held', registry.state.arns.build('cert', device.certificateId));

    expect(await call(stack, https, device, 'POST /topics/a')).toMatchObject({ status: 200 });
    currentAt += 60_000;
    expect(await call(stack, https, device, 'POST /topics/a')).toMatchObject({ status: 403 });
  });
});

describe('SendDirectMessage', () => {
  it('reaches a client that has not subscribed, and is refused without the right', async () => {
    const device = await stack.addDevice('mything1', [
      {
        ...allow('iot:SendDirectMessage', 'client/other'),
        Condition: { StringLike: { 'iot:Topic': 'cmd/*' } },
      },
    ]);
    const listener = await stack.connect(await stack.addDevice('other'), { clientId: 'other' });
    const received = collect(listener);
    const send = (query: string) =>
      call(stack, https, device, `POST /connections/other/messages?${query}`, { body: 'go' });

    expect(await send('topic=cmd%2Fa&confirmation=true&timeout=5')).toMatchObject({ status: 200 });
    expect(received).toEqual(['cmd/a go']);
    expect(await send('topic=telemetry')).toMatchObject({ status: 403 });
  });

  it('names a client that is not connected, and one that may not receive', async () => {
    const device = await stack.addDevice('mything1');
    const other = await stack.addDevice('other', [allow('iot:Connect', '*')]);
    const send = () => call(stack, https, device, 'POST /connections/other/messages?topic=a', { body: 'go' });

    expect(await send()).toMatchObject({ status: 404 });
    await stack.connect(other, { clientId: 'other' });
    expect(await send()).toMatchObject({ status: 403 });
  });
});
