import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { thingKey } from '../../shared/domain/thing-ref';
import { copyWithBell } from '../functions/notify/throw-away-channel';
import { startTower, type Tower } from '../functions/notify/tower';
import { type EndToEnd, root, startEndToEnd, waitUntil } from './harness';

/** The service, packaged from a copy of the sources with one more channel. */
const copy = copyWithBell();
const useFolder = process.env.CORDON_ROLE_USE;
let tower: Tower;
let e2e: EndToEnd;

function packageCopy(): string {
  const file = join(copy.folder, 'cordon.yml');
  const slack = 'slack: { channel: "#iot-security" }';
  const text = readFileSync(join(root, 'cordon.yml'), 'utf8');
  writeFileSync(file, text.replace(slack, `${slack}\n  bell: { tower: north }`));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/.bin/osls'), 'package'],
    { cwd: copy.folder, env: { ...process.env, CORDON_CONFIG: file }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`packaging failed: ${stdout}${stderr}`);
  return join(copy.folder, '.serverless');
}

beforeAll(async () => {
  tower = await startTower('ROPE');
  // A right of the throw-away channel, which nothing uses, is no right of Cordon.
  delete process.env.CORDON_ROLE_USE;
  e2e = await startEndToEnd({
    artifactsDirectory: packageCopy(),
    parameters: { BellApiUrl: tower.url },
  });
  e2e.stack.aws.parameters.put('/cordon-dev/bell-rope', 'ROPE', 'SecureString');
}, 240_000);

afterAll(async () => {
  if (useFolder !== undefined) process.env.CORDON_ROLE_USE = useFolder;
  await e2e?.close();
  await tower?.close();
  copy.remove();
});

const slackOf = (thingName: string): readonly string[] =>
  e2e.stack.aws.slack
    .messages()
    .flatMap(({ text, threadTs }) => (threadTs === undefined && text.includes(`${thingName}:`) ? text : []));
const bellOf = (thingName: string): string | undefined =>
  [...tower.peals().values()].find((text) => text.startsWith(`${thingName}:`));

async function contain(thingName: string): Promise<void> {
  await e2e.enroll(thingName);
  await e2e.command({ type: 'contain', thingName: thingKey(thingName), actor: 'test' });
  await e2e.waitForCase(thingName, 'contained');
}

async function countDead(queue: string): Promise<number> {
  const { QueueUrl } = await e2e.sqs.send(new GetQueueUrlCommand({ QueueName: `cordon-dev-${queue}` }));
  const { Attributes } = await e2e.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

describe('a channel that cordon.yml names beside Slack', () => {
  it('shows a case as soon as Slack does, with its own role and secret', async () => {
    await contain('told-twice');

    await waitUntil(
      () => `the case in both: ${slackOf('told-twice')}, ${bellOf('told-twice')}`,
      () => slackOf('told-twice').length > 0 && bellOf('told-twice')?.includes('contained'),
    );
  });

  it('does not delay Slack while its own service never answers, and shows the newest state once it does', async () => {
    const things = ['stuck-1', 'stuck-2', 'stuck-3', 'stuck-4'];
    tower.hang(true);

    await contain('stuck-0');
    await waitUntil(
      () => 'a request that is never answered',
      () => tower.hanging() > 0,
    );
    await Promise.all(things.map(contain));
    for (const thingName of things)
      await waitUntil(
        () => `${thingName} in Slack`,
        () => slackOf(thingName).some((text) => text.includes('contained')),
      );

    // The other channel has shown none of them yet, so nothing waited for it.
    expect(things.map(bellOf)).toEqual(things.map(() => undefined));
    tower.hang(false);
    await e2e.command({ type: 'release', thingName: thingKey('stuck-0'), actor: 'test' });
    await waitUntil(
      () => `the release of stuck-0: ${bellOf('stuck-0')}`,
      () => bellOf('stuck-0')?.includes('released'),
      120_000,
    );
    expect([await countDead('notify-bell-dead'), await countDead('notify-dead')]).toEqual([0, 0]);
    expect(await e2e.rejected()).toEqual([]);
  }, 300_000);
});
