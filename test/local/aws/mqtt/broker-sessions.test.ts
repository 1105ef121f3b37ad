import { jest } from '@jest/globals';
import { decode, encode } from 'cborg';
import {
  allow,
  collect,
  deny,
  type Stack,
  stack,
  toPolicyText,
  tryPublish,
  useStack,
  waitFor,
  waitForClose,
} from './stack';

useStack();

interface Lifecycle {
  readonly topic: string;
  readonly event: Readonly<Record<string, unknown>>;
}

const spies: { mockRestore(): void }[] = [];

/**
 * The timers of this many milliseconds that were not cleared, each with its callback. They never fire by themselves.
 */
function watchTimers(delayMs: number): Map<unknown, () => void> {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const running = new Map<unknown, () => void>();
  spies.push(
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, ms?: number, ...args: []) => {
      const timer = set(act, ms, ...args);
      if (ms === delayMs) running.set(timer, act);
      return timer;
    }) as typeof set),
    jest.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
      running.delete(timer);
      clear(timer);
    }),
  );
  return running;
}

async function watchPresence(): Promise<Lifecycle[]> {
  const watcher = await stack.connect(await stack.addDevice('watcher'), { clientId: 'watcher' });
  const events: Lifecycle[] = [];
  watcher.on('message', (topic, payload) => events.push({ topic, event: JSON.parse(payload.toString()) }));
  await watcher.subscribeAsync('$aws/events/presence/#', { qos: 1 });
  return events;
}

describe('the presence events', () => {
  it('report when a client connects and disconnects, in the form of AWS IoT', async () => {
    const events = await watchPresence();
    const certificate = await stack.addDevice('mything1');

    const client = await stack.connect(certificate, { clientId: 'mything1' });
    await client.endAsync();

    await waitFor(() => events.length === 2);
    const { sessionIdentifier } = events[0]?.event ?? {};
    const common = {
      clientId: 'mything1',
      timestamp: expect.any(Number),
      sessionIdentifier,
      principalIdentifier: certificate.certificateId,
      versionNumber: 0,
    };
    expect(sessionIdentifier).toMatch(/^[0-9a-f]{32}$/);
    expect(events).toEqual([
      {
        topic: '$aws/events/presence/connected/mything1',
        event: { ...common, eventType: 'connected', ipAddress: '127.0.0.1' },
      },
      {
        topic: '$aws/events/presence/disconnected/mything1',
        event: {
          ...common,
          eventType: 'disconnected',
          clientInitiatedDisconnect: true,
          disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
        },
      },
    ]);
  });

  it('name the thing of an exclusive certificate, whatever the client id, and of no other', async () => {
    const events = await watchPresence();
    const { registry } = stack;
    const certificate = await stack.addDevice('mything1');
    const arn = registry.state.arns.build('cert', certificate.certificateId);
    await (await stack.connect(certificate, { clientId: 'mything1' })).endAsync();
    registry.things.detachPrincipal('mything1', arn);
    registry.things.attachPrincipal('mything1', arn, 'EXCLUSIVE_THING');
    await (await stack.connect(certificate, { clientId: 'other/id' })).endAsync();

    await waitFor(() => events.length === 4);
    expect(events.map(({ event }) => [event.clientId, event.thingName])).toEqual([
      ['mything1', undefined],
      ['mything1', undefined],
      ['other/id', 'mything1'],
      ['other/id', 'mything1'],
    ]);
  });

  it('can have times with a configured error', async () => {
    const events = await watchPresence();
    stack.broker.setPresenceSkewMs(-90_000);
    const before = Date.now();

    await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });

    await waitFor(() => events.length === 1);
    expect(Number(events[0]?.event.timestamp)).toBeLessThan(before - 60_000);
  });

  it('show that a second client with the same id replaces the first', async () => {
    const events = await watchPresence();
    const certificate = await stack.addDevice('mything1');
    const first = await stack.connect(certificate, { clientId: 'mything1' });

    const second = await stack.connect(certificate, { clientId: 'mything1' });

    await waitForClose(first);
    await waitFor(() => events.length === 3);
    expect(second.connected).toBe(true);
    expect(events.map(({ event }) => [event.eventType, event.versionNumber, event.disconnectReason])).toEqual(
      [
        ['connected', 0, undefined],
        ['disconnected', 0, 'DUPLICATE_CLIENTID'],
        ['connected', 1, undefined],
      ],
    );
  });

  it('report a client that is not authorized to connect, and none whose certificate is not accepted', async () => {
    const events = await watchPresence();
    const certificate = await stack.addDevice('mything1', [deny('iot:Connect', '*')]);

    await expect(stack.connect(certificate, { clientId: 'mything1' })).rejects.toThrow();

    await waitFor(() => events.length === 1);
    expect(events).toEqual([
      {
        topic: '$aws/events/presence/connect_failed/mything1',
        event: {
          clientId: 'mything1',
          timestamp: expect.any(Number),
          eventType: 'connect_failed',
          connectFailureReason: 'AUTHORIZATION_FAILED',
          sessionIdentifier: expect.stringMatching(/^[0-9a-f]{32}$/),
          principalIdentifier: certificate.certificateId,
          ipAddress: '127.0.0.1',
        },
      },
    ]);
  });

  it('distinguish a lost connection from a disconnect by the client', async () => {
    const events = await watchPresence();
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });

    client.stream.destroy();

    await waitFor(() => events.length === 2);
    expect(events[1]?.event).toMatchObject({
      clientInitiatedDisconnect: false,
      disconnectReason: 'CONNECTION_LOST',
    });
  });

  it('omit a client id that no topic can hold', async () => {
    const events = await watchPresence();
    const certificate = await stack.addDevice('mything1');

    await stack.connect(certificate, { clientId: '#' });
    await stack.connect(certificate, { clientId: 'a/+' });
    await stack.connect(certificate, { clientId: 'last' });

    await waitFor(() => events.length === 1);
    expect(events[0]?.topic).toBe('$aws/events/presence/connected/last');
  });
});

describe('DeleteConnection at the broker', () => {
  it('ends a session, gives the reason, and permits a reconnect', async () => {
    const certificate = await stack.addDevice('mything1');
    const client = await stack.connect(certificate, { clientId: 'mything1' });

    const isCut = await stack.broker.disconnect('mything1', {
      cleanSession: false,
      preventWillMessage: false,
    });
    await waitForClose(client);

    expect(isCut).toBe(true);
    expect(stack.broker.sessionOf('mything1')).toMatchObject({
      state: 'ended',
      endReason: 'API_INITIATED_DISCONNECT',
    });
    const again = await stack.connect(certificate, { clientId: 'mything1' });
    expect(again.connected).toBe(true);
  });

  it('finds no client under an id that is not connected', async () => {
    expect(await stack.broker.disconnect('nobody', { cleanSession: true, preventWillMessage: true })).toBe(
      false,
    );
  });

  it.each([
    [true, ['after x']],
    [false, ['will/mything1 gone', 'after x']],
  ])('sends the will unless prevented (%s)', async (preventWillMessage, expected) => {
    const watcher = await stack.connect(await stack.addDevice('watcher'), { clientId: 'watcher' });
    const received = collect(watcher);
    await watcher.subscribeAsync(['will/#', 'after'], { qos: 1 });
    const will = { topic: 'will/mything1', payload: Buffer.from('gone'), qos: 1 as const };
    await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1', will });

    await stack.broker.disconnect('mything1', { cleanSession: false, preventWillMessage });
    await watcher.publishAsync('after', 'x', { qos: 1 });

    await waitFor(() => received.includes('after x'));
    expect(received).toEqual(expected);
  });

  it.each([
    [{}, ['will/mything1 gone', 'after x']],
    // A will is a publish like others: the broker publishes none for a device without the right.
    [{ deny: true }, ['after x']],
  ])(
    'sends the will of a client whose certificate is deactivated, if it may publish it (%j)',
    async ({ deny: isDenied }: { deny?: boolean }, expected) => {
      const watcher = await stack.connect(await stack.addDevice('watcher'), { clientId: 'watcher' });
      const received = collect(watcher);
      await watcher.subscribeAsync(['will/#', 'after'], { qos: 1 });
      const statements = [allow('iot:*', '*'), ...(isDenied ? [deny('iot:Publish', 'topic/will/*')] : [])];
      const certificate = await stack.addDevice('mything1', statements);
      const will = { topic: 'will/mything1', payload: Buffer.from('gone'), qos: 1 as const };
      const client = await stack.connect(certificate, { clientId: 'mything1', will });

      stack.registry.certificates.setStatus(certificate.certificateId, 'INACTIVE');
      await waitForClose(client);
      await watcher.publishAsync('after', 'x', { qos: 1 });

      await waitFor(() => received.includes('after x'));
      expect(received).toEqual(expected);
    },
  );

  describe('for an MQTT 5 client that left a will with a delay', () => {
    let received: string[];
    let certificate: Awaited<ReturnType<Stack['addDevice']>>;
    const willDelayInterval = 4_321;
    const connectOptions = {
      clientId: 'mything1',
      protocolVersion: 5,
      clean: false,
      properties: { sessionExpiryInterval: 2 * willDelayInterval },
    } as const;
    /**
     * The running delays of wills, each with its callback. A test ends them, so the speed of the machine does not
     * matter.
     */
    let delays: Map<unknown, () => void>;

    beforeEach(async () => {
      delays = watchTimers(willDelayInterval * 1_000);
      const watcher = await stack.connect(await stack.addDevice('watcher'), { clientId: 'watcher' });
      received = collect(watcher);
      await watcher.subscribeAsync(['will/#', 'after'], { qos: 1 });
      certificate = await stack.addDevice('mything1');
      const client = await stack.connect(certificate, {
        ...connectOptions,
        will: {
          topic: 'will/mything1',
          payload: Buffer.from('gone'),
          qos: 1,
          properties: { willDelayInterval },
        },
      });
      client.stream.destroy();
      await waitFor(() => stack.broker.sessionOf('mything1')?.state === 'ended' && delays.size === 1);
    });
    afterEach(() => {
      for (const spy of spies.splice(0)) spy.mockRestore();
    });

    /** Starts another will with the same delay: when it is published, the first one is due as well. */
    async function passDelay(): Promise<void> {
      const before = delays.size;
      const client = await stack.connect(await stack.addDevice('clock'), {
        ...connectOptions,
        clientId: 'clock',
        will: {
          topic: 'after',
          payload: Buffer.from('delay'),
          qos: 1,
          properties: { willDelayInterval },
        },
      });
      client.stream.destroy();
      await waitFor(() => delays.size === before + 1);
      for (const publish of delays.values()) publish();
      await waitFor(() => received.includes('after delay'));
    }

    it('the broker publishes the will after the delay, even after a DeleteConnection', async () => {
      expect(
        await stack.broker.disconnect('mything1', { cleanSession: true, preventWillMessage: true }),
      ).toBe(false);
      expect(received).toEqual([]);

      await passDelay();

      expect(received).toEqual(['will/mything1 gone', 'after delay']);
    });

    it('the broker publishes no will that the policies forbid in the meantime', async () => {
      stack.registry.policies.create('silence', toPolicyText([deny('iot:Publish', 'topic/will/*')]));
      stack.registry.policies.attach(
        'silence',
        stack.registry.state.arns.build('cert', certificate.certificateId),
      );

      await passDelay();

      expect(received).toEqual(['after delay']);
    });

    it('the broker publishes no will of a client that reconnects in time', async () => {
      await stack.connect(certificate, connectOptions);

      await passDelay();

      expect(received).toEqual(['after delay']);
    });
  });

  it.each([
    [false, ['data one', 'data two']],
    [true, []],
  ])('keeps or drops the persistent session (dropped: %s)', async (cleanSession, expected) => {
    const certificate = await stack.addDevice('mything1');
    const sender = await stack.connect(await stack.addDevice('sender'), { clientId: 'sender' });
    const client = await stack.connect(certificate, { clientId: 'mything1', clean: false });
    await client.subscribeAsync('data', { qos: 1 });

    await stack.broker.disconnect('mything1', { cleanSession, preventWillMessage: true });
    await sender.publishAsync('data', 'one', { qos: 1 });
    await sender.publishAsync('data', 'two', { qos: 1 });
    const again = await stack.connect(certificate, { clientId: 'mything1', clean: false });
    const received = collect(again);

    await waitFor(() => received.length >= expected.length);
    await again.publishAsync('fence', 'x', { qos: 1 });
    expect(received).toEqual(expected);
  });
});

describe('the broker on Device Defender topics', () => {
  const report = { hed: { rid: 7, v: '1.0' }, cmet: { num_child_procs_myapp: [{ number: 1 }] } };

  it('answers a JSON report on the accepted topic', async () => {
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    const received = collect(client);
    await client.subscribeAsync('$aws/things/mything1/defender/metrics/json/+', { qos: 1 });

    await client.publishAsync('$aws/things/mything1/defender/metrics/json', JSON.stringify(report), {
      qos: 1,
    });

    await waitFor(() => received.length === 1);
    const [topic, ...rest] = received[0]?.split(' ') ?? [];
    expect(topic).toBe('$aws/things/mything1/defender/metrics/json/accepted');
    expect(JSON.parse(rest.join(' '))).toEqual({
      thingName: 'mything1',
      reportId: 7,
      status: 'ACCEPTED',
      timestamp: expect.any(Number),
    });
  });

  it('answers a CBOR report in CBOR', async () => {
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    const answers: unknown[] = [];
    client.on('message', (_, payload) => answers.push(decode(payload)));
    await client.subscribeAsync('$aws/things/mything1/defender/metrics/cbor/+', { qos: 1 });

    await client.publishAsync('$aws/things/mything1/defender/metrics/cbor', Buffer.from(encode(report)), {
      qos: 1,
    });

    await waitFor(() => answers.length === 1);
    expect(answers).toEqual([
      { thingName: 'mything1', reportId: 7, status: 'ACCEPTED', timestamp: expect.any(Number) },
    ]);
  });

  it('lets no client read the reports themselves', async () => {
    const client = await stack.connect(await stack.addDevice('mything1'), { clientId: 'mything1' });
    const received = collect(client);
    await client.subscribeAsync('$aws/things/mything1/defender/metrics/#', { qos: 1 });

    await client.publishAsync('$aws/things/mything1/defender/metrics/json', '{}', { qos: 1 });
    expect(await tryPublish(client, '$aws/things/mything1/defender/metrics/json/accepted', '{}')).toBe('cut');

    expect(received.map((line) => line.split(' ')[0])).toEqual([
      '$aws/things/mything1/defender/metrics/json/rejected',
    ]);
  });
});
