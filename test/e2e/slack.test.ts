import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { SlackMessage } from '../../local/slack-and-mail/slack-blocks';
import { thingKey } from '../../shared/domain/thing-ref';
import { anAlert } from './alerts';
import { actUntil, type EndToEnd, startEndToEnd, waitUntil } from './harness';

let e2e: EndToEnd;
beforeAll(async () => {
  e2e = await startEndToEnd({ schedules: true });
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

  it('shows twelve things of one storm in one message with the newest numbers, as one mail does', async () => {
    const { aws, functions } = e2e.stack;
    const things = Array.from({ length: 12 }, (_, index) => `storm-${index}`);
    for (const thingName of things) await e2e.enroll(thingName);
    const storms = () => aws.slack.messages().filter(({ text }) => text.includes('storm of'));
    const mails = () => aws.mails().filter(({ subject }) => subject.includes('storm of'));
    const sweep = async () => {
      await e2e.waitForQuiet();
      expect(await functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });
    };
    const shows = (text: string) =>
      actUntil(
        () => `${text} in ${storms().map((one) => one.text)}`,
        sweep,
        () => storms()[0]?.text.includes(text),
      );

    await Promise.all(things.map((thingName) => e2e.publishAlert(anAlert(thingName))));
    await shows(': 2 wait for approval, 10 contained');
    const cases = await Promise.all(things.map((thingName) => e2e.loadCase(thingName)));
    const waiting = cases.flatMap((one) => (one?.status === 'awaiting-approval' ? [one.thingName] : []));
    for (const thingName of waiting) await e2e.command({ type: 'approve', thingName, actor: 'test' });
    await shows(': 12 contained');

    expect(storms()).toHaveLength(1);
    expect(storms()[0]?.text).toMatch(/^🌩️ storm of no-child-processes since \d\d:\d\d UTC: 12 contained/);
    const threads = mails().map(({ subject }) => subject.replace(/^\[[\w ,]+\] /, ''));
    expect([...new Set(threads)]).toEqual([
      expect.stringMatching(/^storm of no-child-processes since \d\d:\d\d UTC \(Cordon\)$/),
    ]);
    expect(JSON.stringify(storms()[0]?.blocks)).toContain(
      '`npx cordon release --all --behavior myapp-processes/no-child-processes --expect 12`',
    );
    const alone = things.filter((thingName) => rootsOf(thingName).length > 0);
    expect(alone).toHaveLength(5);
  }, 180_000);
});
