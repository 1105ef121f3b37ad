import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { LocalHandler } from '../../local/aws/wire/local-routes';
import { thingKey } from '../../shared/domain/thing-ref';
import { type BellService, startBellService } from '../functions/notify/bell-service';
import { routingKey, startPagerDuty } from '../functions/notify/channels/pagerduty/stand-in';
import { createTeams } from '../functions/notify/channels/teams/stand-in';
import { createReceiver, key } from '../functions/notify/channels/webhook/stand-in';
import type { Answer, Asked } from '../functions/notify/http-service';
import { copyWithBell } from '../functions/notify/throw-away-channel';
import { anAlert } from './alerts';
import { openCli } from './cli-process';
import { registerDocumented } from './documented-rights';
import { type EndToEnd, root, startEndToEnd, waitUntil } from './harness';

/** The service, packaged from a copy of the sources with one more channel. */
const copy = copyWithBell();
const useFolder = process.env.CORDON_ROLE_USE;
let bells: BellService;
let pagerduty: Awaited<ReturnType<typeof startPagerDuty>>;
const teams = createTeams();
const receiver = createReceiver();
let e2e: EndToEnd;

/** All channels with a function but the throw-away one. */
const shippedChannels = [
  'slack: { channel: "#iot-security" }',
  'teams: {}',
  'pagerduty: {}',
  'webhook: {}',
  'eventbridge: {}',
  'securityhub: {}',
];
/** A behavior whose playbook asks, and whose question goes to Teams alone, at any hour. */
const asShipped = readFileSync(join(root, 'cordon.yml'), 'utf8')
  .replace(
    '      - name: no-child-processes\n',
    `      - name: asked-about
        metric: num_child_procs_myapp
        criteria: { comparisonOperator: less-than-equals, value: { number: 99 } }
      - name: no-child-processes\n`,
  )
  .replace(
    '  - name: spawned-child\n',
    `  - { name: asks, when: { behavior: asked-about }, severity: low, mode: approve, actions: [quarantine, disconnect] }
  - name: spawned-child\n`,
  );
const routes = `routes:
    - { playbook: asks, status: awaiting-approval, hours: { from: "00:00", to: "12:00", timeZone: UTC }, to: [teams] }
    - { severity: low, status: awaiting-approval, hours: { from: "12:00", to: "24:00", timeZone: UTC }, to: [teams] }
    - { to: [slack, teams, pagerduty, webhook, bell] }`;
const configure = (...more: readonly string[]) =>
  asShipped.replace(shippedChannels[0] ?? '', [...shippedChannels, ...more].join('\n  '));

const prefix = '/_cordon/played';
/** Makes a stand-in reachable through the gateway: functions of the local stack can post over HTTP to nothing else. */
const play =
  (answer: (asked: Asked) => Answer): LocalHandler =>
  ({ method, path, query, headers, body }) =>
    answer({
      ...{ method, headers, body: body.toString() },
      path: `${path.slice(prefix.length)}${query.size > 0 ? `?${query}` : ''}`,
    });

function packageCopy(): string {
  const file = join(copy.folder, 'cordon.yml');
  writeFileSync(file, configure('bell: { tower: north }', routes));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/.bin/osls'), 'package'],
    {
      cwd: copy.folder,
      // What local/package-service.ts had Node keep of the packager.
      env: {
        ...process.env,
        CORDON_CONFIG: file,
        NODE_COMPILE_CACHE: join(root, 'dist', 'compile-cache'),
      },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`packaging failed: ${stdout}${stderr}`);
  return join(copy.folder, '.serverless');
}

beforeAll(async () => {
  bells = await startBellService('ROPE');
  pagerduty = await startPagerDuty();
  // The unused right of the throw-away channel is not a right of Cordon.
  delete process.env.CORDON_ROLE_USE;
  e2e = await startEndToEnd({
    artifactsDirectory: packageCopy(),
    schedules: true,
    redeliverSeconds: 5,
    parameters: {
      ...{ BellApiUrl: bells.url, PagerdutyApiUrl: pagerduty.url },
      ...{ WebhookSecret: 'cordon/webhook', TeamsWorkflowSecret: 'cordon/teams' },
    },
    routes: {
      [`POST ${prefix}/workflows/1`]: play(teams.answer),
      [`POST ${prefix}/hook`]: play(receiver.answer),
    },
  });
  const { parameters, gateway } = e2e.stack.aws;
  const at = `${gateway.url}${prefix}`;
  parameters.put('/cordon-dev/bell-rope', 'ROPE', 'SecureString');
  parameters.put('/cordon-dev/pagerduty', routingKey, 'SecureString');
  parameters.put('/aws/reference/secretsmanager/cordon/teams', `${at}/workflows/1?sig=x`, 'SecureString');
  parameters.put(
    '/aws/reference/secretsmanager/cordon/webhook',
    JSON.stringify({ url: `${at}/hook`, key }),
    'SecureString',
  );
}, 240_000);

afterAll(async () => {
  if (useFolder !== undefined) process.env.CORDON_ROLE_USE = useFolder;
  await e2e?.close();
  await bells?.close();
  await pagerduty?.close();
  copy.remove();
});

const slackOf = (thingName: string): readonly string[] =>
  e2e.stack.aws.slack
    .messages()
    .flatMap(({ text, threadTs }) => (threadTs === undefined && text.includes(`${thingName}:`) ? text : []));
const bellOf = (thingName: string): string | undefined =>
  [...bells.texts().values()].find((text) => text.startsWith(`${thingName}:`));

/** The state of the thing's case in each channel. */
function statesOf(thingName: string) {
  const { eventBus, securityHub } = e2e.stack;
  const card = teams.posted.findLast((one) => teams.textOf(one).startsWith(`${thingName}:`));
  const alert = [...pagerduty.alerts.values()].find(({ log }) =>
    log.some((line) => line.startsWith(`${thingName}:`)),
  );
  const event = eventBus.events().findLast(({ detail }) => detail.thingName === thingName);
  const finding = securityHub.findings().find(({ Title }) => Title.startsWith(`${thingName}:`));
  return {
    slack: /: (contained|released)\b/.exec(slackOf(thingName)[0] ?? '')?.[1],
    teams: card?.cordon.status,
    pagerduty: alert?.status,
    webhook: receiver.statuses.get(thingName),
    eventbridge: event?.detail.status,
    securityhub: finding && `${finding.Workflow?.Status} ${finding.RecordState}`,
  };
}

async function waitForStates(thingName: string, states: ReturnType<typeof statesOf>): Promise<void> {
  await waitUntil(
    () => `${thingName} as ${JSON.stringify(states)}, but it is ${JSON.stringify(statesOf(thingName))}`,
    () => JSON.stringify(statesOf(thingName)) === JSON.stringify(states),
    // Each of nine functions starts a process of its own for the first message.
    150_000,
  );
}

const contained = {
  slack: 'contained',
  teams: 'contained',
  pagerduty: 'triggered',
  webhook: 'contained',
  eventbridge: 'contained',
  securityhub: 'NOTIFIED ACTIVE',
} as const;

const released = {
  slack: 'released',
  teams: 'closed',
  pagerduty: 'resolved',
  webhook: 'closed',
  eventbridge: 'closed',
  securityhub: 'RESOLVED ARCHIVED',
} as const;

async function contain(thingName: string): Promise<void> {
  await e2e.enroll(thingName);
  await e2e.command({ type: 'contain', thingName: thingKey(thingName), actor: 'test' });
  await e2e.waitForCase(thingName, 'contained', 120_000);
}

async function countDead(queue: string): Promise<number> {
  const { QueueUrl } = await e2e.sqs.send(new GetQueueUrlCommand({ QueueName: `cordon-dev-${queue}` }));
  const { Attributes } = await e2e.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

describe('the channels of a stack that has all of them', () => {
  it('each show a violation and its release, with their own roles and secrets of both stores', async () => {
    const thingName = 'told-everywhere';
    await e2e.enroll(thingName);
    await e2e.publishAlert(anAlert(thingName));
    await e2e.waitForCase(thingName, 'contained');
    await waitForStates(thingName, contained);

    await e2e.command({ type: 'release', thingName: thingKey(thingName), actor: 'test' });
    await waitForStates(thingName, released);

    expect(e2e.countCalls('notify-securityhub')).toMatchObject({
      'securityhub:BatchImportFindings': expect.any(Number),
      'securityhub:BatchUpdateFindings': expect.any(Number),
    });
    expect(Object.keys(e2e.countCalls('notify-eventbridge'))).toContain('events:PutEvents');
    expect(e2e.log.filter(({ message }) => message.startsWith('refused by IAM'))).toEqual([]);
    expect(await e2e.rejected()).toEqual([]);
  }, 360_000);

  it('each show what the routes give them, and what follows', async () => {
    const thingName = 'routed';
    await e2e.enroll(thingName);
    const behavior = { ...JSON.parse(anAlert(thingName)).behavior, name: 'asked-about' };
    await e2e.publishAlert(anAlert(thingName, { behavior }));
    await e2e.waitForCase(thingName, 'awaiting-approval');
    await waitUntil(
      () => `the question in Teams: ${JSON.stringify(statesOf(thingName))}`,
      () => statesOf(thingName).teams === 'awaiting-approval' && statesOf(thingName).eventbridge,
      150_000,
    );
    await e2e.waitForQuiet();
    const { slack, pagerduty: paged, webhook } = statesOf(thingName);
    expect({ slack, paged, webhook, bell: bellOf(thingName) }).toEqual({});

    await e2e.command({ type: 'approve', thingName: thingKey(thingName), actor: 'test' });
    await waitForStates(thingName, { ...contained, pagerduty: 'acknowledged' });
    await e2e.command({ type: 'release', thingName: thingKey(thingName), actor: 'test', force: true });
    await waitForStates(thingName, released);
  }, 360_000);

  it('are each tried by the doctor, with the rights of its two pages', async () => {
    const { credentials } = await registerDocumented(e2e, 'doctor', 'doctor-send-test');
    const cli = await openCli(e2e, configure(), credentials);
    try {
      const examine = async (): Promise<string[]> => {
        const { out } = await cli.run('doctor', '--json', '--send-test');
        const found = JSON.parse(out) as { level: string; about: string; what: string }[];
        return found
          .filter(({ about }) => /^(Slack|Teams|PagerDuty|Webhook|EventBridge|Security Hub)$/.test(about))
          .map(({ level, about, what }) => `${level} ${about}: ${what}`);
      };
      const taken = (about: string) => `ok ${about}: it accepted a test message and the message that ends it`;
      const others = [taken('EventBridge'), taken('Security Hub')];

      expect(await examine()).toEqual([
        'ok Slack: Slack #iot-security accepted a test message',
        ...[taken('Teams'), taken('PagerDuty'), taken('Webhook'), ...others],
      ]);
      expect([...pagerduty.alerts.values()].filter(({ status }) => status !== 'resolved')).toEqual([]);

      e2e.stack.securityHub.enable(false);
      expect((await examine()).at(-1)).toBe(
        'problem Security Hub: it refused the test message: InvalidAccessException: Account 000000000000 is not subscribed to AWS Security Hub',
      );
    } finally {
      e2e.stack.securityHub.enable(true);
      await cli.remove();
    }
  }, 180_000);
});

describe('a channel that cordon.yml names beside Slack', () => {
  it('shows a case as soon as Slack does, with its own role and secret', async () => {
    await contain('told-twice');

    await waitUntil(
      () => `the case in both: ${slackOf('told-twice')}, ${bellOf('told-twice')}`,
      () => slackOf('told-twice').length > 0 && bellOf('told-twice')?.includes('contained'),
    );
  });

  it('delays no other channel while its own service does not answer, and shows the newest state once it answers', async () => {
    const things = ['stuck-1', 'stuck-2'];
    bells.hang(true);

    await contain('stuck-0');
    await waitUntil(
      () => 'a request that is never answered',
      () => bells.hanging() > 0,
    );
    for (const thingName of things) await contain(thingName);
    for (const thingName of things)
      await waitForStates(thingName, { ...contained, pagerduty: 'acknowledged' });

    // The other channel has shown none of them yet, so nothing waited for it.
    expect(things.map(bellOf)).toEqual(things.map(() => undefined));
    bells.hang(false);
    await e2e.command({ type: 'release', thingName: thingKey('stuck-0'), actor: 'test' });
    await waitUntil(
      () => `the release of stuck-0: ${bellOf('stuck-0')}`,
      () => bellOf('stuck-0')?.includes('released'),
      120_000,
    );
    expect([await countDead('notify-bell-dead'), await countDead('notify-dead')]).toEqual([0, 0]);
    expect(await e2e.rejected()).toEqual([]);
  }, 600_000);
});
