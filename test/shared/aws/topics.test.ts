import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { connectAlertTopic, connectAnnouncer } from '../../../shared/aws/topics';
import type { Command } from '../../../shared/domain/decide/command';
import { boundUncounted, boundValue, keepEvidence } from '../../../shared/domain/findings/violation';
import { type Announcement, announcementSchema } from '../../../shared/domain/messages/announcement-schema';
import { announceHeartbeat } from '../../../shared/domain/messages/audience';
import { thingKey } from '../../../shared/domain/thing-ref';
import { anExternalFinding, now } from '../../builders';
import { anAnnouncement } from '../../functions/notify/announcements';
import { alarm, anEngine, operator } from '../../functions/respond/story';
import { mockClient } from '../../mock-client';
import { aWorld } from '../../world';

const sns = mockClient(SNSClient);
const client = new SNSClient({ region: 'us-east-1' });
const arn = 'arn:aws:sns:us-east-1:000000000000:topic';

beforeEach(() => sns.reset().on(PublishCommand).resolves({}));

async function publish(announcement: Announcement) {
  await connectAnnouncer(arn, client).publish(announcement);
  const input = sns.commandCalls(PublishCommand)[0]?.args[0].input;
  if (!input) throw new Error('nothing published');
  return input;
}

describe('the announcer', () => {
  it('publishes JSON for systems and text for e-mail, with attributes to filter on', async () => {
    const announcement = anAnnouncement();

    const { Message, ...input } = await publish(announcement);

    expect(input).toEqual({
      TopicArn: arn,
      Subject: '[contained] mything1 (Cordon case case-1)',
      MessageStructure: 'json',
      MessageAttributes: {
        status: { DataType: 'String', StringValue: 'contained' },
        severity: { DataType: 'String', StringValue: 'critical' },
        thingName: { DataType: 'String', StringValue: 'mything1' },
        drill: { DataType: 'String', StringValue: 'false' },
        audience: { DataType: 'String', StringValue: 'people' },
      },
    });
    const parts = JSON.parse(Message ?? '');
    expect(Object.keys(parts)).toEqual(['default', 'email']);
    expect(JSON.parse(parts.default)).toEqual(announcement);
    expect(parts.email).toContain('mything1: 1 child process of myapp: contained\n');
  });

  it('marks the announcements of a drill', async () => {
    const { Subject, MessageAttributes } = await publish(
      anAnnouncement({ thingName: 'cordon-drill-1', drill: true }),
    );

    expect(Subject).toBe('[DRILL contained] cordon-drill-1 (Cordon case case-1)');
    expect(MessageAttributes?.drill?.StringValue).toBe('true');
  });

  it('marks announcements that people already saw with another thing as for systems', async () => {
    const { MessageAttributes } = await publish(anAnnouncement({ quiet: true }));

    expect(MessageAttributes?.audience?.StringValue).toBe('systems');
  });

  it.each([
    [['slack', 'email'], 'true'],
    [['slack'], 'false'],
  ])('marks whether a message that goes to %j is mailed', async (channels, mail) => {
    const { MessageAttributes } = await publish(anAnnouncement({ channels }));

    expect(MessageAttributes?.mail?.StringValue).toBe(mail);
  });

  it('marks the heartbeat, so subscribers can leave it out', async () => {
    const { Message = '', MessageAttributes, Subject } = await publish(announceHeartbeat(1_795_000_000_000));

    expect(MessageAttributes?.audience?.StringValue).toBe('heartbeat');
    expect(Subject).toMatch(/^\[heartbeat\] cordon-heartbeat/);
    const parts = JSON.parse(Message);
    expect(parts.email).not.toContain('npx cordon');
    expect(announcementSchema.safeParse(JSON.parse(parts.default)).success).toBe(true);
  });

  it.each(['contained', 'containing', 'containment-failed', 'release-conflict', 'approval-needed'])(
    'keeps the subject of %s short and ASCII, whatever the thing name',
    async (kind) => {
      const { Subject = '' } = await publish(anAnnouncement({ kind, thingName: 'x'.repeat(128) }));

      // SNS API, Publish: "less than 100 characters", ASCII, no line breaks or control characters.
      expect(Subject).toMatch(/^[\x20-\x7e]{1,99}$/);
    },
  );

  it('publishes no character that a queue behind the topic refuses', async () => {
    const announcement = anAnnouncement({ evidence: ['miner \uffff\ufffe'] });

    const { Message = '' } = await publish(announcement);

    const parts = JSON.parse(Message);
    expect(`${Message}${parts.default}${parts.email}`).not.toMatch(/[\ufffe\uffff]/);
    expect(JSON.parse(parts.default)).toEqual(announcement);
  });

  it('publishes no more than SNS accepts, however long the texts of the device and the operator are', async () => {
    const most = (count: number) => '😀'.repeat(count);
    const world = aWorld();
    const engine = anEngine(world);
    // These are as many violations as keep their evidence, none of a shared profile.
    for (let index = 0; index < 15; index += 1) {
      const name = (kind: string) => `${kind}${index}`.padEnd(128, 'x');
      const strings = Array.from({ length: 21 }, () => most(100));
      const evidence = [{ commandLine: most(1_000), executable: most(500), parents: [most(200)] }];
      const uncounted = boundUncounted(strings.map((text, row) => `${index} ${row} ${text}`));
      await engine(
        alarm({
          ...{ behaviorName: name('b'), securityProfileName: name('p'), metric: name('m') },
          ...{ violationId: String(index), occurredAt: now + index, value: boundValue({ strings }) },
          ...{ criteria: most(500), uncounted, ...keepEvidence(evidence) },
        }),
      );
    }
    await engine({ ...operator('release'), actor: most(128), comment: most(500) } as Command);
    const last = world.told.at(-1);
    if (!last) throw new Error('nothing was announced');

    const { Message = '', MessageAttributes } = await publish(last);

    expect(last.violations).toHaveLength(15);
    expect(Buffer.byteLength(Message + JSON.stringify(MessageAttributes))).toBeLessThan(256 * 1024);
  });

  it('publishes no more than SNS accepts, however long the texts of another product and of the device are', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    const most = (count: number, index: number) => `${index} `.padEnd(count, '😀').toWellFormed();
    for (let index = 0; index < 19; index += 1) {
      const product = most(100, index);
      const violation = anExternalFinding({
        ...{ violationId: most(512, index), title: most(300, index), product },
        occurredAt: now + index,
      });
      await engine({ type: 'violation', thingName: thingKey(violation.thingName), violation });
    }
    const uncounted = boundUncounted(Array.from({ length: 10 }, (_, index) => most(300, index)));
    const rows = Array.from({ length: 5 }, (_, pid) => ({ pid, commandLine: most(500, pid) }));
    await engine(alarm({ occurredAt: now + 30, uncounted, evidence: rows }));
    await engine({ ...operator('release'), actor: most(128, 0), comment: most(500, 0) } as Command);
    const last = world.told.at(-1);
    if (!last) throw new Error('nothing was announced');

    const { Message = '', MessageAttributes } = await publish(last);

    expect(Buffer.byteLength(Message + JSON.stringify(MessageAttributes))).toBeLessThan(256 * 1024);
    const parts = JSON.parse(Message);
    expect(announcementSchema.safeParse(JSON.parse(parts.default)).success).toBe(true);
  });

  it('prevents hostile text from forging a line of the e-mail', async () => {
    const forged = 'x\r\nStatus:    released\u2028Thing:\u0085y\u202e';
    const plain = JSON.parse((await publish(anAnnouncement({ text: 'x', evidence: ['x'] }))).Message ?? '');
    sns.resetHistory();

    const hostile = JSON.parse(
      (await publish(anAnnouncement({ text: forged, evidence: [forged] }))).Message ?? '',
    );

    expect(hostile.email.split('\n')).toHaveLength(plain.email.split('\n').length);
    expect(hostile.email).not.toMatch(/[\r\u0085\u2028\u202e]/);
  });
});

describe('the alert topic', () => {
  it('publishes an alert unchanged', async () => {
    await connectAlertTopic(arn, client).publish('{"a":1}');

    expect(sns.commandCalls(PublishCommand)[0]?.args[0].input).toEqual({
      TopicArn: arn,
      Message: '{"a":1}',
    });
  });
});
