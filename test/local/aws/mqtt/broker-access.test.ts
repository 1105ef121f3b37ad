import {
  allow,
  clock,
  collect,
  deny,
  denyAllBut,
  stack,
  toPolicyText,
  tryPublish,
  useStack,
  waitFor,
  waitForClose,
} from './stack';

useStack({ now: () => clock.at });

function quarantine(thingName: string): void {
  const { registry } = stack;
  registry.groups.create('cordon-quarantine');
  registry.policies.create(
    'cordon-quarantine',
    toPolicyText([
      denyAllBut(
        ['iot:Publish', 'iot:Receive'],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
        'topic/$aws/things/${iot:ClientId}/defender/*',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
        'topic/cordon/things/${iot:ClientId}/*',
      ),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
      denyAllBut('iot:Subscribe', 'topicfilter/cordon/things/${iot:ClientId}/*'),
    ]),
  );
  const group = registry.state.arns.build('thinggroup', 'cordon-quarantine');
  registry.policies.attach('cordon-quarantine', group);
  registry.groups.updateMembership(thingName, { add: ['cordon-quarantine'], remove: [] });
}

describe.each([4, 5] as const)('the broker and policies, MQTT version %s', (protocolVersion) => {
  it('refuses a client id that iot:Connect does not allow', async () => {
    const certificate = await stack.addDevice('mything1', [allow('iot:Connect', 'client/mything1')]);

    await expect(stack.connect(certificate, { clientId: 'mything2', protocolVersion })).rejects.toThrow(
      'Not authorized',
    );

    expect(stack.broker.sessionOf('mything2')).toMatchObject({ state: 'ended', endReason: 'AUTH_ERROR' });
  });

  it.each(['$aws', '$x', 'x'.repeat(129)])('refuses the client id %s', async (clientId) => {
    const certificate = await stack.addDevice('mything1');

    await expect(stack.connect(certificate, { clientId, protocolVersion })).rejects.toThrow(
      /Identifier (rejected|not valid)/i,
    );
  });

  it('refuses an empty client id', async () => {
    const certificate = await stack.addDevice('mything1');

    await expect(stack.connect(certificate, { clientId: '', clean: true, protocolVersion })).rejects.toThrow(
      /Identifier (rejected|not valid)/i,
    );
  });

  it('delivers allowed messages', async () => {
    const sender = await stack.connect(await stack.addDevice('a'), { clientId: 'a', protocolVersion });
    const receiver = await stack.connect(await stack.addDevice('b'), { clientId: 'b', protocolVersion });
    const received = collect(receiver);
    await receiver.subscribeAsync('data/#', { qos: 1 });

    await sender.publishAsync('data/1', 'one', { qos: 1 });

    await waitFor(() => received.length === 1);
    expect(received).toEqual(['data/1 one']);
  });

  it('closes the connection on a denied publish, without an acknowledgement, and disturbs no other client', async () => {
    const bad = await stack.addDevice('bad', [allow('iot:Connect', '*'), allow('iot:Publish', 'topic/mine')]);
    const badClient = await stack.connect(bad, { clientId: 'bad', protocolVersion });
    const good = await stack.connect(await stack.addDevice('good'), { clientId: 'good', protocolVersion });
    const received = collect(good);
    await good.subscribeAsync('#', { qos: 1 });

    expect(await tryPublish(badClient, 'other', 'x', { qos: 1 })).toBe('cut');
    await good.publishAsync('still/here', 'y', { qos: 1 });

    await waitFor(() => received.length === 1);
    expect(received).toEqual(['still/here y']);
    expect(badClient.connected).toBe(false);
    expect(stack.broker.sessionOf('bad')).toMatchObject({ state: 'ended', endReason: 'AUTH_ERROR' });
    expect(stack.broker.sessionOf('good')).toMatchObject({ state: 'connected' });
  });

  it('accepts no message that follows a denied one in the same write', async () => {
    const bad = await stack.addDevice('bad', [allow('iot:Connect', '*'), allow('iot:Publish', 'topic/mine')]);
    const badClient = await stack.connect(bad, { clientId: 'bad', protocolVersion });
    const good = await stack.connect(await stack.addDevice('good'), { clientId: 'good', protocolVersion });
    const received = collect(good);
    await good.subscribeAsync('#', { qos: 1 });

    badClient.stream.cork();
    for (const topic of ['mine', 'other', 'mine']) badClient.publish(topic, 'x');
    badClient.stream.uncork();
    await waitForClose(badClient);
    await good.publishAsync('last', 'y', { qos: 1 });

    await waitFor(() => received.includes('last y'));
    expect(received).toEqual(['mine x', 'last y']);
  });

  it('answers a denied subscribe with a failure and closes the connection', async () => {
    const statements = [allow('iot:Connect', '*'), allow('iot:Subscribe', 'topicfilter/mine')];
    const client = await stack.connect(await stack.addDevice('a', statements), {
      clientId: 'a',
      protocolVersion,
    });
    const closed = waitForClose(client);

    await expect(client.subscribeAsync('other')).rejects.toThrow(/Subscribe error|Not authorized/);

    await closed;
    await waitFor(() => stack.broker.sessionOf('a')?.state === 'ended');
    expect(stack.broker.sessionOf('a')).toMatchObject({ endReason: 'AUTH_ERROR' });
  });

  it('withholds a message from a subscriber that may not receive its topic', async () => {
    const statements = [
      allow(['iot:Connect', 'iot:Subscribe', 'iot:Publish'], '*'),
      allow('iot:Receive', 'topic/data/1'),
    ];
    const client = await stack.connect(await stack.addDevice('a', statements), {
      clientId: 'a',
      protocolVersion,
    });
    const received = collect(client);
    await client.subscribeAsync('data/+', { qos: 1 });

    await client.publishAsync('data/2', 'hidden', { qos: 1 });
    await client.publishAsync('data/1', 'seen', { qos: 1 });

    await waitFor(() => received.length === 1);
    expect(received).toEqual(['data/1 seen']);
  });

  it('requires iot:RetainPublish for a retained message', async () => {
    const statements = [allow(['iot:Connect', 'iot:Publish'], '*')];
    const client = await stack.connect(await stack.addDevice('a', statements), {
      clientId: 'a',
      protocolVersion,
    });

    expect(await tryPublish(client, 'data', 'x', { qos: 1, retain: true })).toBe('cut');
  });

  it('publishes a will only if the policy allows its topic', async () => {
    const statements = [allow('iot:Connect', '*'), allow('iot:Publish', 'topic/will/ok')];
    const certificate = await stack.addDevice('a', statements);
    const watcher = await stack.connect(await stack.addDevice('b'), { clientId: 'b', protocolVersion });
    const received = collect(watcher);
    await watcher.subscribeAsync('will/#', { qos: 1 });

    for (const topic of ['will/denied', 'will/ok']) {
      const client = await stack.connect(certificate, {
        clientId: 'a',
        will: { topic, payload: 'gone', qos: 1 },
      });
      client.stream.destroy();
      await waitForClose(client);
    }

    await waitFor(() => received.length === 1);
    expect(received).toEqual(['will/ok gone']);
  });

  it('applies a group’s deny only if the client id is the name of the thing', async () => {
    const certificate = await stack.addDevice('mything1');
    quarantine('mything1');
    const asThing = await stack.connect(certificate, { clientId: 'mything1', protocolVersion });
    const asOther = await stack.connect(certificate, { clientId: 'mything1-backup', protocolVersion });

    expect(await tryPublish(asThing, 'app/data', 'x', { qos: 1 })).toBe('cut');
    await asOther.publishAsync('app/data', 'x', { qos: 1 });

    expect(asOther.connected).toBe(true);
  });

  it('keeps the own topics of a quarantined thing open', async () => {
    const certificate = await stack.addDevice('mything1');
    quarantine('mything1');
    const client = await stack.connect(certificate, { clientId: 'mything1', protocolVersion });
    const received = collect(client);
    await client.subscribeAsync('cordon/things/mything1/#', { qos: 1 });

    await client.publishAsync('cordon/things/mything1/reports/json', '{}', { qos: 1 });
    await waitFor(() => received.length === 1);
    expect(await tryPublish(client, 'cordon/things/mything2/reports/json', '{}')).toBe('cut');

    expect(received).toEqual(['cordon/things/mything1/reports/json {}']);
  });

  it('stops deliveries on a subscription that was made before the deny', async () => {
    const certificate = await stack.addDevice('mything1');
    const client = await stack.connect(certificate, { clientId: 'mything1', protocolVersion });
    const received = collect(client);
    await client.subscribeAsync(['app/#', 'cordon/things/mything1/#'], { qos: 1 });
    const sender = await stack.connect(await stack.addDevice('mything2'), {
      clientId: 'mything2',
      protocolVersion,
    });

    quarantine('mything1');
    await sender.publishAsync('app/data', 'x', { qos: 1 });
    await sender.publishAsync('cordon/things/mything1/answer', 'y', { qos: 1 });

    await waitFor(() => received.length === 1);
    expect(received).toEqual(['cordon/things/mything1/answer y']);
    expect(client.connected).toBe(true);
  });

  it('applies a change only after the cache delay, whoever reconnects', async () => {
    stack.broker.setPolicyCacheSeconds(360);
    const certificate = await stack.addDevice('mything1');
    const first = await stack.connect(certificate, { clientId: 'mything1', protocolVersion });
    quarantine('mything1');

    clock.at += 359_999;
    await first.publishAsync('app/data', 'x', { qos: 1 });
    const second = await stack.connect(certificate, { clientId: 'mything1', protocolVersion });
    await second.publishAsync('app/data', 'x', { qos: 1 });
    clock.at += 1;

    expect(await tryPublish(second, 'app/data', 'x', { qos: 1 })).toBe('cut');
  });

  it('gives an explicit deny precedence over an allow', async () => {
    const statements = [allow('iot:*', '*'), deny('iot:Publish', 'topic/secret')];
    const client = await stack.connect(await stack.addDevice('a', statements), {
      clientId: 'a',
      protocolVersion,
    });

    expect(await tryPublish(client, 'secret', 'x', { qos: 1 })).toBe('cut');
  });
});
