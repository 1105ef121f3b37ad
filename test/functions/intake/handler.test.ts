import { intake } from '../../../functions/intake/handler';
import { awsError } from '../../aws-error';
import { account, now } from '../../builders';
import { aRecord, fakeClientIds, fakeDeadLetters, fakeTelemetry } from '../../fakes';
import { anAlert, enveloped, presenceQueue, setUp } from './an-intake';

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
