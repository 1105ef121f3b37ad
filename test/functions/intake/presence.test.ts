import { intake } from '../../../functions/intake/handler';
import { deniedObject, nothing, replacedObject, statusObject } from '../../../shared/domain/actions/lease';
import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { account, changeCase, now } from '../../builders';
import { aRecord, fakeClientIds, fakeDeadLetters, fakeQueue, fakeTelemetry } from '../../fakes';
import { connected, holdThing, presenceQueue, setUp } from './an-intake';

describe('intake, given a presence event,', () => {
  it('sends the reconnect of a held thing to the mailbox', async () => {
    const { handlePresence, sent, items } = setUp();
    holdThing(items, true);

    await handlePresence(connected());

    expect(sent).toEqual([
      {
        command: { type: 'reconnected', thingName: 'mything1', clientId: 'mything1', connectedAt: now },
        id: `reconnected#mything1##${now}`,
      },
    ]);
  });

  it.each([
    ['from the future', now + 86_400_000],
    ['in seconds', Math.floor(now / 1_000)],
    ['before 1970', -1e300],
    ['beyond all numbers of the table', 1e300],
  ])(
    'dates an event with a time %s by its arrival, so that the session does not count as older than the denial',
    async (_, timestamp) => {
      const { handlePresence, sent, items, clientIds } = setUp();
      holdThing(items, true);

      await handlePresence(connected({ timestamp, principalIdentifier: 'c'.repeat(64) }));

      expect(sent).toMatchObject([{ command: { type: 'reconnected', connectedAt: now } }]);
      expect(await clientIds.findUser('mything1')).toMatchObject({ at: now });
    },
  );

  it('records which certificate connects under which client id', async () => {
    const { handlePresence, clientIds } = setUp();
    const certificateId = 'c'.repeat(64);

    await handlePresence(connected({ clientId: 'any/2', principalIdentifier: certificateId }));
    expect(await clientIds.list(certificateId)).toEqual({ clientIds: ['any/2'] });
    expect(await clientIds.findUser('any/2')).toMatchObject({ certificateId });

    // A client of Cognito or a custom authorizer has no certificate.
    await handlePresence(
      connected({ clientId: 'any/2', principalIdentifier: 'us-east-1:1', timestamp: now }),
    );
    expect(await clientIds.findUser('any/2')).toMatchObject({ certificateId: '' });
  });

  it('reads the rule’s base64 form, with characters that SQS does not accept as text', async () => {
    const { handlePresence, sent, items } = setUp();
    holdThing(items, true);
    const event = connected({ clientId: '\uffff', thingName: 'mything1' });

    await handlePresence(Buffer.from(JSON.stringify(event)).toString('base64'));

    expect(sent).toMatchObject([{ command: { thingName: 'mything1', clientId: '\uffff' } }]);
  });

  it('sends to the mailbox even if the client id cannot be recorded, and fails, so that the event is delivered again', async () => {
    const { sent, commands } = fakeQueue();
    const { deadLetters } = fakeDeadLetters();
    const { log, metrics } = fakeTelemetry();
    const { clientIds } = fakeClientIds();
    const recordConnect = () => Promise.reject(awsError('ProvisionedThroughputExceededException'));
    const take = intake(
      {
        clientIds: { ...clientIds, recordConnect },
        heldThings: { find: async () => [thingKey('mything1')] },
        commands,
        deadLetters,
        own: account,
        senders: [],
        prefix: 'cordon-dev',
        log,
        metrics,
        clock: () => now,
      },
      presenceQueue,
    );

    const event = aRecord(connected(), { eventSourceARN: presenceQueue });
    await expect(take(event)).rejects.toThrow('refused by the fake');
    expect(sent).toMatchObject([{ command: { type: 'reconnected' } }]);
  });

  it('passes on the version that orders the sessions of a client', async () => {
    const { handlePresence, sent, items } = setUp();
    holdThing(items, true);

    await handlePresence(connected({ versionNumber: 7 }));

    expect(sent).toMatchObject([{ command: { version: 7 }, id: `reconnected#mything1#7#${now}` }]);
  });

  it('sends to the mailbox if the event names the thing of an exclusive certificate', async () => {
    const { handlePresence, sent, items } = setUp();
    holdThing(items, true);

    await handlePresence(connected({ clientId: 'mything1-cordon', thingName: 'mything1' }));
    await handlePresence(connected({ clientId: 'mything1-cordon' }));

    expect(sent).toEqual([
      {
        command: {
          type: 'reconnected',
          thingName: 'mything1',
          clientId: 'mything1-cordon',
          connectedAt: now,
        },
        id: `reconnected#mything1-cordon##${now}`,
      },
    ]);
  });

  it.each([
    ['is denied', deniedObject],
    ['is inactive', statusObject],
    ['has policies that deny', replacedObject],
  ])(
    'sends to the mailbox when the device connects under another client id with a certificate that %s',
    async (_, objectOf) => {
      const { handlePresence, sent, leases } = setUp();
      const certificateId = 'a'.repeat(64);
      await leases.save(
        { object: objectOf(certificateId), holders: [thingKey('mything1')], prior: nothing },
        0,
      );

      await handlePresence(connected({ clientId: 'another/id', principalIdentifier: certificateId }));
      await handlePresence(connected({ clientId: 'another/id', principalIdentifier: 'AIDA:session' }));
      await handlePresence(connected({ clientId: 'another/id', principalIdentifier: 'b'.repeat(64) }));

      expect(sent.map(({ command }) => command)).toEqual([
        { type: 'reconnected', thingName: 'mything1', clientId: 'another/id', connectedAt: now },
      ]);
    },
  );

  it.each(['no case', 'a case that holds nothing', 'a closed case'])(
    'sends nothing for a thing with %s',
    async (kind) => {
      const { handlePresence, sent, letters, items } = setUp();
      if (kind !== 'no case') holdThing(items, kind === 'a closed case');
      const stored = items.get('mything1');
      if (stored && kind === 'a closed case')
        items.set('mything1', { ...stored, value: changeCase(stored.value, { status: 'closed' }) });

      await handlePresence(connected());

      expect([sent, letters]).toEqual([[], []]);
    },
  );

  it.each(['iotconsole-1/2', 'a+b', '$aws', 'näme', '\u202egnp', 'THING#x'])(
    'looks up nothing for the client id %j, which no thing can have',
    async (clientId) => {
      const { take, sent, letters, items } = setUp();
      items.get = () => {
        throw new Error('looked up');
      };

      await take(aRecord(connected({ clientId }), { eventSourceARN: presenceQueue }));

      expect([sent, letters]).toEqual([[], []]);
    },
  );

  it.each([
    ['no JSON', '{'],
    ['a disconnect', connected({ eventType: 'disconnected' })],
    ['an empty client id', connected({ clientId: '' })],
    ['a client id of 129 characters', connected({ clientId: 'x'.repeat(129) })],
    ['a client id that is no text', connected({ clientId: { toString: 'x' } })],
    ['no time', connected({ timestamp: undefined })],
  ])('sets aside %s', async (_, body) => {
    const { handlePresence, sent, letters } = setUp();

    await handlePresence(body);

    expect(sent).toEqual([]);
    expect(letters).toMatchObject([
      { reason: 'not a connected event of IoT Core', source: 'presence:message-1' },
    ]);
  });
});
