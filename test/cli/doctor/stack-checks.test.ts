import { checkAlarms, checkErrors } from '../../../cli/doctor/checks/alarms';
import { checkFunctions, type FunctionState } from '../../../cli/doctor/checks/functions';
import { checkConcurrency } from '../../../cli/doctor/checks/limits';
import { checkQueues, type QueueState } from '../../../cli/doctor/checks/queues';
import { checkRules } from '../../../cli/doctor/checks/rules';
import { checkStack } from '../../../cli/doctor/checks/stack';
import { checkSubscriptions } from '../../../cli/doctor/checks/subscriptions';
import { runChecks } from '../../../cli/doctor/finding';
import { first, levels } from './run-checks';

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
