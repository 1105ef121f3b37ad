import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PublishCommand } from '@aws-sdk/client-sns';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Announcement } from '../../shared/domain/messages/announcement-schema';
import { thingKey } from '../../shared/domain/thing-ref';
import { anAlert, aReport } from './alerts';
import { type EndToEnd, root, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';

/** For each queue, a message that its function can never handle, because a call to AWS fails for this message only. */
const poisons = [
  { queue: 'alerts', functionName: 'intake', name: 'poison-alert', deliveries: 30 },
  { queue: 'reports', functionName: 'detect', name: 'poison-report', deliveries: 30 },
  { queue: 'presence', functionName: 'intake', name: 'poison-presence', deliveries: 30 },
  { queue: 'notify', functionName: 'notify', name: 'poison-notify', deliveries: 20 },
  { queue: 'commands', functionName: 'respond', name: 'poison-command', deliveries: 90 },
] as const;

const end = (queue: string) => (queue === 'commands' ? '.fifo' : '');

describe('the packaged template', () => {
  interface Resource {
    readonly Type: string;
    readonly Properties: Readonly<Record<string, unknown>>;
  }

  it('has a dead-letter queue for each queue, and for each of those an alarm that notifies people', async () => {
    const file = join(root, '.serverless', 'cloudformation-template-update-stack.json');
    const template = JSON.parse(await readFile(file, 'utf8')) as { Resources: Record<string, Resource> };
    const all = Object.entries(template.Resources);
    const redrives = all.flatMap(([, { Type, Properties }]) =>
      Type === 'AWS::SQS::Queue' && Properties.RedrivePolicy
        ? [[Properties.QueueName, Properties.RedrivePolicy]]
        : [],
    );
    const alarms = all.flatMap(([, { Type, Properties }]) =>
      Type === 'AWS::CloudWatch::Alarm' ? [Properties] : [],
    );

    expect(redrives).toHaveLength(poisons.length);
    for (const { queue, deliveries } of poisons) {
      const id = `${queue.charAt(0).toUpperCase()}${queue.slice(1)}DeadQueue`;
      expect(redrives).toContainEqual([
        `cordon-dev-${queue}${end(queue)}`,
        { deadLetterTargetArn: { 'Fn::GetAtt': [id, 'Arn'] }, maxReceiveCount: deliveries },
      ]);
      expect(alarms).toContainEqual(
        expect.objectContaining({
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }],
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          AlarmActions: [{ Ref: 'AlarmsTopic' }],
        }),
      );
    }
  });
});

/** Instead of the template's numbers, which take half an hour. */
const fewerDeliveries = 5;
const commandDeliveries = 8;

describe('a message that always fails', () => {
  let e2e: EndToEnd;

  beforeAll(async () => {
    // On AWS, the deliveries take half an hour; the test needs only their order.
    e2e = await startEndToEnd({ schedules: true, redeliverSeconds: 2, warm: true });
    for (const { queue } of poisons)
      await e2e.sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: await urlOf(`${queue}${end(queue)}`),
          Attributes: { RedrivePolicy: await deliverFewer(queue) },
        }),
      );
  }, 180_000);

  afterAll(() => e2e.close());

  async function urlOf(queue: string): Promise<string | undefined> {
    const { QueueUrl } = await e2e.sqs.send(new GetQueueUrlCommand({ QueueName: `cordon-dev-${queue}` }));
    return QueueUrl;
  }

  /** The redrive policy of a queue with fewer deliveries, since all of them would take half an hour. */
  async function deliverFewer(queue: string): Promise<string> {
    const { Attributes } = await e2e.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: await urlOf(`${queue}${end(queue)}`),
        AttributeNames: ['RedrivePolicy'],
      }),
    );
    return JSON.stringify({
      ...JSON.parse(Attributes?.RedrivePolicy ?? '{}'),
      maxReceiveCount: queue === 'commands' ? commandDeliveries : fewerDeliveries,
    });
  }

  async function takeDead(queue: string): Promise<string | undefined> {
    const { Messages = [] } = await e2e.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: await urlOf(`${queue}-dead${end(queue)}`) }),
    );
    return Messages[0]?.Body;
  }

  const anAnnouncement = (caseId: string): Announcement => ({
    version: 1,
    id: `${caseId}#1`,
    caseId,
    seq: 1,
    at: Date.now(),
    kind: 'contained',
    status: 'contained',
    severity: 'high',
    thingName: 'announced',
    text: 'the denial is verified',
    detector: 'cordon',
    violations: [],
    actions: [],
    evidence: [],
    enrichment: [],
  });

  async function announce(announcement: Announcement): Promise<void> {
    const TopicArn = e2e.stack.deployed.outputs.AnnouncementsTopicArn;
    // Channels for people take only what this attribute names.
    const MessageAttributes = { audience: { DataType: 'String', StringValue: 'people' } };
    await e2e.sns.send(
      new PublishCommand({ TopicArn, Message: JSON.stringify(announcement), MessageAttributes }),
    );
  }

  const report = (thingName: string) =>
    [`cordon/things/${thingName}/reports/json`, JSON.stringify(aReport(1))] as const;

  async function sendPoison(): Promise<void> {
    await e2e.publishAlert(anAlert('poison-alert'));
    await publishOrCut(await e2e.connect(await e2e.enroll('poison-report')), ...report('poison-report'));
    await e2e.connect(await e2e.enroll('poison-presence'));
    await announce(anAnnouncement('poison-notify'));
    await e2e.enroll('poison-command');
    await e2e.command({ type: 'contain', thingName: thingKey('poison-command'), actor: 'test' });
  }

  const failures = (functionName: string) =>
    e2e.stack.functions
      .lastLines(`cordon-dev-${functionName}`)
      .filter((line) => /not (handled|judged), will be redelivered/.test(line));

  const slackOf = (thingName: string) =>
    e2e.stack.aws.slack.messages().filter(({ text }) => text.includes(`${thingName}:`));

  it('is set aside after its deliveries, without delaying other messages of its queue', async () => {
    e2e.stack.aws.gateway.setFaults(
      poisons.map(({ functionName, name }) => ({
        kind: 'error',
        functionName: `cordon-dev-${functionName}`,
        contains: name,
        probability: 1,
      })),
    );
    await sendPoison();
    await waitUntil(
      () => 'a first failure of each function',
      () => ['intake', 'detect', 'notify', 'respond'].every((name) => failures(name).length > 0),
      60_000,
    );

    const healthy = await e2e.connect(await e2e.enroll('healthy'));
    await publishOrCut(healthy, ...report('healthy'));
    await e2e.waitForCase('healthy', 'contained', 60_000);
    await waitUntil(
      () => 'the Slack message of the healthy case',
      () => slackOf('healthy').length > 0,
      60_000,
    );
    expect(await takeDead('commands')).toBeUndefined();

    for (const { queue, name } of poisons) {
      const body = await waitUntil(
        () => `the dead letter of ${queue}`,
        () => takeDead(queue),
        150_000,
      );
      // A connect comes base64-encoded.
      expect([body, Buffer.from(body, 'base64').toString()].join('\n')).toContain(name);
    }
    const counts = ['intake', 'detect', 'notify', 'respond'].map((name) => [name, failures(name).length]);
    expect(Object.fromEntries(counts)).toEqual({
      intake: 2 * fewerDeliveries,
      detect: fewerDeliveries,
      notify: fewerDeliveries,
      respond: commandDeliveries,
    });
    await e2e.waitForQuiet();

    // The messages behind it in its thing's message group are handled.
    e2e.stack.aws.gateway.setFaults([]);
    await e2e.publishAlert(anAlert('poison-command'));
    await e2e.waitForCase('poison-command', 'contained', 60_000);
  }, 240_000);

  it('is handled once it is moved back, even if a rule could not deliver it', async () => {
    e2e.stack.aws.gateway.setFaults(
      ['reports', 'presence'].map((queue) => ({
        kind: 'error',
        functionName: `rule cordon_dev_${queue}`,
        contains: `cordon-dev-${queue}"`,
        probability: 1,
      })),
    );
    await e2e.enroll('moved-alert');
    const client = await e2e.connect(await e2e.enroll('moved-report'));
    await publishOrCut(client, ...report('moved-report'));
    /**
     * Waits until the queue has a dead letter with this text, leaves it there, and returns the command of the runbook.
     */
    const moveBack = async (queue: string, text: string) => {
      const body = await waitUntil(
        () => `a dead letter of ${queue}`,
        async () => {
          const QueueUrl = await urlOf(`${queue}-dead`);
          const { Messages = [] } = await e2e.sqs.send(
            new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 1, MaxNumberOfMessages: 10 }),
          );
          return Messages.find(({ Body }) => Body?.includes(text))?.Body;
        },
        60_000,
      );
      const [SourceArn, DestinationArn] = [`${queue}-dead`, queue].map(
        (name) => `arn:aws:sqs:us-east-1:000000000000:cordon-dev-${name}`,
      );
      // Repeats until the message that was read is visible again.
      const moved = await waitUntil(
        () => `the move of a dead letter of ${queue}`,
        async () => {
          await e2e.sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
          const { Results = [] } = await e2e.sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
          return Results.find((task) => task.ApproximateNumberOfMessagesMoved);
        },
        60_000,
      );
      expect(moved).toMatchObject({ Status: 'COMPLETED', DestinationArn });
      return body;
    };
    const envelope = await moveBackAfterFaults();

    expect(envelope).toContain('base64OriginalPayload');
    const { reason } = await e2e.waitForCase('moved-report', 'awaiting-approval', 60_000);
    expect(reason).toContain('a certificate that is not attached to this thing');

    await e2e.sendTo('alerts-dead', anAlert('moved-alert'));
    await moveBack('alerts', 'moved-alert');
    await e2e.waitForCase('moved-alert', 'contained', 60_000);

    async function moveBackAfterFaults() {
      await waitUntil(
        () => 'the dead letter of the rule',
        async () => {
          const { Attributes } = await e2e.sqs.send(
            new GetQueueAttributesCommand({
              QueueUrl: await urlOf('reports-dead'),
              AttributeNames: ['ApproximateNumberOfMessages'],
            }),
          );
          return Number(Attributes?.ApproximateNumberOfMessages) > 0;
        },
        60_000,
      );
      e2e.stack.aws.gateway.setFaults([]);
      return moveBack('reports', 'cordon_dev_reports');
    }
  }, 180_000);
});
