import { checkAlarms, checkErrors } from '../../../cli/doctor/checks/alarms';
import { type ChannelPort, checkChannel } from '../../../cli/doctor/checks/channel';
import { checkFunctions, type FunctionState } from '../../../cli/doctor/checks/functions';
import { checkConcurrency } from '../../../cli/doctor/checks/limits';
import { checkQuarantine } from '../../../cli/doctor/checks/quarantine';
import { checkQueues, type QueueState } from '../../../cli/doctor/checks/queues';
import { checkRules } from '../../../cli/doctor/checks/rules';
import { checkStack } from '../../../cli/doctor/checks/stack';
import { checkSubscriptions } from '../../../cli/doctor/checks/subscriptions';
import { checkThing, type ThingState } from '../../../cli/doctor/checks/thing';
import { type Check, type Finding, runChecks, writeFindings } from '../../../cli/doctor/finding';
import type { ServedDescriptor } from '../../../functions/notify/channels/descriptor';
import { eventbridge } from '../../../functions/notify/channels/eventbridge/descriptor';
import { slack } from '../../../functions/notify/channels/slack/descriptor';
import { teams } from '../../../functions/notify/channels/teams/descriptor';
import { webhook } from '../../../functions/notify/channels/webhook/descriptor';

const levels = (found: readonly Finding[]) => found.map(({ level }) => level);
const first = async (checks: Check | readonly Check[]) => runChecks([checks].flat());

const stack = (status: string, Version = '1.0.0') => ({
  id: 'arn',
  status,
  outputs: { Version },
  parameters: {},
});

it.each([
  ['UPDATE_ROLLBACK_FAILED', /aws cloudformation continue-update-rollback --stack-name cordon-dev /],
  ['ROLLBACK_COMPLETE', /^aws cloudformation delete-stack --stack-name cordon-dev,/],
  ['ROLLBACK_FAILED', /^aws cloudformation delete-stack --stack-name cordon-dev,/],
  ['CREATE_FAILED', /^aws cloudformation delete-stack --stack-name cordon-dev,/],
  ['UPDATE_ROLLBACK_COMPLETE', /^read the events of the stack, then deploy again/],
  ['UPDATE_FAILED', /^read the events of the stack, then deploy again/],
])('a stack that is %s is repaired as CloudFormation allows', async (status, mend) => {
  const [found] = await first(checkStack('dev', '1.0.0', async () => stack(status)));
  expect(found?.mend).toMatch(mend);
});

describe('the check of the stack', () => {
  it.each([
    ['the same version, deployed', stack('UPDATE_COMPLETE'), ['ok']],
    ['another version', stack('UPDATE_COMPLETE', '0.9.0'), ['note']],
    ['a deploy that was rolled back', stack('UPDATE_ROLLBACK_COMPLETE'), ['problem']],
    ['a deploy that goes on', stack('UPDATE_IN_PROGRESS'), ['note']],
  ])('says of %s: %j', async (_, state, expected) => {
    expect(levels(await first(checkStack('dev', '1.0.0', async () => state)))).toEqual(expected);
  });
});

const queue = (name: string, more: Partial<QueueState> = {}): QueueState => ({
  name: `p-${name}`,
  waiting: 0,
  deadLetterArn: 'arn',
  ...more,
});
const whole = ['alerts', 'reports', 'presence', 'commands.fifo', 'rejected', 'alerts-dead'].map((name) =>
  queue(name),
);

describe('the check of an adopted quarantine group', () => {
  it('says that only its owner can create it again, and that the sweep restores the policy', async () => {
    const check = checkQuarantine(
      { thingGroup: 'theirs', adopt: true },
      async () => ['thing group', 'text of the policy'],
      async () => ['of its owner'],
    );

    expect(await check.run()).toMatchObject([
      {
        level: 'problem',
        about: 'adopted quarantine group theirs',
        mend: 'aws iot create-thing-group --thing-group-name theirs',
      },
      { why: expect.stringContaining('The sweep repairs it'), mend: 'docs/runbooks/quarantine-broken.md' },
      { level: 'note', what: 'it also has the policy of its owner' },
    ]);
  });
});

describe('the check of policies beside the stack’s', () => {
  const run = (adopt: boolean) =>
    checkQuarantine(
      { thingGroup: 'group', adopt },
      async () => [],
      async () => ['my-deny'],
    ).run();

  it('notes one on an adopted group, which its owner or a deploy that was rolled back attached', async () => {
    const findings = await run(true);

    expect(findings.map(({ level, what }) => [level, what])).toEqual([
      ['note', 'it also has the policy my-deny'],
      ['ok', 'it has the policy of this version'],
    ]);
    expect(findings[0]).toMatchObject({
      why: expect.stringContaining('rolled back'),
      mend: expect.stringContaining('aws iot detach-policy --policy-name my-deny'),
    });
  });

  it('finds a problem in one on a group of the stack', async () => {
    expect((await run(false)).map(({ level, what }) => [level, what])).toEqual([
      ['problem', 'it also has the policy my-deny'],
    ]);
  });
});

describe('the check of an adopted deny policy', () => {
  const check = (
    ...missing: Awaited<Parameters<typeof checkQuarantine>[1] extends () => Promise<infer R> ? R : never>
  ) =>
    checkQuarantine(
      { thingGroup: 'theirs', adopt: true, policy: 'mine' },
      async () => missing,
      async () => [],
    ).run();

  it('says which it is, and what only its owner can mend', async () => {
    expect(await check()).toMatchObject([
      { level: 'ok', what: 'it has the adopted policy mine, which denies all that a containment denies' },
    ]);
    expect(await check('text of the policy', 'policy', 'policy on the group')).toMatchObject([
      {
        what: 'the adopted policy mine does not deny all that a containment denies',
        mend: 'deploy again: before it changes anything, it prints what mine lacks',
      },
      { what: 'the deny policy is missing', mend: 'create the policy mine again, and deploy' },
      { mend: 'docs/runbooks/quarantine-broken.md' },
    ]);
  });
});

describe('the check of the queues', () => {
  it.each<[string, readonly QueueState[], RegExp | undefined]>([
    ['all in order', whole, undefined],
    ['one missing', whole.filter(({ name }) => name !== 'p-reports'), /p-reports is missing/],
    [
      'dead letters',
      [...whole, queue('commands-dead.fifo', { waiting: 3 })],
      /commands-dead\.fifo has 3 messages/,
    ],
    [
      'messages nobody could read',
      [...whole.slice(0, 4), queue('rejected', { waiting: 1 })],
      /p-rejected has 1/,
    ],
    ['no dead-letter queue', [...whole, { name: 'p-slack', waiting: 0 }], /p-slack has no dead-letter queue/],
    [
      'a long queue',
      [...whole, queue('commands.fifo', { waiting: 5_000 })],
      /5000 messages wait in p-commands/,
    ],
  ])('finds %s', async (_, queues, message) => {
    const found = await first(checkQueues('p', async () => queues));
    expect(levels(found)).toEqual([message ? 'problem' : 'ok']);
    if (message) expect(found[0]?.what).toMatch(message);
  });
});

describe('the check of a topic', () => {
  const ofQueue = {
    protocol: 'sqs',
    endpoint: 'arn:aws:sqs:us-east-1:000000000000:p-alerts',
    isConfirmed: true,
    isFiltered: false,
    arn: 'arn:aws:sns:us-east-1:000000000000:p-alerts:1',
  };
  const ofAddress = { ...ofQueue, protocol: 'email', endpoint: 'SOC@example.com', isFiltered: true };
  it.each([
    ['all in order', [ofQueue, ofAddress], []],
    ['no queue', [ofAddress], ['the queue p-alerts is not subscribed']],
    [
      'an address that has not confirmed',
      [ofQueue, { ...ofAddress, isConfirmed: false }],
      ['soc@example.com has not confirmed its subscription'],
    ],
    ['an address that is gone', [ofQueue], ['soc@example.com is not subscribed']],
  ])('finds %s', async (_, subscriptions, expected) => {
    const wanted = [{ topic: 'alerts', queues: ['p-alerts'], email: ['soc@example.com'] }] as const;
    const found = await first(checkSubscriptions('p', wanted, async () => subscriptions));
    expect(found.filter(({ level }) => level === 'problem').map(({ what }) => what)).toEqual(expected);
  });

  it.each([
    ['a queue of the stack', ofQueue, undefined],
    ['an address with a filter', ofAddress, undefined],
    ['an address without one', { ...ofAddress, isFiltered: false }, '{"audience":["people"]}'],
    ['another queue', { ...ofQueue, endpoint: 'arn:aws:sqs:x:y:siem' }, '{"audience":["people","systems"]}'],
    ['one that waits', { ...ofAddress, isFiltered: false, isConfirmed: false }, undefined],
  ])('notes who receives each heartbeat: %s', async (_, subscription, filter) => {
    const wanted = [{ topic: 'announcements', queues: ['p-alerts'], email: [] }] as const;
    const found = await first(checkSubscriptions('p', wanted, async () => [ofQueue, subscription]));

    expect(found.flatMap(({ level, mend }) => (level === 'note' ? mend : []))).toEqual(
      filter ? [expect.stringContaining(filter)] : [],
    );
  });
});

describe('the check of a function', () => {
  const intake: FunctionState = {
    name: 'p-intake',
    state: 'Active',
    sources: ['alerts', 'presence'].map((name) => ({ queue: `p-${name}`, state: 'Enabled' })),
  };
  it.each<[string, FunctionState | undefined, RegExp | undefined]>([
    ['all in order', intake, undefined],
    ['no function', undefined, /it is missing/],
    ['a function that failed', { ...intake, state: 'Failed' }, /it is Failed/],
    ['an update that failed', { ...intake, lastUpdate: 'Failed' }, /its last update failed/],
    ['no concurrency', { ...intake, reservedConcurrency: 0 }, /its reserved concurrency is 0$/],
    [
      'less concurrency than its queues use at first',
      { ...intake, reservedConcurrency: 9 },
      /its reserved concurrency is 9, and its queues start 10 at once/,
    ],
    ['as much concurrency as they use', { ...intake, reservedConcurrency: 10 }, undefined],
    [
      'less concurrency than a maximum of its queues',
      {
        ...intake,
        reservedConcurrency: 19,
        sources: intake.sources.map((one, index) => ({ ...one, maximumConcurrency: [20, 2][index] ?? 2 })),
      },
      /is 19, and its queues start 22 at once/,
    ],
    [
      'a source that is off',
      { ...intake, sources: [...intake.sources.slice(1), { queue: 'p-alerts', state: 'Disabled' }] },
      /p-alerts is Disabled/,
    ],
    ['a source that is gone', { ...intake, sources: intake.sources.slice(1) }, /p-alerts does not feed it/],
  ])('finds %s', async (_, state, message) => {
    const checks = checkFunctions(
      'p',
      { notify: ['notify'] },
      async (name) => (name === 'p-intake' ? state : { name, sources: [] }),
      async () => [],
    );
    const found = await first(checks.filter(({ about }) => about === 'function intake'));
    expect(levels(found)).toEqual([message ? 'problem' : 'ok']);
    if (message) expect(found[0]?.what).toMatch(message);
  });
});

describe('the check of an IoT rule', () => {
  const names: Readonly<Record<string, string>> = {
    ReportsRule: 'p_reports',
    PresenceRule: 'p_presence_0edaff11_a34ff6d0370c',
  };
  const findName = async (logicalId: string) => names[logicalId];

  it.each([
    ['enabled', { isDisabled: false, hasErrorAction: true }, 'ok', 'enabled'],
    ['disabled', { isDisabled: true, hasErrorAction: true }, 'problem', 'p_reports is disabled'],
    [
      'without an error action',
      { isDisabled: false, hasErrorAction: false },
      'problem',
      'p_reports has no error action',
    ],
    ['missing', undefined, 'problem', 'it is missing'],
  ])('finds one that is %s', async (_, rule, level, what) => {
    const found = await first(checkRules(['reports'], findName, async () => rule));
    expect(found).toMatchObject([{ level, what }]);
  });

  it('looks for the rule under the name that the stack gave it, which no device knows', async () => {
    const asked: string[] = [];
    const checks = checkRules(['reports', 'presence'], findName, async (name) => {
      asked.push(name);
      return { isDisabled: false, hasErrorAction: true };
    });
    for (const { run } of checks) await run();
    expect(asked).toEqual(['p_reports', 'p_presence_0edaff11_a34ff6d0370c']);
  });

  it('finds one missing that the stack does not have', async () => {
    const healthy = async () => ({ isDisabled: false, hasErrorAction: true });
    const found = await first(checkRules(['lifecycle'], findName, healthy));
    expect(found).toMatchObject([{ level: 'problem', what: 'it is missing' }]);
  });
});

describe('the check of Slack', () => {
  const ask = (answers: Readonly<Record<string, { ok: boolean; error?: string }>>) => async (url: string) =>
    answers[url.slice(url.lastIndexOf('/') + 1)] ?? { ok: false, error: 'unknown_method' };
  it.each([
    ['no token', undefined, {}, false, 'problem', 'there is no secret in /p/slack'],
    [
      'a token that Slack refuses',
      'xoxb-1',
      { 'auth.test': { ok: false, error: 'token_revoked' } },
      false,
      'problem',
      'Slack refuses the token: token_revoked',
    ],
    [
      'a token that works, for a channel that the app is in',
      'xoxb-1',
      {
        'auth.test': { ok: true, scopes: ['chat:write'] },
        'users.conversations': { ok: true, channels: [{ name: 'c' }] },
      },
      false,
      'ok',
      'the token works, and the app is in Slack #c',
    ],
    [
      'a channel that it is not in',
      'xoxb-1',
      { 'auth.test': { ok: true }, 'chat.postMessage': { ok: false, error: 'not_in_channel' } },
      true,
      'problem',
      'Slack #c refused the test message: not_in_channel',
    ],
    [
      'a webhook',
      'https://hooks.slack.com/services/x',
      {},
      false,
      'note',
      'the secret is a webhook; --send-test tries it',
    ],
    [
      'that a webhook takes a message',
      'https://hooks.slack.com/services/x',
      {},
      true,
      'ok',
      'it accepted a test message and the message that ends it',
    ],
  ])('finds %s', async (_, secret, answers, sendTest, level, what) => {
    const port = { readSecret: async () => secret, ask: ask(answers as never), sendTest: async () => ({}) };
    const parameters = async () => ({
      SlackTokenParameter: '/p/slack',
      SlackApiUrl: 'https://slack.com/api/',
    });
    expect(
      await first(
        checkChannel(
          { name: 'slack', functionName: 'cordon-dev-notify' },
          slack,
          { channel: '#c' },
          parameters,
          port,
          sendTest,
        ),
      ),
    ).toMatchObject([{ level, what }]);
  });
});

describe('the check of any other channel', () => {
  const named = { name: 'teams', functionName: 'cordon-dev-notify-teams' };
  const stored = async () => ({ TeamsWorkflowParameter: '/p', WebhookSecret: 'team/hook' });
  const port = (answer: unknown = {}): ChannelPort => ({
    readSecret: async (name) => (name === '/p' ? 'rope' : undefined),
    ask: async () => ({ ok: true }),
    sendTest: async (functionName) => {
      if (answer instanceof Error) throw answer;
      return functionName === named.functionName ? answer : undefined;
    },
  });

  it('asks as the descriptor says, whatever the channel is called', async () => {
    const examined = { is: 'unsure', what: 'half there', why: 'a reason', mend: 'docs/bell.md' } as const;
    const bell = { ...teams, title: 'Bell', examine: async () => examined };

    const { is: _, ...told } = examined;
    expect(await first(checkChannel(named, bell, {}, stored, port(), true))).toEqual([
      { level: 'note', about: 'Bell', ...told },
    ]);
  });

  const denied = Object.assign(new Error('lambda:InvokeFunction is denied'), {
    name: 'AccessDeniedException',
  });
  it.each<[what: string, answer: unknown, sendTest: boolean, level: Finding['level'], told: RegExp]>([
    ['leaves it alone unless asked', {}, false, 'ok', /^its secret is there; --send-test tries it$/],
    [
      'has its function send a test message',
      {},
      true,
      'ok',
      /^it accepted a test message and the message that ends it$/,
    ],
    [
      'tells what the service refuses',
      { refused: '400 no' },
      true,
      'problem',
      /^it refused the test message: 400 no$/,
    ],
    ['knows a function of an earlier release', null, true, 'note', /version that can’t send a test message/],
    [
      'names the right that is missing',
      denied,
      true,
      'note',
      /^it was not tried: lambda:InvokeFunction is denied/,
    ],
  ])('%s', async (_, answer, sendTest, level, told) => {
    expect(await first(checkChannel(named, teams, {}, stored, port(answer), sendTest))).toMatchObject([
      { level, about: 'Teams', what: expect.stringMatching(told) },
    ]);
  });

  it('says where a secret should be, in Parameter Store or in Secrets Manager', async () => {
    const check = (...[name, descriptor]: [string, ServedDescriptor]) =>
      first(checkChannel({ ...named, name }, descriptor, {}, stored, port(), false));

    expect(await check('webhook', webhook as ServedDescriptor)).toMatchObject([
      { level: 'problem', what: 'there is no secret in /aws/reference/secretsmanager/team/hook' },
    ]);
    expect(await check('teams', teams as ServedDescriptor)).toMatchObject([{ level: 'ok' }]);
  });

  it('reads no secret if the function of the channel tries it', async () => {
    const unread = { ...port(), readSecret: async () => Promise.reject(new Error('read')) };

    expect(await first(checkChannel(named, teams, {}, stored, unread, true))).toMatchObject([
      { level: 'ok' },
    ]);
  });

  it('tries a channel that needs no secret', async () => {
    const check = (sendTest: boolean) =>
      first(checkChannel(named, eventbridge as ServedDescriptor, {}, stored, port(), sendTest));

    expect(await check(false)).toMatchObject([{ what: 'it needs no secret; --send-test tries it' }]);
    expect(await check(true)).toMatchObject([
      { what: 'it accepted a test message and the message that ends it' },
    ]);
  });
});

describe('the check of a thing', () => {
  const policy = (resource: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'iot:Connect',
          Resource: `arn:aws:iot:us-east-1:000000000000:${resource}`,
        },
      ],
    });
  const certificate = {
    certificateId: 'c'.repeat(64),
    status: 'ACTIVE',
    documents: [policy('client/t')],
    isDenied: false,
    sharedWith: [],
  };
  const thing: ThingState = {
    groups: [],
    principals: [certificate],
    agent: { heardAt: 1, principal: 'c' },
    isHeld: false,
  };
  const held = { principals: [{ ...certificate, status: 'INACTIVE' }] };
  it.each<[string, Partial<ThingState> | undefined, Finding['level'], RegExp]>([
    ['nothing', {}, 'ok', /nothing prevents a containment/],
    [
      "only its agent's client id beside its own",
      { principals: [{ ...certificate, documents: [policy('client/t-cordon')] }] },
      'ok',
      /nothing prevents a containment/,
    ],
    ['no thing', undefined, 'problem', /there is no such thing/],
    ['no certificate', { principals: [] }, 'problem', /no certificate/],
    [
      'a shared certificate',
      { principals: [{ ...certificate, sharedWith: ['u'] }] },
      'problem',
      /also used by u/,
    ],
    ['a certificate that is INACTIVE', held, 'note', /is INACTIVE, and no case holds/],
    [
      'a certificate that a case holds INACTIVE',
      { ...held, isHeld: true },
      'ok',
      /nothing prevents a containment/,
    ],
    [
      'any client id',
      { principals: [{ ...certificate, documents: [policy('client/*')] }] },
      'note',
      /another client id, or HTTPS/,
    ],
    ['no policy', { principals: [{ ...certificate, documents: [] }] }, 'note', /has no policy/],
    [
      'the quarantine group, with no case',
      { groups: ['quarantine'] },
      'note',
      /is in quarantine, and no case holds it/,
    ],
    [
      'the quarantine group, with a case',
      { groups: ['quarantine'], isHeld: true },
      'ok',
      /nothing prevents a containment/,
    ],
    [
      'the deny policy on its certificate, with no case',
      { principals: [{ ...certificate, isDenied: true }] },
      'note',
      /has the deny policy of the quarantine, and no case holds the thing/,
    ],
    [
      'the deny policy on its certificate, with a case',
      { principals: [{ ...certificate, isDenied: true }], isHeld: true },
      'ok',
      /nothing prevents a containment/,
    ],
    [
      'ten groups',
      { groups: Array.from({ length: 10 }, (_, index) => `g${index}`) },
      'note',
      /in 10 thing groups/,
    ],
    [
      'a silent agent',
      { agent: { heardAt: 1, principal: 'c', silentAt: 2 } },
      'problem',
      /its agent has been silent/,
    ],
    [
      'an agent of an earlier release',
      {
        agent: {
          heardAt: 1,
          principal: 'c',
          health: { version: '0.1.9', restarts: 0, spool: 0, degraded: [] },
        },
      },
      'note',
      /its agent has version 0\.1\.9, older than 0\.2\.0/,
    ],
  ])('finds %s', async (_, over, level, what) => {
    const state = over && { ...thing, ...over };
    expect(await first(checkThing('t', 'quarantine', '0.2.0', async () => state))).toMatchObject([
      { level, what: expect.stringMatching(what) },
    ]);
  });

  it('asks for no agent if Device Defender detects', async () => {
    const { agent, ...rest } = thing;
    expect(agent).toBeDefined();
    expect(levels(await first(checkThing('t', 'quarantine', '0.2.0', async () => rest)))).toEqual(['note']);
    expect(levels(await first(checkThing('t', 'quarantine', undefined, async () => rest)))).toEqual(['ok']);
  });
});

describe('the other checks', () => {
  it('name alarms with their runbook, errors, and too little concurrency', async () => {
    const alarms = checkAlarms(async () => [
      { name: 'p-slow', description: 'It is slow. What to do: docs/runbooks/slow-denial.md' },
    ]);
    const errors = checkErrors(
      async () =>
        new Map([
          ['p-respond', 2],
          ['p-sweep', 0],
        ]),
    );
    expect(
      await runChecks([
        alarms,
        errors,
        checkConcurrency(
          async () => ({ limit: 10, free: 10 }),
          async () => undefined,
        ),
      ]),
    ).toMatchObject([
      {
        level: 'problem',
        what: 'p-slow is in ALARM',
        why: 'It is slow.',
        mend: 'docs/runbooks/slow-denial.md',
      },
      { level: 'problem', what: 'p-respond failed 2 times in the last hour' },
      { level: 'problem', what: 'only 10 functions of this account may run at once' },
    ]);
    expect(
      levels(
        await runChecks([
          checkAlarms(async () => []),
          checkErrors(async () => new Map()),
          checkConcurrency(
            async () => ({ limit: 1_000, free: 1_000 }),
            async () => 1_000_000,
          ),
        ]),
      ),
    ).toEqual(['ok', 'ok', 'ok']);
  });

  it('compare concurrency with the reports of the whole fleet', async () => {
    const check = checkConcurrency(
      async () => ({ limit: 1_000, free: 100 }),
      async () => 1_000_000,
    );

    expect(await first(check)).toMatchObject([
      {
        level: 'problem',
        what: 'only 100 functions of this account may run at once; a fleet of 1000000 things needs 384',
        mend: expect.stringMatching(/ --service-code lambda --quota-code L-B99A9384 --desired-value 1284$/),
      },
    ]);
  });
});

describe('runChecks', () => {
  const failing = (name: string, message: string): Check => ({
    about: name,
    run: async () => Promise.reject(Object.assign(new Error(message), { name })),
  });
  it('treats what can not be read as unknown, names a missing right, and continues with the rest', async () => {
    const ok: Check = { about: 'x', run: async () => [{ level: 'ok', about: 'x', what: 'fine' }] };
    const found = await runChecks([
      failing('AccessDenied', 'not authorized to perform: sqs:ListQueues'),
      failing('UnknownOperationException', ''),
      ok,
    ]);
    expect(found).toMatchObject([
      {
        level: 'unknown',
        what: expect.stringMatching(/sqs:ListQueues \(docs\/iam\/doctor\.json has the rights\)$/),
      },
      { level: 'unknown', what: expect.stringContaining('as on the local stack') },
      { level: 'ok' },
    ]);
    expect(writeFindings(found)).toMatch(
      /^unknown .*\nunknown .*\nok .*\n\n0 problems, 2 unknown, 0 notes, 1 ok$/,
    );
  });

  it.each([
    ['InvalidRequestException', 'Unsupported IoT path: POST /test-authorization'],
    [
      'SyntaxError',
      'Unexpected token \'<\', "<!doctype"\n  Deserialization error: to see the raw response, ...',
    ],
    ['Error', '@aws-sdk XML parse error: mismatched tags\n  Deserialization error: to see ...'],
  ])('says in one line that a server lacks a call, from %s: %s', async (name, message) => {
    expect(await runChecks([failing(name, message)])).toMatchObject([
      { level: 'unknown', what: 'it could not be read: this service is not there, as on the local stack' },
    ]);
  });

  it('prints no control characters from the name of a thing', async () => {
    const text = writeFindings([{ level: 'problem', about: 't', what: 'it is called \u001b[2J' }]);
    expect(text).not.toContain('\u001b');
  });
});
