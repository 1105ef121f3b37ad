import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { SlackMessage } from '../../local/slack-and-mail/slack-blocks';
import { thingKey } from '../../shared/domain/thing-ref';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';

let e2e: EndToEnd;
beforeAll(async () => {
  e2e = await startEndToEnd();
}, 180_000);
afterAll(() => e2e.close());

const rootsOf = (thingName: string): readonly SlackMessage[] =>
  e2e.stack.aws.slack
    .messages()
    .filter(({ text, threadTs }) => threadTs === undefined && text.split(' ')[1] === `${thingName}:`);

async function countDead(): Promise<number> {
  const { QueueUrl } = await e2e.sqs.send(new GetQueueUrlCommand({ QueueName: 'cordon-dev-notify-dead' }));
  const { Attributes } = await e2e.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

async function contain(thingName: string): Promise<void> {
  await e2e.command({ type: 'contain', thingName: thingKey(thingName), actor: 'test' });
  await e2e.waitForCase(thingName, 'contained', 60_000);
}

async function release(thingName: string): Promise<void> {
  await e2e.command({ type: 'release', thingName: thingKey(thingName), actor: 'test' });
  await e2e.waitForCase(thingName, 'closed', 60_000);
}

const isReleased = (thingName: string) =>
  waitUntil(
    () => `the release of ${thingName} in Slack: ${rootsOf(thingName).map(({ text }) => text)}`,
    () => rootsOf(thingName).at(-1)?.text.includes('released'),
    120_000,
  );

describe('Slack', () => {
  it('shows the newest state of each of many cases under real rate limits, with no dead letter', async () => {
    const things = Array.from({ length: 15 }, (_, index) => `burst-${index}`);
    for (const thingName of things) await e2e.enroll(thingName);
    e2e.stack.aws.slack.keepPace(true);

    await Promise.all(things.map(contain));
    await Promise.all(things.map(release));
    for (const thingName of things) await isReleased(thingName);

    e2e.stack.aws.slack.keepPace(false);
    for (const thingName of things) expect(rootsOf(thingName)).toHaveLength(1);
    expect(await countDead()).toBe(0);
  }, 180_000);

  it('shows a case again whose message somebody deleted', async () => {
    await e2e.enroll('deleted');
    await contain('deleted');
    const [root] = await waitUntil(
      () => 'the message',
      () => rootsOf('deleted').length > 0 && rootsOf('deleted'),
    );
    expect(JSON.stringify(root?.blocks)).toMatch(
      /<http:\/\/127\.0\.0\.1:\d+\/console\/cases\/deleted\/[\w-]+\|the case in the console>/,
    );
    e2e.stack.aws.slack.deleteMessage(root?.ts ?? '');

    await release('deleted');

    await isReleased('deleted');
  }, 120_000);

  it('continues in a renamed channel, also with new cases', async () => {
    await e2e.enroll('renamed');
    e2e.stack.aws.slack.setChannel('#iot-security', 'renamed');

    await contain('renamed');
    await waitUntil(
      () => 'the message of a new case',
      () => rootsOf('renamed').length > 0,
    );
    await release('renamed');
    await isReleased('renamed');

    e2e.stack.aws.slack.setChannel('#iot-security', 'active');
  }, 120_000);
});
