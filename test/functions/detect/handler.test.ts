import { encode } from 'cborg';
import { VersionConflictError } from '../../../shared/errors';
import { awsError } from '../../aws-error';
import { aConfiguration, account, now } from '../../builders';
import { aRecord } from '../../fakes';
import { fakeDetection } from '../../fakes-detection';
import { aDetector, aReport, received } from './detector';

/** Packed CBOR (tag 51): a table, and 23 that repeat it. */
const table = '880000000000000000';
const doubled = 'd8338481d8e1e08200e080'.repeat(23);

const thing = { ...account, name: 'mything1' };

const eventsOf = (alerts: Record<string, unknown>[]) =>
  alerts.map(({ violationEventType }) => violationEventType);

describe('detect, given a message that an error action set aside and an operator sent back,', () => {
  const sentAt = now - 7;
  const setAside = (topic: string, payload: Uint8Array | string, over: object = {}) =>
    aRecord(
      {
        ruleName: 'cordon_dev_reports',
        topic,
        cloudwatchTraceId: 'trace',
        clientId: 'mything1',
        base64OriginalPayload: Buffer.from(payload).toString('base64'),
        failures: [{ failedAction: 'SqsAction', failedResource: 'queue', errorMessage: 'no' }],
        ...over,
      },
      { attributes: { ...aRecord('').attributes, SentTimestamp: String(sentAt) } },
    );

  it.each([
    ['json', JSON.stringify(aReport(1)), 'cordon/things/mything1/reports/json'],
    ['cbor', encode(aReport(1)), 'cordon/things/mything1/reports/cbor'],
    ['json', JSON.stringify(aReport(1)), '$aws/rules/cordon_dev_reports/cordon/things/mything1/reports/json'],
  ])(
    'judges a report in %s as the claim of an unknown sender, at the time it was sent back',
    async (_, payload, topic) => {
      const { run, alerts, letters } = aDetector();

      expect(await run(setAside(topic, payload))).toEqual([]);

      expect(alerts).toEqual([
        expect.objectContaining({
          thingName: 'mything1',
          violationEventTime: sentAt,
          cordon: { thing, reporter: { clientId: 'mything1', principal: 'n/a' } },
        }),
      ]);
      expect(letters).toEqual([]);
    },
  );

  it('ends no alarm', async () => {
    const { run, alerts } = aDetector();
    await run(received(aReport(1), { receivedAt: now - 100 }));

    await run(setAside('cordon/things/mything1/reports/json', JSON.stringify(aReport(0))));

    expect(eventsOf(alerts)).toEqual(['in-alarm']);
  });

  it.each([
    ['another topic', 'app/x', '{}', {}],
    ['a thing that no name is', 'cordon/things/a#b/reports/json', '{}', {}],
    ['another format', 'cordon/things/mything1/reports/xml', '{}', {}],
    [
      'more than MQTT takes',
      'cordon/things/mything1/reports/json',
      '',
      { base64OriginalPayload: 'A'.repeat(174_768) },
    ],
    ['no failures', 'cordon/things/mything1/reports/json', '{}', { failures: undefined }],
    ['a lifecycle event that is none', '$aws/events/presence/connected/x', 'hello', {}],
  ])('sets the message aside again if it has %s', async (_, topic, payload, over) => {
    const { run, alerts, letters } = aDetector();

    expect(await run(setAside(topic, payload, over))).toEqual([]);
    expect([alerts, letters.length]).toEqual([[], 1]);
  });
});

describe('detect', () => {
  it('sends an alert in the Detect format with reporter and evidence, and accepts the report', async () => {
    const { run, alerts, published } = aDetector();
    const evidence = [{ pid: 4242, commandLine: '/bin/sh -c id', parents: ['myapp'] }];

    expect(await run(received(aReport(1, { evidence })))).toEqual([]);

    expect(alerts).toEqual([
      {
        violationEventTime: now,
        thingName: 'mything1',
        behavior: expect.objectContaining({ name: 'no-child-processes', metric: 'num_child_procs_myapp' }),
        violationEventType: 'in-alarm',
        metricValue: { number: 1 },
        violationId: expect.stringMatching(/^[0-9a-f]{32}$/),
        securityProfileName: 'myapp-processes',
        cordon: { thing, reporter: { clientId: 'mything1', principal: 'a'.repeat(64) }, evidence },
      },
    ]);
    expect(published).toEqual([
      {
        topic: 'cordon/things/mything1/reports/json/accepted',
        body: { thingName: 'mything1', reportId: 1_700_000_001, status: 'ACCEPTED', timestamp: now },
      },
    ]);
  });

  it('sends the alert before it saves the state, so that a crash repeats an alert and loses none', async () => {
    const { run, order } = aDetector();

    await run(received(aReport(1)));

    expect(order).toEqual(['alert mything1', 'save mything1']);
  });

  it('repeats an alert under the same id when the state was not saved', async () => {
    const { run, stored, alerts } = aDetector();
    await run(received(aReport(1)));
    stored.items.clear();

    await run(received(aReport(1)));

    expect(alerts).toHaveLength(2);
    expect(alerts[1]).toEqual(alerts[0]);
  });

  it('judges the reports of a thing in the order of receipt, and alerts once per change', async () => {
    const { run, alerts } = aDetector();

    await run(
      received(aReport(0), { receivedAt: now + 20, messageId: 'c' }),
      received(aReport(2), { receivedAt: now, messageId: 'a' }),
      received(aReport(3), { receivedAt: now + 10, messageId: 'b' }),
    );

    expect(eventsOf(alerts)).toEqual(['in-alarm', 'alarm-cleared']);
    expect(alerts[1]?.violationId).toBe(alerts[0]?.violationId);
  });

  it('accepts an agent with a client id of its own as the thing itself', async () => {
    const { run, alerts } = aDetector();

    await run(received(aReport(1), { clientId: 'mything1-cordon' }));
    await run(received(aReport(0), { clientId: 'mything1', receivedAt: now + 1 }));

    expect(eventsOf(alerts)).toEqual(['in-alarm', 'alarm-cleared']);
  });

  it('lets another client raise an alarm for the thing, but never end one', async () => {
    const { run, alerts } = aDetector();

    await run(received(aReport(1), { clientId: 'other' }));
    await run(received(aReport(0), { clientId: 'other', receivedAt: now + 1 }));

    expect(eventsOf(alerts)).toEqual(['in-alarm']);
    expect(alerts[0]).toMatchObject({ cordon: { reporter: { clientId: 'other' } } });
  });

  it('writes nothing for a report that changes nothing', async () => {
    const { run, order } = aDetector();
    await run(received(aReport(0)));
    order.length = 0;

    await run(received(aReport(0), { receivedAt: now + 1 }));

    expect(order).toEqual([]);
  });

  it.each([
    ['a group of the thing', ['thinggroup/sensors'], 1],
    ['all things', ['all/registered-things'], 1],
    ['a group it is not in', ['thinggroup/cameras'], 0],
    ['unregistered things', ['all/unregistered-things'], 0],
    ['all things, and a group', ['thinggroup/cameras', 'all/things'], 1],
  ])('applies a profile to %s', async (_, targets, count) => {
    const { run, alerts } = aDetector({ targets });

    expect(await run(received(aReport(1)))).toEqual([]);

    expect(alerts).toHaveLength(count);
  });

  it('does not retry for a thing that is in no group because it does not exist', async () => {
    const { run, alerts, registry } = aDetector({ targets: ['thinggroup/sensors'] });
    registry.clear();

    expect(await run(received(aReport(1)))).toEqual([]);

    expect(alerts).toEqual([]);
  });

  it('sends no alert if the behavior suppresses alerts', async () => {
    const behaviors = [
      {
        name: 'no-child-processes',
        metric: 'num_child_procs_myapp',
        criteria: {
          comparisonOperator: 'less-than-equals' as const,
          value: { number: 0 },
          consecutiveDatapointsToAlarm: 1,
          consecutiveDatapointsToClear: 1,
        },
        suppressAlerts: true,
      },
    ];
    const { run, alerts, order } = aDetector({ behaviors });

    await run(received(aReport(1)));

    expect(alerts).toEqual([]);
    expect(order).toEqual(['save mything1']);
  });

  // AWS IoT takes such a name, and an agent may name the exceptions of another metric only.
  it('alerts for a metric whose name every object inherits', async () => {
    const { behaviors = [] } = aConfiguration().securityProfiles['myapp-processes'] ?? {};
    const { run, alerts } = aDetector({
      behaviors: behaviors.map((behavior) => ({ ...behavior, metric: 'constructor' })),
    });

    const values = { custom_metrics: { constructor: [{ number: 1 }] }, exceptions: { other: ['curl'] } };
    expect(await run(received(aReport(1, values)))).toEqual([]);

    expect(alerts).toMatchObject([{ behavior: { metric: 'constructor' }, metricValue: { number: 1 } }]);
    expect(Object(alerts[0]).cordon).not.toHaveProperty('uncounted');
  });
});

describe('detect, given an unreadable message,', () => {
  const json = (text: string) => ({ bytes: Buffer.from(text) });
  const wellFormed = Buffer.from(JSON.stringify(aReport(1)));
  const notUtf8 = Buffer.from(
    JSON.stringify(aReport(1, { note: '\u0001' })).replace('\\u0001', '\xff'),
    'latin1',
  );

  it.each([
    ['truncated JSON', { bytes: wellFormed.subarray(0, 40) }, 'Malformed'],
    ['text that is not UTF-8', { bytes: notUtf8 }, 'Malformed'],
    ['no bytes', { bytes: Buffer.alloc(0) }, 'Malformed'],
    ['a bare number', json('7'), 'Malformed'],
    ['a list', json('[]'), 'Malformed'],
    ['JSON nested 100,000 deep', json('['.repeat(100_000)), 'Malformed'],
    ['no header', json('{"metrics":{}}'), 'MissingHeader'],
    ['a report id as text', json('{"header":{"report_id":"1","version":"1.0"}}'), 'InvalidPayload'],
    ['truncated CBOR', { format: 'cbor', bytes: encode(aReport(1)).subarray(0, 30) }, 'Malformed'],
    ['JSON that claims to be CBOR', { format: 'cbor', bytes: wellFormed }, 'Malformed'],
    [
      'CBOR that claims 4 billion entries',
      { format: 'cbor', bytes: Buffer.from('9affffffff', 'hex') },
      'Malformed',
    ],
    [
      'CBOR of 279 bytes whose tables double at each level',
      { format: 'cbor', bytes: Buffer.from(`d8338481${table}8200${table}80${doubled}e0`, 'hex') },
      'Malformed',
    ],
    ['CBOR nested 100,000 deep', { format: 'cbor', bytes: Buffer.alloc(100_000, 0x81) }, 'Malformed'],
  ])('rejects %s, and judges the others', async (_, sent, ErrorCode) => {
    const { run, alerts, published, telemetry } = aDetector();

    const failed = await run(
      received(undefined, { receivedAt: now - 1, messageId: 'bad', ...sent }),
      received(aReport(1)),
      received(aReport(1), { thingName: 'mything2', messageId: 'other' }),
    );

    expect(failed).toEqual([]);
    // Things are judged at the same time: which alert goes out first is left to chance.
    expect(alerts.map(({ thingName }) => thingName).sort()).toEqual(['mything1', 'mything2']);
    expect(published.filter(({ topic }) => topic.endsWith('/rejected'))).toEqual([
      {
        topic: `cordon/things/mything1/reports/${'format' in sent ? sent.format : 'json'}/rejected`,
        body: expect.objectContaining({
          thingName: 'mything1',
          status: 'REJECTED',
          statusDetails: { ErrorCode, ErrorMessage: expect.any(String) },
          timestamp: now - 1,
        }),
      },
    ]);
    expect(telemetry.counts.ReportRejected).toBe(1);
  });

  it('reads CBOR like JSON', async () => {
    const { run, alerts, published } = aDetector();

    // A report id of ms, as the agent writes it: an integer of 64 bits.
    const header = { report_id: 1_795_000_000_000n, version: '1.0' };
    await run(received(aReport(1, { header }), { format: 'cbor' }));

    expect(alerts).toMatchObject([{ metricValue: { number: 1 } }]);
    expect(published).toMatchObject([
      { topic: 'cordon/things/mything1/reports/cbor/accepted', body: { status: 'ACCEPTED' } },
    ]);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a thing name with a path', { thingName: '../mything1' }],
    ['the name of the heartbeat', { thingName: 'cordon-heartbeat' }],
    ['another format', { format: 'xml' }],
    ['no payload', { payload: undefined }],
  ])('sets aside a message with %s, which the reports rule never sends', async (_, over) => {
    const { run, letters, alerts } = aDetector();
    const good = received(aReport(1));
    const body = typeof over === 'string' ? over : { ...JSON.parse(good.body), ...over };

    const failed = await run(aRecord(body, { messageId: 'bad' }), good);

    expect(failed).toEqual([]);
    expect(letters).toMatchObject([
      { reason: expect.stringContaining('not a message of the reports rule'), source: 'reports:bad' },
    ]);
    expect(alerts).toHaveLength(1);
  });
});

describe('detect, when a call fails,', () => {
  const two = [
    received(aReport(1), { messageId: 'a' }),
    received(aReport(2), { messageId: 'b', receivedAt: now + 1 }),
    received(aReport(1), { thingName: 'mything2', messageId: 'c' }),
  ] as const;

  it('judges again at once if another invocation has written the state in the meantime', async () => {
    const { states, items } = fakeDetection();
    let conflicts = 1;
    const { run, published } = aDetector(
      {},
      {
        states: {
          ...states,
          save: async (state, previous) => {
            if (conflicts-- > 0) throw new VersionConflictError('THING#mything1');
            return states.save(state, previous);
          },
        },
      },
    );

    expect(await run(two[0])).toEqual([]);

    expect(published).toHaveLength(1);
    expect(items.size).toBe(1);
  });

  it('returns to the queue only the reports of the thing whose state keeps being overwritten', async () => {
    const { states } = fakeDetection();
    const { run, published } = aDetector(
      {},
      {
        states: {
          ...states,
          save: async (state, previous) => {
            if (state.thingName === 'mything1') throw new VersionConflictError('THING#mything1');
            return states.save(state, previous);
          },
        },
      },
    );

    expect(await run(...two)).toEqual(['a', 'b']);

    expect(published.map(({ topic }) => topic)).toEqual(['cordon/things/mything2/reports/json/accepted']);
  });

  it('returns a report to the queue when its alert could not be sent, and saves no state for it', async () => {
    const { run, stored } = aDetector(
      {},
      { alerts: { publish: () => Promise.reject(awsError('Throttled')) } },
    );

    expect(await run(two[0])).toEqual(['a']);

    expect(stored.items.size).toBe(0);
  });

  it('does not fail when an answer could not be sent', async () => {
    const { run, alerts } = aDetector({}, { answers: { publish: () => Promise.reject(awsError('Gone')) } });

    expect(await run(two[0])).toEqual([]);

    expect(alerts).toHaveLength(1);
  });

  it('returns a message to the queue when it could not be set aside', async () => {
    const { run } = aDetector({}, { deadLetters: { send: () => Promise.reject(awsError('Throttled')) } });

    expect(await run(aRecord('{', { messageId: 'bad' }), two[0])).toEqual(['bad']);
  });
});
