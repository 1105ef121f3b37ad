import { Agent } from 'node:https';
import {
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  ListRetainedMessagesCommand,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { IssuedCertificate } from '../../../../local/aws/mqtt/certificates';
import { createIotDataPlane } from '../../../../local/aws/mqtt/data-plane';
import type { DeviceHttps } from '../../../../local/aws/mqtt/device-https';
import type { PolicyStatement } from '../../../../local/types';
import { startTestStack } from '../gateway/local-aws';
import { call, openDeviceHttps } from './device-https';
import { allow, type Stack, startStack, tryPublish, waitFor } from './stack';

const roleArn = 'arn:aws:iam::123456789012:role/device';
let stack: Stack;
let https: DeviceHttps;
let assumed: string[];
const currentAt = Date.now();

beforeEach(async () => {
  assumed = [];
  stack = await startStack({ now: () => currentAt });
  https = await openDeviceHttps(stack, {
    now: () => currentAt,
    credentials: {
      now: () => 1_800_000_000_000,
      assumeRole(role, certificateId) {
        if (role !== roleArn) throw new Error('no such role');
        assumed.push(certificateId);
        return { accessKeyId: 'ASIA1', secretAccessKey: 'secret', sessionToken: 'token' };
      },
    },
  });
});

afterEach(async () => {
  await https.close();
  await stack.close();
});

const ask = (device: IssuedCertificate, target: string, body?: string) =>
  call(stack, https, device, target, body === undefined ? {} : { body });

describe('retained messages', () => {
  it('can be listed and read by a certificate with the right, and by no other', async () => {
    const reader = await stack.addDevice('reader', [
      allow('iot:ListRetainedMessages', '*'),
      allow('iot:GetRetainedMessage', 'topic/app/*'),
    ]);
    const writer = await stack.connect(await stack.addDevice('writer'), { clientId: 'writer' });
    const none = await stack.addDevice('none', [allow('iot:Connect', '*')]);
    await writer.publishAsync('app/a', 'kept', { qos: 1, retain: true });
    await writer.publishAsync('secret', 'kept too', { qos: 0, retain: true });
    await writer.publishAsync('app/b', 'not kept', { qos: 1 });
    await waitFor(() => stack.broker.retained.get('secret'));

    expect((await ask(reader, 'GET /retainedMessage')).body).toEqual({
      retainedTopics: [
        { topic: 'app/a', payloadSize: 4, qos: 1, lastModifiedTime: currentAt },
        { topic: 'secret', payloadSize: 8, qos: 0, lastModifiedTime: currentAt },
      ],
    });
    expect((await ask(reader, 'GET /retainedMessage/app%2Fa')).body).toEqual({
      topic: 'app/a',
      payload: Buffer.from('kept').toString('base64'),
      qos: 1,
      lastModifiedTime: currentAt,
    });
    expect(await ask(reader, 'GET /retainedMessage/secret')).toMatchObject({ status: 403 });
    expect(await ask(reader, 'GET /retainedMessage/app%2Fb')).toMatchObject({ status: 404 });
    expect(await ask(none, 'GET /retainedMessage')).toMatchObject({ status: 403 });
  });

  it('end with an empty message', async () => {
    const device = await stack.addDevice('mything1');
    await ask(device, 'POST /topics/a?retain=true', 'kept');
    await ask(device, 'POST /topics/a?retain=true', '');

    expect((await ask(device, 'GET /retainedMessage')).body).toEqual({ retainedTopics: [] });
  });

  it('come page by page', async () => {
    const device = await stack.addDevice('mything1');
    for (const topic of ['a', 'b', 'c']) await ask(device, `POST /topics/${topic}?retain=true`, 'x');

    const first = (await ask(device, 'GET /retainedMessage?maxResults=2')).body;
    const second = (await ask(device, `GET /retainedMessage?nextToken=${first.nextToken}`)).body;

    expect(first.retainedTopics).toMatchObject([{ topic: 'a' }, { topic: 'b' }]);
    expect(second).toMatchObject({ retainedTopics: [{ topic: 'c' }] });
    expect(second).not.toHaveProperty('nextToken');
    expect(await ask(device, 'GET /retainedMessage?maxResults=0')).toMatchObject({ status: 400 });
  });

  it('are available with SigV4 too', async () => {
    const device = await stack.addDevice('mything1');
    await ask(device, 'POST /topics/a?retain=true', 'kept');
    const { broker, registry } = stack;
    const aws = await startTestStack({ iotdata: createIotDataPlane({ broker, registry }) });
    const client = new IoTDataPlaneClient(aws.clientConfig());

    const { retainedTopics } = await client.send(new ListRetainedMessagesCommand({}));
    const { payload } = await client.send(new GetRetainedMessageCommand({ topic: 'a' }));

    expect(retainedTopics).toMatchObject([{ topic: 'a', payloadSize: 4 }]);
    expect(Buffer.from(payload ?? []).toString()).toBe('kept');
    client.destroy();
    await aws.close();
  });

  it('require iot:RetainPublish over MQTT', async () => {
    const device = await stack.addDevice('mything1', [allow(['iot:Connect', 'iot:Publish'], '*')]);
    const client = await stack.connect(device, { clientId: 'mything1' });

    expect(await tryPublish(client, 'a', 'x', { qos: 1, retain: true })).toBe('cut');
    expect(stack.broker.retained.list()).toEqual([]);
  });
});

describe('the endpoint of the data plane', () => {
  it('serves SigV4 requests on the ports of MQTT and HTTPS, with the rights of the caller', async () => {
    const { broker, registry } = stack;
    const plane = createIotDataPlane({ broker, registry });
    const aws = await startTestStack({ iotdata: plane });
    await https.close();
    https = await openDeviceHttps(stack, {
      serveSigned: (request, response) => aws.gateway.serve(request, response),
    });
    const requestHandler = { httpsAgent: new Agent({ ca: stack.ca.certificatePem }) };
    const connect = (port: number, statements?: readonly PolicyStatement[]) =>
      new IoTDataPlaneClient({
        ...aws.clientConfig(statements),
        endpoint: `https://localhost:${port}`,
        requestHandler,
      });
    const publish = new PublishCommand({ topic: 'a', payload: Buffer.from('x'), retain: true });

    for (const port of [broker.port, https.port]) {
      const operator = connect(port);
      const nobody = connect(port, [{ Effect: 'Allow', Action: 'iot:GetConnection', Resource: '*' }]);
      await operator.send(publish);
      await expect(nobody.send(publish)).rejects.toThrow('not authorized');
      for (const client of [operator, nobody]) client.destroy();
    }

    expect(broker.retained.list()).toMatchObject([{ topic: 'a' }]);
    await aws.close();
  });
});

describe('shadows over HTTPS', () => {
  it('can be written, read, listed and deleted by a certificate with the right', async () => {
    const device = await stack.addDevice('mything1', [
      allow(['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow'], 'thing/mything1*'),
      allow('iot:ListNamedShadowsForThing', '*'),
    ]);
    const state = JSON.stringify({ state: { reported: { on: true } } });

    expect(await ask(device, 'POST /things/mything1/shadow', state)).toMatchObject({ status: 200 });
    expect(await ask(device, 'POST /things/mything1/shadow?name=two', state)).toMatchObject({ status: 200 });
    expect((await ask(device, 'GET /things/mything1/shadow?name=two')).body).toMatchObject({ version: 1 });
    expect(
      (await ask(device, 'GET /api/things/shadow/ListNamedShadowsForThing/mything1')).body,
    ).toMatchObject({ results: ['two'] });
    expect(await ask(device, 'DELETE /things/mything1/shadow')).toMatchObject({ status: 200 });
    expect(await ask(device, 'GET /things/mything1/shadow')).toMatchObject({ status: 404 });
  });

  it('require the right on the named shadow if one is named', async () => {
    const device = await stack.addDevice('mything1', [allow('iot:GetThingShadow', 'thing/mything1')]);

    expect(await ask(device, 'GET /things/mything1/shadow')).toMatchObject({ status: 404 });
    expect(await ask(device, 'GET /things/mything1/shadow?name=two')).toMatchObject({ status: 403 });
    expect(await ask(device, 'GET /things/other/shadow')).toMatchObject({ status: 403 });
  });
});

describe('jobs over HTTPS', () => {
  beforeEach(async () => {
    await stack.addDevice('other');
  });

  it('can be found, started and ended by a certificate with the right', async () => {
    const device = await stack.addDevice('mything1', [allow('iotjobsdata:*', 'thing/mything1')]);
    const { registry } = stack;
    const targets = [registry.state.arns.build('thing', 'mything1')];
    registry.jobs.create('restart', { targets, document: '{"operation":"restart"}' });

    expect((await ask(device, 'GET /things/mything1/jobs')).body).toMatchObject({
      inProgressJobs: [],
      queuedJobs: [{ jobId: 'restart', versionNumber: 1 }],
    });
    expect((await ask(device, 'PUT /things/mything1/jobs/$next', '{}')).body).toMatchObject({
      execution: { jobId: 'restart', status: 'IN_PROGRESS', jobDocument: '{"operation":"restart"}' },
    });
    const end = JSON.stringify({ status: 'SUCCEEDED', includeJobExecutionState: true });
    expect((await ask(device, 'POST /things/mything1/jobs/restart', end)).body).toMatchObject({
      executionState: { status: 'SUCCEEDED' },
    });
    expect((await ask(device, 'GET /things/mything1/jobs/restart')).body).toMatchObject({
      execution: { status: 'SUCCEEDED', thingName: 'mything1' },
    });
    expect(await ask(device, 'POST /things/mything1/jobs/restart', end)).toMatchObject({ status: 409 });
  });

  it('require an action with the prefix iotjobsdata', async () => {
    const device = await stack.addDevice('mything1', [allow('iot:*', '*')]);

    for (const target of ['GET /things/mything1/jobs', 'PUT /things/mything1/jobs/$next'])
      expect(await ask(device, target)).toMatchObject({ status: 403, errorType: 'ForbiddenException' });
  });
});

describe('the credentials provider', () => {
  const target = 'GET /role-aliases/uploads/credentials';
  const asThing = (device: IssuedCertificate, thing: string) =>
    call(stack, https, device, target, { headers: { 'x-amzn-iot-thingname': thing } });

  it('gives credentials of the role to a certificate with the right, with its thing or without', async () => {
    const device = await stack.addDevice('mything1', [
      allow('iot:AssumeRoleWithCertificate', 'rolealias/uploads'),
    ]);
    stack.registry.roleAliases.create('uploads', roleArn, 900);

    const answer = await asThing(device, 'mything1');

    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      credentials: {
        accessKeyId: 'ASIA1',
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiration: '2027-01-15T08:15:00Z',
      },
    });
    expect(await ask(device, target)).toMatchObject({ status: 200 });
    expect(assumed).toEqual([device.certificateId, device.certificateId]);
  });

  it('refuses in the order and with the texts of AWS', async () => {
    const none = await stack.addDevice('none', [allow('iot:Publish', '*')]);
    const device = await stack.addDevice('mything1', [allow('iot:AssumeRoleWithCertificate', '*')]);
    const { registry } = stack;

    expect(await asThing(device, 'other')).toMatchObject({
      status: 403,
      body: { message: 'Invalid thing name passed' },
    });
    expect(await ask(none, target)).toMatchObject({ status: 403, body: { message: 'Access Denied' } });
    expect(await ask(device, target)).toMatchObject({ status: 404 });
    registry.roleAliases.create('uploads', 'arn:aws:iam::123456789012:role/gone');
    expect(await ask(device, target)).toMatchObject({ status: 400 });
    registry.certificates.setStatus(device.certificateId, 'INACTIVE');
    expect(await ask(device, target)).toMatchObject({ status: 403, errorType: 'AccessDeniedException' });
    expect(assumed).toEqual([]);
  });
});
