import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DeleteConnectionCommand,
  DeleteThingShadowCommand,
  GetConnectionCommand,
  GetThingShadowCommand,
  IoTDataPlaneClient,
  PublishCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { createIotDataPlane } from '../../../../local/aws/mqtt/data-plane';
import type { ApiRequest, IamRequest, ServiceHandler } from '../../../../local/types';
import { collect, type Stack, startStack, waitFor, waitForClose } from './stack';

let stack: Stack;
let server: Server;
let client: IoTDataPlaneClient;
let asked: (IamRequest | undefined)[];
let currentAt: number;

beforeEach(async () => {
  currentAt = Date.now();
  asked = [];
  stack = await startStack({ now: () => currentAt });
  const plane = createIotDataPlane({ broker: stack.broker, registry: stack.registry, now: () => currentAt });
  server = await serve(plane);
  client = new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await stack.close();
});

async function serve(plane: ServiceHandler): Promise<Server> {
  const http = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
      const request = aRequest({
        method: incoming.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        body: Buffer.concat(chunks),
      });
      asked.push(plane.identify(request));
      plane.handle(request).then(
        ({ status, headers, body }) => outgoing.writeHead(status, { ...headers }).end(body),
        () => outgoing.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return http;
}

function aRequest(overrides: Partial<ApiRequest> = {}): ApiRequest {
  return {
    service: 'iotdata',
    method: 'GET',
    path: '/',
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.alloc(0),
    caller: { accessKeyId: 'AKIDLOCAL', arn: 'arn:aws:iam::123456789012:user/local-operator' },
    ...overrides,
  };
}

describe('Publish', () => {
  it('reaches subscribers and rules', async () => {
    stack.registry.rules.create('all', {
      sql: "SELECT clientid() AS client, a FROM 'cmd/+'",
      actions: [{ sqs: { queueUrl: 'https://sqs/q', roleArn: 'arn:role' } }],
    });
    const device = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    const received = collect(device);
    await device.subscribeAsync('cmd/#', { qos: 1 });

    await client.send(new PublishCommand({ topic: 'cmd/mything1', qos: 1, payload: Buffer.from('{"a":1}') }));

    await waitFor(() => received.length === 1 && stack.performed.length === 1);
    expect(received).toEqual(['cmd/mything1 {"a":1}']);
    expect(stack.performed[0]?.payload).toBe('{"client":"n/a","a":1}');
    expect(asked).toEqual([
      { action: 'iot:Publish', resources: ['arn:aws:iot:eu-west-1:123456789012:topic/cmd/mything1'] },
    ]);
  });

  it('keeps a retained message for later subscribers, and requires the right to retain', async () => {
    await client.send(
      new PublishCommand({ topic: 'cmd/mything1', qos: 1, retain: true, payload: Buffer.from('kept') }),
    );
    const device = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    const received = collect(device);
    await device.subscribeAsync('cmd/#', { qos: 1 });

    await waitFor(() => received.length === 1);
    expect(received).toEqual(['cmd/mything1 kept']);
    expect(asked).toMatchObject([{ action: 'iot:Publish', alsoNeeds: ['iot:RetainPublish'] }]);
  });

  it.each(['$SYS/x', 'a/+', '$aws/events/x', 'a/b/c/d/e/f/g/h/i'])('refuses the topic %s', async (topic) => {
    await expect(client.send(new PublishCommand({ topic, payload: Buffer.from('x') }))).rejects.toMatchObject(
      {
        name: 'InvalidRequestException',
      },
    );
  });
});

describe('DeleteConnection', () => {
  it('ends the session of the client and gives the reason', async () => {
    const device = await stack.connect(await stack.addDevice('mything1'), {
      clientId: 'mything1',
      keepalive: 30,
    });

    await client.send(
      new DeleteConnectionCommand({ clientId: 'mything1', cleanSession: true, preventWillMessage: true }),
    );

    await waitForClose(device);
    const { $metadata: _, ...connection } = await client.send(
      new GetConnectionCommand({ clientId: 'mything1' }),
    );
    expect(connection).toEqual({
      clientId: 'mything1',
      connected: false,
      thingName: 'mything1',
      cleanSession: true,
      keepAliveDuration: 30,
      sessionExpiry: 0,
      disconnectedSince: currentAt,
      disconnectReason: 'API_INITIATED_DISCONNECT',
    });
    expect(asked).toEqual([
      { action: 'iot:DeleteConnection', resources: ['arn:aws:iot:eu-west-1:123456789012:client/mything1'] },
      { action: 'iot:GetConnection', resources: ['arn:aws:iot:eu-west-1:123456789012:client/mything1'] },
    ]);
  });

  it('finds no client that is not connected', async () => {
    await expect(client.send(new DeleteConnectionCommand({ clientId: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it.each([
    ['begins with $', '$aws'],
    ['has two lines', 'a\nb'],
    ['has 129 characters', 'x'.repeat(129)],
  ])('refuses a client id that %s', async (_what, clientId) => {
    for (const command of [new DeleteConnectionCommand({ clientId }), new GetConnectionCommand({ clientId })])
      await expect(client.send(command as DeleteConnectionCommand)).rejects.toMatchObject({
        name: 'InvalidRequestException',
      });
  });

  it('finds a client whose id needs encoding', async () => {
    const device = await stack.connect(await stack.addDevice('mything1'), { clientId: 'a/b c' });

    await client.send(new DeleteConnectionCommand({ clientId: 'a/b c' }));

    await waitForClose(device);
    expect(device.connected).toBe(false);
  });
});

describe('GetConnection', () => {
  it('describes a connected client', async () => {
    await stack.connect(await stack.addDevice('mything1'), {
      clientId: 'mything1',
      keepalive: 30,
      clean: false,
    });

    const { $metadata: _, ...connection } = await client.send(
      new GetConnectionCommand({ clientId: 'mything1', includeSocketInformation: true }),
    );

    expect(connection).toEqual({
      clientId: 'mything1',
      connected: true,
      thingName: 'mything1',
      cleanSession: false,
      keepAliveDuration: 30,
      sessionExpiry: 3600,
      connectedSince: currentAt,
      sourceIp: '127.0.0.1',
      sourcePort: expect.any(Number),
      targetIp: '127.0.0.1',
      targetPort: stack.broker.port,
    });
  });

  it('forgets after 30 minutes why a client left', async () => {
    await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    await stack.broker.disconnect('mything1', { cleanSession: true, preventWillMessage: true });
    currentAt += 30 * 60_000;

    const connection = await client.send(new GetConnectionCommand({ clientId: 'mything1' }));

    expect([connection.connected, connection.disconnectReason]).toEqual([false, undefined]);
  });

  it('does not find a client that never connected', async () => {
    await expect(client.send(new GetConnectionCommand({ clientId: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('shadows', () => {
  async function update(document: unknown): Promise<unknown> {
    const payload = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
    const answer = await client.send(new UpdateThingShadowCommand({ thingName: 'mything1', payload }));
    return JSON.parse(Buffer.from(answer.payload ?? []).toString());
  }

  async function read(): Promise<unknown> {
    const answer = await client.send(new GetThingShadowCommand({ thingName: 'mything1' }));
    return JSON.parse(Buffer.from(answer.payload ?? []).toString());
  }

  beforeEach(async () => {
    await stack.addDevice('mything1');
  });

  it('merge desired and reported state, and show the difference', async () => {
    await update({ state: { desired: { quarantine: true, a: { b: 1, c: 2 } } } });
    await update({ state: { desired: { a: { c: null } }, reported: { a: { b: 0 } } } });

    expect(await read()).toEqual({
      state: {
        desired: { quarantine: true, a: { b: 1 } },
        reported: { a: { b: 0 } },
        delta: { quarantine: true, a: { b: 1 } },
      },
      version: 2,
      timestamp: Math.floor(currentAt / 1000),
    });
  });

  it('refuse an update of another version', async () => {
    await update({ state: { desired: { a: 1 } }, version: 0 });

    await expect(update({ state: { desired: { a: 2 } }, version: 0 })).rejects.toMatchObject({
      name: 'ConflictException',
      $metadata: { httpStatusCode: 409 },
    });
  });

  it('continue counting versions after a delete', async () => {
    await update({ state: { desired: { a: 1 } } });
    await client.send(new DeleteThingShadowCommand({ thingName: 'mything1' }));
    await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });

    expect(await update({ state: { desired: { a: 1 } } })).toMatchObject({ version: 2 });
  });

  it.each([
    ['no JSON', '{', 'InvalidRequestException'],
    ['no state', '{}', 'InvalidRequestException'],
    ['another section', '{"state":{"wished":{}}}', 'InvalidRequestException'],
    ['a list for a section', '{"state":{"desired":[]}}', 'InvalidRequestException'],
    ['a bad version', '{"state":{},"version":"1"}', 'InvalidRequestException'],
    [
      'a deep document',
      `{"state":{"desired":{"a":${'['.repeat(4000)}${']'.repeat(4000)}}}}`,
      'InvalidRequestException',
    ],
    [
      'more than 8 KB',
      JSON.stringify({ state: { desired: { a: 'x'.repeat(8192) } } }),
      'RequestEntityTooLargeException',
    ],
  ])('refuse %s', async (_, document, name) => {
    await expect(update(document)).rejects.toMatchObject({ name });
  });

  it('accept __proto__ as an ordinary field', async () => {
    await update('{"state":{"desired":{"__proto__":{"a":1}}}}');

    expect(JSON.stringify(await read())).toContain('"desired":{"__proto__":{"a":1}}');
  });
});

describe('an operation that is not emulated', () => {
  it.each([
    ['GET', '/connections/a/subscriptions'],
    ['PUT', '/things/a/jobs/a'],
    ['GET', '/api/things/shadow/ListNamedShadowsForThing/'],
    ['PATCH', '/things/a/shadow'],
    ['GET', '/connections/%E0%A4%A'],
    ['GET', '/'],
  ])('is not passed to IAM: %s %s', (method, path) => {
    const plane = createIotDataPlane({ broker: stack.broker, registry: stack.registry });

    expect(plane.identify(aRequest({ method, path }))).toBeUndefined();
  });
});
