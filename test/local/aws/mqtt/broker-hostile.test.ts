import { connect } from 'node:tls';
import { stack, tryPublish, useStack, waitFor } from './stack';

useStack();

describe.each([4, 5] as const)('the broker and hostile messages of MQTT version %s', (protocolVersion) => {
  it.each([
    ['$SYS', '$SYS/x', 'x'],
    ['a lifecycle topic', '$aws/events/presence/connected/mything1', 'x'],
    ['an unknown reserved topic', '$aws/rules/x', 'x'],
    ['a topic of 8 slashes', 'a/b/c/d/e/f/g/h/i', 'x'],
    ['a topic of 257 bytes', `a${'é'.repeat(128)}`, 'x'],
    ['a topic with 128 KB and a byte', 'big', 'x'.repeat(131_073)],
    ['a topic with 3 MB', 'huge', 'x'.repeat(3_000_000)],
  ])('closes the connection on a publish to %s whatever the policy', async (_, topic, payload) => {
    const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a', protocolVersion });

    expect(await tryPublish(client, topic, payload, { qos: 1 })).toBe('cut');

    await waitFor(() => stack.broker.sessionOf('a')?.state === 'ended');
    expect(stack.broker.sessionOf('a')).toMatchObject({ endReason: 'CLIENT_ERROR' });
  });

  it('accepts a payload of exactly 128 KB', async () => {
    const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a', protocolVersion });

    await client.publishAsync('big', 'x'.repeat(131_072), { qos: 1 });

    expect(client.connected).toBe(true);
  });

  it('closes the connection on QoS 2, which AWS IoT does not support', async () => {
    const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a', protocolVersion });

    expect(await tryPublish(client, 'x', 'x', { qos: 2 })).toBe('cut');
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'serves a client that is called %s, and its session and topic of that name',
    async (clientId) => {
      const certificate = await stack.addDevice('a');
      const first = await stack.connect(certificate, { clientId, protocolVersion });
      const ended = new Promise<void>((resolve) => first.once('close', () => resolve()));
      const client = await stack.connect(certificate, { clientId, protocolVersion });
      await ended;
      const received: string[] = [];
      client.on('message', (topic) => received.push(topic));

      await client.subscribeAsync(clientId, { qos: 1 });
      await client.publishAsync(clientId, 'x', { qos: 1 });
      await waitFor(() => received.length > 0);
      await client.unsubscribeAsync(clientId);
      await client.publishAsync(clientId, 'x', { qos: 1 });
      await client.publishAsync('another', 'x', { qos: 1 });

      expect(received).toEqual([clientId]);
      expect(stack.broker.sessionOf(clientId)).toMatchObject({ state: 'connected' });
    },
  );

  it.each(['$SYS/#', '$share/group/x'])(
    'refuses a subscription to %s whatever the policy',
    async (filter) => {
      const client = await stack.connect(await stack.addDevice('a'), { clientId: 'a', protocolVersion });

      await expect(client.subscribeAsync(filter)).rejects.toThrow();
    },
  );
});

describe('the broker and hostile bytes', () => {
  const connectPacket = Buffer.from([0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 1, 97]);

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a publish before CONNECT', Buffer.from([0x30, 3, 0, 1, 97])],
    ['an unknown protocol name', Buffer.from([0x10, 13, 0, 4, 88, 88, 88, 88, 4, 2, 0, 60, 0, 1, 97])],
    ['an MQTT 6', Buffer.from([0x10, 14, 0, 4, 77, 81, 84, 84, 6, 2, 0, 60, 0, 0, 1, 97])],
    [
      'a property that MQTT 5 does not have',
      Buffer.from([0x10, 16, 0, 4, 77, 81, 84, 84, 5, 2, 0, 60, 2, 0x7f, 1, 0, 1, 97]),
    ],
    ['a second CONNECT', Buffer.concat([connectPacket, connectPacket])],
    [
      'a remaining length without end',
      Buffer.concat([connectPacket, Buffer.from([0x30, 255, 255, 255, 255, 255])]),
    ],
    ['a topic longer than its packet', Buffer.concat([connectPacket, Buffer.from([0x30, 3, 255, 255, 97])])],
    ['an empty topic', Buffer.concat([connectPacket, Buffer.from([0x30, 2, 0, 0])])],
    ['a subscription without filter', Buffer.concat([connectPacket, Buffer.from([0x82, 2, 0, 1])])],
    ['a packet type that does not exist', Buffer.concat([connectPacket, Buffer.from([0x00, 0])])],
  ])('closes the connection on %s and serves the other clients', async (_, bytes) => {
    const certificate = await stack.addDevice('a');
    const good = await stack.connect(await stack.addDevice('good'), { clientId: 'good' });
    const socket = connect({
      host: '127.0.0.1',
      port: stack.broker.port,
      ca: stack.ca.certificatePem,
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem,
    });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.resume();

    socket.write(bytes);
    await closed;

    expect(await tryPublish(good, 'still/here', 'x')).toBe('acknowledged');
    expect(stack.broker.sessionOf('a')?.state ?? 'ended').toBe('ended');
  });
});
