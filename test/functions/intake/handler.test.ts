import { intake } from '../../../functions/intake/handler';
import { deniedObject, nothing, replacedObject, statusObject } from '../../../shared/domain/actions/lease';
import { writeHeartbeat } from '../../../shared/domain/findings/heartbeat';
import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { aContext, account, aViolation, changeCase, decide, now } from '../../builders';
import {
  aRecord,
  fakeCases,
  fakeClientIds,
  fakeDeadLetters,
  fakeHeldThings,
  fakeLeases,
  fakeQueue,
  fakeTelemetry,
} from '../../fakes';

const presenceQueue = 'arn:aws:sqs:us-east-1:000000000000:presence';

function setUp() {
  const { sent, commands } = fakeQueue();
  const { letters, deadLetters } = fakeDeadLetters();
  const { counts, log, metrics } = fakeTelemetry();
  const { cases, items } = fakeCases();
  const { leases } = fakeLeases();
  const heldThings = fakeHeldThings(cases, leases);
  const { clientIds } = fakeClientIds();
  const take = intake(
    {
      ...{ clientIds, heldThings, commands, deadLetters, own: account, log, metrics, clock: () => now + 40 },
      ...{ senders: [], prefix: 'cordon-dev' },
    },
    presenceQueue,
  );
  return {
    take,
    sent,
    letters,
    counts,
    items,
    leases,
    clientIds,
    handlePresence: (body: unknown) => take(aRecord(body, { eventSourceARN: presenceQueue })),
  };
}

function anAlert(over: Record<string, unknown> = {}) {
  return {
    violationEventTime: now,
    thingName: 'mything1',
    behavior: {
      name: 'no-child-processes',
      metric: 'num_child_procs_myapp',
      criteria: { value: { number: 0 } },
    },
    violationEventType: 'in-alarm',
    metricValue: { number: 1 },
    violationId: 'v-1',
    securityProfileName: 'myapp-processes',
    ...over,
  };
}

const enveloped = (message: unknown) => ({
  Type: 'Notification',
  MessageId: 'sns-1',
  Message: JSON.stringify(message),
});

const connected = (over: Record<string, unknown> = {}) => ({
  clientId: 'mything1',
  eventType: 'connected',
  timestamp: now,
  ...over,
});

function holdThing(items: ReturnType<typeof fakeCases>['items'], held: boolean): void {
  const violation = aViolation();
  const decision = decide(
    undefined,
    { type: 'violation', thingName: thingKey('mything1'), violation },
    aContext({ killSwitch: { state: held ? 'off' : 'on' } }),
  );
  if (decision.outcome === 'changed') items.set('mything1', { value: decision.next, version: 1 });
}

/** The message of a rule's error action. */
const setAside = (topic: string, payload: unknown, over: object = {}) => ({
  ruleName: 'a_rule',
  topic,
  cloudwatchTraceId: 'trace',
  clientId: 'mything1',
  base64OriginalPayload: Buffer.from(JSON.stringify(payload)).toString('base64'),
  failures: [{ failedAction: 'SqsAction', failedResource: 'queue', errorMessage: 'no' }],
  ...over,
});

describe('intake, given a message that an error action set aside,', () => {
  it('treats an alert as one of an unknown reporter, whatever the alert claims', async () => {
    const { take, sent } = setUp();
    const cordon = { reporter: { clientId: 'mything1', principal: 'a'.repeat(64) } };

    await take(aRecord(setAside('app/alerts', anAlert({ cordon }))));

    expect(sent.map(({ command }) => command)).toEqual([
      expect.objectContaining({
        type: 'violation',
        violation: expect.objectContaining({ reporter: { clientId: 'mything1', principal: 'n/a' } }),
      }),
    ]);
  });

  it('accepts a connect of a held thing', async () => {
    const { handlePresence, sent, items } = setUp();
    holdThing(items, true);

    await handlePresence(setAside('$aws/events/presence/connected/mything1', connected()));

    expect(sent.map(({ command }) => command.type)).toEqual(['reconnected']);
  });

  it.each([
    ['no event', setAside('$aws/events/presence/connected/mything1', 'hello')],
    ['a topic that devices may publish to', setAside('app/connected', connected())],
    ['no JSON', setAside('$aws/events/presence/connected/x', {}, { base64OriginalPayload: '!!' })],
    ['an envelope in an envelope', setAside('$aws/events/presence/x', setAside('x', connected()))],
    ['an envelope that is none', setAside('', connected())],
    [
      'more than MQTT takes',
      setAside('$aws/events/presence/x', {}, { base64OriginalPayload: 'A'.repeat(174_768) }),
    ],
  ])('sets the message aside again if it has %s', async (_, body) => {
    const { handlePresence, letters, sent, items } = setUp();
    holdThing(items, true);

    await handlePresence(body);

    expect([letters.length, sent]).toEqual([1, []]);
  });
});

describe('intake, given an alert that names an account,', () => {
  const foreign = 'arn:aws:iot:us-east-1:111122223333:thing/mything1';
  const elsewhere = { account: '000000000000', region: 'eu-west-1', name: 'mything1' };

  it.each<[string, unknown]>([
    ['by its account', anAlert({ accountId: '111122223333' })],
    ['by its account as a number', anAlert({ account: 111122223333 })],
    ['by its region', anAlert({ region: 'eu-west-1' })],
    ['by the ARN of the thing', anAlert({ thingArn: foreign })],
    ['by what a detector of Cordon says', anAlert({ cordon: { thing: elsewhere } })],
    ['by a field of a finding', anAlert({ AwsAccountId: '111122223333' })],
    [
      'by the topic that it came by',
      { ...enveloped(anAlert()), TopicArn: 'arn:aws:sns:us-east-1:111122223333:alerts' },
    ],
    ['within the envelope', enveloped(anAlert({ accountId: '111122223333' }))],
    ['by an account that is none', anAlert({ accountId: 'x'.repeat(100_000) })],
  ])('sets it aside if it is known %s, even though a thing here has the same name', async (_, body) => {
    const { take, sent, letters, counts } = setUp();

    await take(aRecord(body));

    expect([sent, counts]).toEqual([[], { AlertRejected: 1 }]);
    expect(letters[0]?.reason).toMatch(/^from \S{1,45}, and Cordon acts on things of the account and region/);
  });

  it('accepts it if it names this account and region, in whatever form', async () => {
    const { take, sent } = setUp();
    const here = { accountId: '000000000000', region: 'us-east-1', cordon: { thing: account } };
    const TopicArn = 'arn:aws:sns:us-east-1:000000000000:alerts';

    await take(aRecord({ ...enveloped(anAlert(here)), TopicArn }));

    expect(sent.map(({ command }) => command.thingName)).toEqual(['mything1']);
  });
});

describe('intake, given an alert,', () => {
  it('dates one from the future by its arrival, under the same id at each delivery, and says so', async () => {
    const { take, sent, counts } = setUp();
    const ahead = anAlert({ violationEventTime: now + 3_600_000 });

    await take(aRecord(ahead));
    await take(aRecord(ahead));

    expect(sent.map(({ command }) => command)).toEqual(
      Array(2).fill(
        expect.objectContaining({
          violation: expect.objectContaining({ occurredAt: now, claimedAt: now + 3_600_000 }),
        }),
      ),
    );
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(counts.AlertDatedAhead).toBe(2);
  });

  it.each([
    ['raw', anAlert()],
    ['in its SNS envelope', enveloped(anAlert())],
  ])('puts a violation that arrives %s into the mailbox of its thing', async (_, body) => {
    const { take, sent, letters } = setUp();

    await take(aRecord(body));

    expect(sent).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        command: {
          type: 'violation',
          thingName: 'mything1',
          violation: {
            violationId: 'v-1',
            thingName: 'mything1',
            securityProfileName: 'myapp-processes',
            behaviorName: 'no-child-processes',
            metric: 'num_child_procs_myapp',
            eventType: 'in-alarm',
            occurredAt: now,
            value: { number: 1 },
            criteria: '{"value":{"number":0}}',
            detector: 'device-defender',
          },
        },
      },
    ]);
    expect(letters).toEqual([]);
  });

  it('gives the same event the same id, however it arrives, and another event another id', async () => {
    const { take, sent } = setUp();

    await take(aRecord(anAlert(), { messageId: 'a' }));
    await take(aRecord(enveloped(anAlert()), { messageId: 'b' }));
    for (const over of [
      { violationEventTime: now + 1 },
      { violationEventType: 'alarm-cleared' },
      { violationId: 'v-2' },
      { thingName: 'mything2' },
    ])
      await take(aRecord(anAlert(over)));

    const ids = sent.map(({ id }) => id);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(5);
  });

  it.each([
    ['no JSON', '{"violationId":', 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['another JSON', '[]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['another message', { hello: 1 }, 'violationId is missing'],
    ['an envelope around no JSON', { Type: 'Notification', Message: 'hi' }, 'SNS envelope'],
    ['an unknown event type', anAlert({ violationEventType: 'boom' }), 'violationEventType'],
    ['no thing name', anAlert({ thingName: undefined }), 'thingName'],
    ['a thing name of 129 characters', anAlert({ thingName: 'x'.repeat(129) }), 'thingName'],
    ['a thing name with a slash', anAlert({ thingName: '../admin' }), 'thingName'],
    ['a thing name with a wildcard', anAlert({ thingName: 'a#' }), 'thingName'],
    ['a thing name with a line break', anAlert({ thingName: 'a\nb' }), 'thingName'],
    ['a profile name with markup', anAlert({ securityProfileName: '<!channel>' }), 'securityProfileName'],
    ['a time as text', anAlert({ violationEventTime: String(now) }), 'violationEventTime'],
    ['a value that is no number', anAlert({ metricValue: { number: '1' } }), 'metricValue'],
    ['a behavior without a name', anAlert({ behavior: {} }), 'behavior.name'],
  ])('sets aside %s, with the reason', async (_, body, reason) => {
    const { take, sent, letters, counts } = setUp();
    const record = aRecord(body);

    await take(record);

    expect(sent).toEqual([]);
    expect(letters).toEqual([
      { body: record.body, reason: expect.stringContaining(reason), source: 'alerts:message-1' },
    ]);
    expect(counts).toEqual({ AlertRejected: 1 });
  });

  it('ignores an Audit result, which is no fault', async () => {
    const { take, sent, letters, counts } = setUp();

    await take(aRecord({ auditDetails: [], taskId: 't' }));

    expect([sent, letters]).toEqual([[], []]);
    expect(counts).toEqual({ AlertIgnored: 1 });
  });

  it('fails while the mailbox accepts nothing, so that the alert is delivered again', async () => {
    const { deadLetters } = fakeDeadLetters();
    const { log, metrics } = fakeTelemetry();
    const commands = { send: () => Promise.reject(awsError('ServiceUnavailable')) };
    const take = intake(
      {
        ...fakeClientIds(),
        heldThings: { find: async () => [] },
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

    await expect(take(aRecord(anAlert()))).rejects.toThrow('refused by the fake');
  });
});

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

    // By Cognito or a custom authorizer.
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

describe('the heartbeat', () => {
  const beat = writeHeartbeat(now - 100);
  const namesake = (over: Record<string, unknown> = {}) =>
    anAlert({ thingName: 'cordon-heartbeat', ...over });

  it.each([
    ['raw', beat],
    ['in the envelope of SNS', enveloped(JSON.parse(beat))],
  ])('is sent to its mailbox, %s, and counts as no alert', async (_, body) => {
    const { take, sent, letters, counts } = setUp();

    await take(aRecord(body));

    expect(sent).toMatchObject([
      {
        command: {
          type: 'violation',
          thingName: 'cordon-heartbeat',
          violation: { eventType: 'alarm-invalidated', occurredAt: now - 100 },
          takenAt: now + 40,
        },
      },
    ]);
    expect([letters, counts]).toEqual([[], {}]);
  });

  it('has the same id at each delivery, and another in the next minute', async () => {
    const { take, sent } = setUp();

    for (const at of [now, now, now + 60_000]) await take(aRecord(writeHeartbeat(at)));

    const [first, again, next] = sent.map(({ id }) => id);
    expect(again).toBe(first);
    expect(next).not.toBe(first);
  });

  it('that is forged in the future counts from its arrival, so true ones stay newer', async () => {
    const { take, sent } = setUp();

    await take(aRecord(writeHeartbeat(now + 86_400_000)));

    expect(sent).toMatchObject([{ command: { violation: { occurredAt: now } } }]);
  });

  it.each([
    ['an alarm under its name', namesake()],
    ['an invalidated alarm of a profile of the fleet', namesake({ violationEventType: 'alarm-invalidated' })],
    ['an alarm under its profile', namesake({ securityProfileName: 'cordon-heartbeat' })],
  ])('has a name of its own: %s is set aside', async (_, alert) => {
    const { take, sent, letters } = setUp();

    await take(aRecord(alert));

    expect(sent).toEqual([]);
    expect(letters).toMatchObject([
      { reason: expect.stringContaining('no thing can be named cordon-heartbeat') },
    ]);
  });

  it('cannot come from a device by an IoT rule that failed', async () => {
    const { take, sent, letters } = setUp();

    await take(
      aRecord({
        ruleName: 'alerts',
        topic: 'app/alerts',
        clientId: 'mything1',
        base64OriginalPayload: Buffer.from(beat).toString('base64'),
        failures: [],
      }),
    );

    expect(sent).toEqual([]);
    expect(letters).toHaveLength(1);
  });

  it('leaves alone a client that connects under its name', async () => {
    const { handlePresence, sent, letters } = setUp();

    await handlePresence(connected({ clientId: 'cordon-heartbeat' }));

    expect([sent, letters]).toEqual([[], []]);
  });
});
