import { intake } from '../../../functions/intake/handler';
import type { Sender } from '../../../shared/domain/guards/guards';
import { heartbeatName } from '../../../shared/domain/heartbeat';
import { account, now } from '../../builders';
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

const queue = 'arn:aws:sqs:us-east-1:000000000000:cordon-dev-findings';
const topic = 'arn:aws:sns:us-east-1:000000000000:cordon-dev-findings-siem';
const thingArn = (name: string) => `arn:aws:iot:us-east-1:000000000000:thing/${name}`;

function setUp(sender: Partial<Sender> = {}) {
  const { sent, commands } = fakeQueue();
  const { letters, deadLetters } = fakeDeadLetters();
  const { counts, log, metrics } = fakeTelemetry();
  const { cases } = fakeCases();
  const take = intake(
    {
      ...{ clientIds: fakeClientIds().clientIds, heldThings: fakeHeldThings(cases, fakeLeases().leases) },
      ...{ commands, deadLetters, own: account, log, metrics, clock: () => now },
      senders: [{ name: 'siem', limit: { things: 3, within: 3_600_000 }, maxAge: 900_000, ...sender }],
      prefix: 'cordon-dev',
    },
    'arn:aws:sqs:us-east-1:000000000000:presence',
  );
  const deliver = (message: unknown, over: Record<string, unknown> = {}) =>
    take(
      aRecord(
        {
          Type: 'Notification',
          TopicArn: topic,
          Message: typeof message === 'string' ? message : JSON.stringify(message),
          ...over,
        },
        { eventSourceARN: queue },
      ),
    );
  return { deliver, take, sent, letters, counts };
}

/** A finding like the schema's own samples: only what 1.6 requires, and the thing. */
function aFinding(over: Record<string, unknown> = {}) {
  return {
    activity_id: 1,
    category_uid: 2,
    class_uid: 2004,
    type_uid: 200_401,
    severity_id: 4,
    time: now - 1_000,
    metadata: { version: '1.6.0', product: { name: 'Acme NDR', vendor_name: 'Acme' } },
    finding_info: { uid: 'uid-1', title: 'Beacon to 203.0.113.9' },
    resources: [{ type: 'AWS::IoT::Thing', name: 'mything1' }],
    ...over,
  };
}

const sentFinding = (thingName = 'mything1', over: Record<string, unknown> = {}) => ({
  type: 'violation',
  thingName,
  violation: {
    kind: 'external',
    detector: 'external',
    eventType: 'in-alarm',
    source: 'siem',
    thingName,
    violationId: 'uid-1',
    title: 'Beacon to 203.0.113.9',
    severity: 'high',
    product: 'Acme NDR',
    occurredAt: now - 1_000,
    ...over,
  },
});

const commandsOf = ({ sent }: ReturnType<typeof setUp>) => sent.map(({ command }) => command);

describe('a Detection Finding on the topic of a sender', () => {
  it.each([
    '1.0.0',
    '1.1',
    '1.1.0',
    '1.2.0',
    '1.3.0',
    '1.4.0',
    '1.5.0',
    '1.6.0',
    '1.7.0',
    '1.8.0',
    '1.9.0-dev',
  ])('of schema %s becomes a command for its thing', async (version) => {
    const world = setUp();

    await world.deliver(aFinding({ metadata: { version, product: { name: 'Acme NDR' } } }));

    expect(commandsOf(world)).toEqual([sentFinding()]);
    expect(world.counts).toEqual({ AlertTaken: 1 });
  });

  it.each([
    ['the ARN of a resource', { resources: [{ uid: thingArn('pump') }] }],
    [
      'the name of a resource of type AWS::IoT::Thing',
      { resources: [{ type: 'aws::iot::thing', name: 'pump' }] },
    ],
    [
      'the one text of a resource of type AWS::IoT::Thing that can be a name',
      { resources: [{ type: 'AWS::IoT::Thing', name: 'Pump in hall 3', uid: 'pump' }] },
    ],
    [
      'a resource of its own account, which is a number there',
      {
        resources: [
          { type: 'AWS::IoT::Thing', name: 'pump', uid: null, region: null, owner: { account: { uid: 0 } } },
        ],
      },
    ],
    ['the ARN of its device', { resources: undefined, device: { uid: thingArn('pump'), hostname: 'x' } }],
    [
      'a resource beside others',
      {
        resources: [
          { type: 'AwsEc2Instance', uid: 'i-1' },
          { type: 'AWS::IoT::Thing', uid: 'pump' },
        ],
      },
    ],
    [
      'an ARN, whatever account the finding itself is from',
      {
        cloud: { account: { uid: '210987654321' }, region: 'eu-west-1' },
        resources: [{ uid: thingArn('pump') }],
      },
    ],
  ])('is about the thing that it names by %s', async (_, over) => {
    const world = setUp();

    await world.deliver(aFinding(over));

    expect(commandsOf(world)).toEqual([sentFinding('pump')]);
  });

  it.each([
    ['name', { name: 'pump', uid: 'valve', hostname: 'valve' }],
    ['uid', { name: 'valve', uid: 'pump', hostname: 'valve' }],
    ['hostname', { name: 'valve', uid: 'valve', hostname: 'pump' }],
  ] as const)('is about the thing in device.%s if its sender is to write it there', async (device, texts) => {
    const world = setUp({ device });

    await world.deliver(aFinding({ resources: [{ uid: 'i-1' }], device: texts }));
    await world.deliver(aFinding({ resources: [], device: { ...texts, uid: thingArn('boiler') } }));
    await world.deliver(aFinding({ resources: [{ uid: thingArn('tank') }], device: texts }));

    expect(world.sent.map(({ command }) => command.thingName)).toEqual(['pump', 'boiler', 'tank']);
  });

  it.each([
    ['name', { name: 'pump' }],
    ['hostname', { hostname: 'pump', type_id: 7 }],
    ['uid', { uid: 'pump' }],
    ['name', { name: 'pump', uid: 'pump', hostname: 'pump' }],
    ['uid', { name: 'Pump in hall 3', uid: 'pump', hostname: 'pump.local' }],
  ])('says that only device.%s names its thing, if nobody said that it does', async (namedBy, device) => {
    const world = setUp();

    await world.deliver(aFinding({ resources: [], device }));

    expect(commandsOf(world)).toMatchObject([{ thingName: 'pump', violation: { namedBy } }]);
    expect(world.letters).toEqual([]);
  });

  it('is about neither of two things whose names its device has', async () => {
    const world = setUp();

    await world.deliver(aFinding({ resources: [], device: { name: 'pump', hostname: 'valve' } }));

    expect(world.sent).toEqual([]);
    expect(world.letters).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(/^device: pump and valve can both be names/) }),
    ]);
  });

  it.each<[Sender['device'], object, RegExp]>([
    ['hostname', { name: 'pump' }, /^device\.hostname is missing, where siem writes the name of the thing$/],
    ['hostname', { name: 'pump', hostname: 'pump.local' }, /^device: no thing is named "pump\.local"$/],
    ['name', { name: '../x', uid: 'pump' }, /^device: no thing is named/],
    ['name', { name: heartbeatName, hostname: 'pump' }, /^device: no thing is named/],
  ])('whose thing device.%s does not have is about no other that %j names', async (device, texts, reason) => {
    const world = setUp({ device });

    await world.deliver(aFinding({ resources: [], device: texts }));

    expect(world.sent).toEqual([]);
    expect(world.letters).toEqual([expect.objectContaining({ reason: expect.stringMatching(reason) })]);
  });

  it('about several things becomes a command for each', async () => {
    const world = setUp();

    await world.deliver(aFinding({ resources: ['a', 'b', 'a'].map((name) => ({ uid: thingArn(name) })) }));

    expect(commandsOf(world)).toEqual([sentFinding('a'), sentFinding('b')]);
  });

  it.each([
    ['the detail of an event', { 'detail-type': 'Finding', source: 'acme', detail: aFinding() }],
    ['a list in the detail', { 'detail-type': 'Findings Imported V2', detail: { findings: [aFinding()] } }],
  ])('is read from %s of EventBridge', async (_, event) => {
    const world = setUp();

    await world.deliver(event);

    expect(commandsOf(world)).toEqual([sentFinding()]);
  });

  it.each([
    ['seconds', Math.floor(now / 1_000) - 1],
    ['seconds with a fraction', (now - 1_000) / 1_000],
  ])('is of the time that its sender writes in %s, as Prowler and Okta do', async (_, time) => {
    const world = setUp();

    await world.deliver(aFinding({ time, finding_info: { uid: 'uid-1', modified_time: null } }));

    expect(world.letters).toEqual([]);
    expect(commandsOf(world)).toMatchObject([{ violation: { occurredAt: Math.round(time * 1_000) } }]);
  });

  it('is accepted beside a faulty one in the same message, which is set aside with its position', async () => {
    const world = setUp();

    await world.deliver([
      aFinding(),
      aFinding({ severity_id: undefined }),
      aFinding({ activity_id: 3 }),
      aFinding({ finding_info: { uid: 'uid-2' }, resources: [{ uid: thingArn('pump') }] }),
    ]);

    expect(world.sent.map(({ command }) => command.thingName)).toEqual(['mything1', 'pump']);
    expect(world.letters).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(/^finding 1: .*severity_id/) }),
    ]);
    expect(world.counts).toEqual({ AlertTaken: 2, AlertIgnored: 1, AlertRejected: 1 });
  });

  it('is as severe as its severity_id says, and keeps the link of its product if it is HTTPS', async () => {
    const world = setUp();
    const severities = [0, 1, 2, 3, 4, 5, 6, 99];

    for (const severity_id of severities)
      await world.deliver(
        aFinding({
          severity_id,
          finding_info: {
            uid: `uid-${severity_id}`,
            src_url: severity_id ? 'https://acme.example/1' : 'javascript:1',
          },
        }),
      );

    const told = commandsOf(world).flatMap((command) =>
      command.type === 'violation' && command.violation.kind === 'external' ? [command.violation] : [],
    );
    expect(told.map(({ severity }) => severity)).toEqual([
      ...['medium', 'low', 'low', 'medium', 'high', 'critical', 'critical', 'medium'],
    ]);
    expect(told.map(({ url }) => url)).toEqual([undefined, ...Array(7).fill('https://acme.example/1')]);
    expect(told[0]).toMatchObject({ title: 'uid-0' });
  });

  it('has the same id at each delivery, and another for another thing, sender or time', async () => {
    const world = setUp();

    await world.deliver(aFinding());
    await world.deliver(aFinding());
    await world.deliver(aFinding({ finding_info: { uid: 'uid-1', modified_time: now - 1 } }));
    await world.deliver(aFinding({ resources: [{ uid: thingArn('b') }] }));

    expect(new Set(world.sent.map(({ id }) => id)).size).toBe(3);
  });

  it.each([
    ['closed', { activity_id: 3, type_uid: 200_403 }],
    ['resolved', { status_id: 4 }],
    ['suppressed', { status_id: 3 }],
    ['a check that passed', { status_code: 'PASS' }],
    [
      'exported by Cordon',
      { metadata: { version: '1.3.0', product: { name: 'Cordon', vendor_name: 'Cordon' } } },
    ],
  ])('that is %s has no effect: a sender ends nothing', async (_, over) => {
    const world = setUp();

    await world.deliver(aFinding(over));

    expect([world.sent, world.letters]).toEqual([[], []]);
    expect(world.counts).toEqual({ AlertIgnored: 1 });
  });

  it.each<[string, unknown, RegExp]>([
    ['is no JSON', 'beacon!', /^not JSON$/],
    ['is nested without end', '['.repeat(100_000), /^nested too deep$/],
    ['is an empty list', [], /^has no finding$/],
    [
      'is of another class',
      aFinding({ class_uid: 2002 }),
      /class_uid is 2002, and Cordon reads 2004, Detection Findings$/,
    ],
    ['is no finding', { ocsf: {}, raw_log: {} }, /class_uid is missing: it has "ocsf", "raw_log"$/],
    ['is no object', ['x'], /: it is no object$/],
    [
      'is of no product',
      aFinding({ metadata: { version: '1.6.0', product: null } }),
      /: metadata\.product is missing$/,
    ],
    ['is about nothing', aFinding({ finding_info: undefined }), /: finding_info is missing$/],
    ['is of OCSF 2', aFinding({ metadata: { version: '2.0.0', product: {} } }), /expected OCSF 1\.x/],
    ['has no uid', aFinding({ finding_info: { title: 't' } }), /finding_info\.uid/],
    ['has a huge uid', aFinding({ finding_info: { uid: 'x'.repeat(513) } }), /finding_info\.uid/],
    ['has no severity', aFinding({ severity_id: undefined }), /severity_id is missing$/],
    [
      'has a time in words',
      aFinding({ time: '2026-11-29T11:00:00Z' }),
      /: time: expected epoch ms or seconds$/,
    ],
    [
      'is old, as a repeat is',
      aFinding({ time: now - 900_001 }),
      /^is 900 s old: siem may send findings of the last 900 s/,
    ],
    ['has nanoseconds for a time', aFinding({ time: now * 1e6 }), /epoch ms or seconds$/],
    ['is dated far ahead', aFinding({ time: now + 600_000 }), /^is dated 600 s ahead/],
    [
      'names nothing',
      aFinding({ resources: [] }),
      /^names no thing: expected a resource with the ARN of a thing as uid, or one of type AWS::IoT::Thing$/,
    ],
    [
      'names a thing with a control',
      aFinding({ resources: [{ uid: thingArn('a\u0000b') }] }),
      /^resources\.0: no thing is named/,
    ],
    [
      'names a thing with a slash',
      aFinding({ resources: [{ type: 'AWS::IoT::Thing', name: '../x' }] }),
      /^resources\.0: no thing is named/,
    ],
    [
      'names the heartbeat',
      aFinding({ resources: [{ uid: thingArn(heartbeatName) }] }),
      /^resources\.0: no thing is named/,
    ],
    [
      'has another name as the id of its thing',
      aFinding({ resources: [{ type: 'AWS::IoT::Thing', name: 'pump', uid: 'valve' }] }),
      /^resources\.0: pump and valve can both be names of things: send the ARN of the thing as uid$/,
    ],
    [
      'names a thing of another account',
      aFinding({ resources: [{ uid: 'arn:aws:iot:us-east-1:210987654321:thing/mything1' }] }),
      /^resources\.0: a thing of 210987654321\/us-east-1, and Cordon acts on things of its own/,
    ],
    [
      'names a thing of another region',
      aFinding({ resources: [{ type: 'AWS::IoT::Thing', name: 'mything1', region: 'eu-west-1' }] }),
      /^resources\.0: a thing of .*eu-west-1/,
    ],
    [
      'names a thing and is from another account',
      aFinding({ cloud: { account: { uid: '210987654321' } } }),
      /^resources\.0: a thing of 210987654321/,
    ],
    [
      'names one thing of its own and one of another account',
      aFinding({
        resources: [{ uid: thingArn('a') }, { uid: 'arn:aws:iot:us-east-1:210987654321:thing/b' }],
      }),
      /^resources\.1: a thing of 210987654321/,
    ],
    [
      'names a fleet',
      aFinding({ resources: Array.from({ length: 11 }, (_, index) => ({ uid: thingArn(`t${index}`) })) }),
      /^names 11 things: at most 10$/,
    ],
    [
      'is one of Security Hub CSPM in its own format',
      {
        'detail-type': 'Security Hub Findings - Imported',
        source: 'aws.securityhub',
        detail: {
          findings: [
            {
              ...{ SchemaVersion: '2018-10-08', Id: 'f-1', AwsAccountId: '000000000000' },
              ProductArn: 'arn:aws:securityhub:us-east-1::product/aws/guardduty',
              Resources: [{ Type: 'AwsEc2Instance', Id: 'i-1' }],
            },
          ],
        },
      },
      /^a finding in the format of Security Hub CSPM \(ASFF\): send it as a Detection Finding of OCSF that names the thing$/,
    ],
    [
      'is one of GuardDuty, which knows no things',
      {
        'detail-type': 'GuardDuty Finding',
        source: 'aws.guardduty',
        detail: { schemaVersion: '2.0', id: 'x', severity: 8, resource: { resourceType: 'Instance' } },
      },
      /^a GuardDuty finding about Instance: send it as a Detection Finding/,
    ],
    [
      'is one of GuardDuty that names no version',
      { type: 'Recon:EC2/PortProbe', severity: 8, resource: { resourceType: 'Instance' } },
      /^a GuardDuty finding about Instance: send it as a Detection Finding/,
    ],
    [
      'is one of GuardDuty as its API writes it',
      { SchemaVersion: '2.0', Id: 'x', Severity: 8, Resource: { ResourceType: 'AccessKey' } },
      /^a GuardDuty finding about AccessKey: send it as/,
    ],
  ])('is set aside with the reason if it %s', async (_, message, reason) => {
    const world = setUp();

    await world.deliver(message);

    expect(world.sent).toEqual([]);
    expect(world.letters).toEqual([expect.objectContaining({ reason: expect.stringMatching(reason) })]);
    expect(world.counts).toEqual({ AlertRejected: 1 });
  });

  it('keeps a huge text short in the command', async () => {
    const world = setUp();

    await world.deliver(
      aFinding({
        finding_info: { uid: 'uid-1', title: '\ud83d'.repeat(100_000) },
        metadata: { version: '1.6.0', product: { name: 'x'.repeat(100_000) } },
      }),
    );

    expect(JSON.stringify(commandsOf(world)).length).toBeLessThan(3_000);
  });

  it.each([
    ['of a sender that is none', { TopicArn: `${topic}2` }],
    ['without a topic', { TopicArn: undefined }],
    ['that is no delivery of SNS', { Type: 'SubscriptionConfirmation' }],
  ])('is set aside in an envelope %s', async (_, over) => {
    const world = setUp();

    await world.deliver(aFinding(), over);

    expect(world.letters).toEqual([
      expect.objectContaining({ reason: 'came by no topic of a sender in sources.external' }),
    ]);
  });

  it('is no alert on the topic of alerts, even in an envelope that names the topic of a sender', async () => {
    const world = setUp();

    await world.take(aRecord({ Type: 'Notification', TopicArn: topic, Message: JSON.stringify(aFinding()) }));

    expect(world.sent).toEqual([]);
    expect(world.letters).toHaveLength(1);
  });
});
