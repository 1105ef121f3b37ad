import type { PresentResources, PresentSecurityProfile } from '../../../cli/doctor/as-deployed/present';
import type { ThingState } from '../../../cli/doctor/checks/thing';
import { type DoctorTarget, listChecks } from '../../../cli/doctor/doctor';
import { type Finding, runChecks } from '../../../cli/doctor/finding';
import { listNeeds } from '../../../cli/doctor/quotas/needs';
import type { ServiceAnswer } from '../../../functions/notify/channels/descriptor';
import { parseConfiguration } from '../../../shared/config/parse';
import { now } from '../../builders';
import { bucket, healthy, httpApi, mitigationAction, profile, template, topicArn } from './deployed-stack';

/**
 * Each way in which a stack was sabotaged that the doctor is known to name, with its whole list of checks. Sabotage that AWS itself
 * shows is in `test/e2e/doctor`, and what only a device shows in `test/e2e/drill`.
 */
const configuration = parseConfiguration(
  `
notify: { slack: { channel: '#fleet' } }
sources: { deviceDefender: { audit: true } }
customMetrics: { children: { type: number } }
securityProfiles:
  app:
    targets: [all/registered-things]
    behaviors:
      - { name: none, metric: children, criteria: { comparisonOperator: less-than, value: { number: 1 } } }
playbooks: [{ name: any, mode: enforce, actions: [quarantine, disconnect] }]
`,
  'cordon.yml',
);

const prefix = 'cordon-dev';
const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:111122223333:${name}`;
const policy = (resource: string) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: arn('iot', resource) }] });
const thing: Omit<ThingState, 'agent' | 'isHeld'> = {
  groups: [],
  principals: [
    {
      certificateId: 'c'.repeat(64),
      status: 'ACTIVE',
      documents: [policy('client/pump')],
      isDenied: false,
      sharedWith: [],
    },
  ],
};
const [certificate] = thing.principals as readonly [ThingState['principals'][number]];
const queueNames = ['alerts', 'reports', 'presence', 'commands.fifo', 'rejected', 'alerts-dead', 'notify'];
const queues = queueNames.map((name) => ({ name: `${prefix}-${name}`, waiting: 0, deadLetterArn: 'arn' }));
const feeds: Readonly<Record<string, readonly string[]>> = {
  ...{ detect: ['reports'], intake: ['alerts', 'presence'], respond: ['commands.fifo'], notify: ['notify'] },
};
const functionOf = (functionName: string) => {
  const sources = (feeds[functionName.slice(prefix.length + 1)] ?? []).map((queue) => ({
    queue: `${prefix}-${queue}`,
    state: 'Enabled',
  }));
  return { name: functionName, state: 'Active', lastUpdate: 'Successful', sources };
};
const slackAnswers: Readonly<Record<string, ServiceAnswer>> = {
  'auth.test': { ok: true, scopes: ['chat:write', 'channels:read'] } as ServiceAnswer,
  'users.conversations': { ok: true, channels: [{ name: 'fleet' }] } as ServiceAnswer,
};
const heartbeatAt = (sentAt: number) => ({
  ...{ sentAt, takenAt: sentAt + 30, arrivedAt: sentAt + 130, announcedAt: sentAt + 230 },
});
const subscription = (queue: string) => ({
  ...{ protocol: 'sqs', endpoint: arn('sqs', `${prefix}-${queue}`), isConfirmed: true, isFiltered: true },
  arn: `${topicArn}:1`,
});
const subscriptions = async (topic: string) => {
  const [, name] = /-(alerts|announcements|alarms)$/.exec(topic) ?? [];
  return [subscription(name === 'alerts' ? 'alerts' : 'notify')];
};

type Account = DoctorTarget['account'];

/** Nothing is wrong. */
const account: Account = {
  readStack: async () => ({
    ...{ id: template.stackId, status: 'UPDATE_COMPLETE', deployedAt: now - 86_400_000 },
    outputs: { Version: '1.0.0', AuditRoleArn: 'arn:role' },
    parameters: { SlackTokenParameter: '/p/slack', SlackSigningParameter: '/p/signing' },
  }),
  listQueues: async () => queues,
  listSubscriptions: subscriptions,
  readFunction: async (name) => functionOf(name),
  listConsumers: async (queueArn) => {
    const [, of = ''] = queueArn.split(`:${prefix}-`);
    const [name] = Object.entries(feeds).find(([, queueNames]) => queueNames.includes(of)) ?? [];
    return [{ functionArn: arn('lambda', `function:${prefix}-${name}`), id: 'mapping' }];
  },
  listPolicies: async () => ['cordon-dev-quarantine'],
  invokeFunction: async () => null,
  readConcurrency: async () => ({ limit: 1_000, free: 1_000 }),
  listAlarms: async () => [],
  countErrors: async () => new Map(),
  readRule: async () => ({ isDisabled: false, hasErrorAction: true }),
  readEndpoint: async () => '',
  sampleThings: async () => ['pump'],
  hasThing: async () => false,
  readThing: async () => thing,
  readQuotas: async () =>
    new Map(
      listNeeds({ things: 0, mostContained: 0, isDetector: true }).map(({ code, name }) => [
        code,
        { name, value: 1_000_000, isAdjustable: true },
      ]),
    ),
  readAudits: async () => ({
    target: { topic: arn('sns', `${prefix}-alerts`), role: 'arn:role', isEnabled: true },
    enabledChecks: ['LOGGING_DISABLED_CHECK'],
    schedules: [{ name: 'nightly', checks: ['LOGGING_DISABLED_CHECK'] }],
  }),
  readDetectUse: async () => ({ metrics: ['children'], profilesOf: async () => ['app'] }),
  readTemplate: async () => template,
  present: () => healthy,
};

const target: DoctorTarget = {
  stage: 'dev',
  killSwitch: { read: async () => ({ state: 'off' }) },
  cases: { load: async () => undefined },
  agents: { load: async () => undefined },
  heartbeats: { read: async () => heartbeatAt(now - 30_000) },
  fleetLimit: { readSize: async () => undefined },
  account,
  channels: {
    readSecret: async () => 'xoxb-1',
    ask: async (url) => slackAnswers[url.slice(url.lastIndexOf('/') + 1)] ?? { ok: false },
  },
  findMissing: async () => [],
};

/** The findings of the doctor, except the endpoint, which needs a network, and the agent, which has not reported. */
async function examine(changes: Partial<DoctorTarget> = {}): Promise<readonly Finding[]> {
  const options = { configuration, things: [], sendTest: false, version: '1.0.0', now };
  const found = await runChecks(await listChecks(options, { ...target, ...changes }));
  return found.filter(
    ({ level, about, what }) =>
      level !== 'ok' && about !== 'device endpoint' && what !== 'its own agent has sent no report',
  );
}

const of = (changes: Partial<Account>): Partial<DoctorTarget> => ({ account: { ...account, ...changes } });
const changed = (changes: Partial<PresentResources>) => of({ present: () => ({ ...healthy, ...changes }) });
const ofThing = (changes: Partial<typeof certificate>) =>
  of({ readThing: async () => ({ ...thing, principals: [{ ...certificate, ...changes }] }) });
const table = await healthy.readTable('');
const role = await healthy.readRole('');
const settings = await healthy.readFunctionSettings('');
const schedule = await healthy.readEventRule('');
const alarm = await healthy.readAlarm('');
const ofProfile = (changes: Partial<PresentSecurityProfile>) =>
  changed({ readSecurityProfile: async () => ({ ...profile, ...changes }) });
const rule = await healthy.readTopicRule('');

const sabotages: readonly (readonly [what: string, Partial<DoctorTarget>, RegExp])[] = [
  [
    'the deny policy detached',
    { findMissing: async () => ['policy on the group'] },
    /not attached to the thing group/,
  ],
  [
    'the deny policy weakened',
    { findMissing: async () => ['text of the policy'] },
    /is not the one that this version would deploy/,
  ],
  ['the deny policy deleted', { findMissing: async () => ['policy'] }, /the deny policy is missing/],
  [
    'another policy on the group',
    of({ listPolicies: async () => ['cordon-dev-quarantine', 'mine'] }),
    /quarantine group cordon-quarantine: it also has the policy mine/,
  ],
  ['the group deleted', { findMissing: async () => ['thing group'] }, /the thing group is missing/],
  [
    'an IoT rule disabled',
    of({ readRule: async (name) => ({ isDisabled: /reports/.test(name), hasErrorAction: true }) }),
    /cordon_dev_reports is disabled/,
  ],
  [
    'an IoT rule deleted',
    of({
      readRule: async (name) =>
        /presence/.test(name) ? undefined : { isDisabled: false, hasErrorAction: true },
    }),
    /IoT rule presence: it is missing/,
  ],
  [
    "an IoT rule's SQL changed",
    changed({ readTopicRule: async () => ({ ...rule, Sql: 'SELECT * FROM nothing' }) }),
    /Sql was SELECT \* FROM a and is SELECT \* FROM nothing/,
  ],
  [
    'the alerts queue unsubscribed',
    of({ listSubscriptions: async (topic) => (/alerts$/.test(topic) ? [] : subscriptions(topic)) }),
    /the queue cordon-dev-alerts is not subscribed/,
  ],
  [
    'somebody else subscribed to the alerts',
    of({
      listSubscriptions: async (topic) => [
        ...(await subscriptions(topic)),
        ...(/alerts$/.test(topic)
          ? [{ ...subscription('x'), protocol: 'https', endpoint: 'https://x' }]
          : []),
      ],
    }),
    /https:\/\/x also receives each alert/,
  ],
  [
    "a subscription's filter changed",
    changed({ readSubscription: async () => ({ RawMessageDelivery: 'true', FilterPolicy: '{"a":["b"]}' }) }),
    /FilterPolicy is \{"a":\["b"\]\}/,
  ],
  [
    "a function's role cut",
    changed({ readRole: async () => role && { ...role, policies: new Map() } }),
    /its policy send is missing/,
  ],
  [
    "a function's role widened",
    changed({
      readRole: async () => role && { ...role, attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
    }),
    /it has another policy, arn:aws:iam::aws:policy\/AdministratorAccess/,
  ],
  [
    'a function deleted',
    of({ readFunction: async (name) => (/sweep$/.test(name) ? undefined : functionOf(name)) }),
    /function sweep: it is missing/,
  ],
  [
    'code replaced',
    changed({ readFunctionSettings: async () => ({ ...settings, CodeSha256: 'other=' }) }),
    /its code is not what was deployed/,
  ],
  [
    'an environment variable changed',
    changed({
      readFunctionSettings: async () => ({
        ...settings,
        Environment: { Variables: { PREFIX: 'x', HIDDEN: '' } },
      }),
    }),
    /Environment\.Variables\.PREFIX is not as deployed/,
  ],
  [
    'concurrency of 0',
    of({
      readFunction: async (name) => ({
        ...functionOf(name),
        ...(/respond$/.test(name) && { reservedConcurrency: 0 }),
      }),
    }),
    /its reserved concurrency is 0/,
  ],
  [
    'too little concurrency',
    of({
      readFunction: async (name) => ({
        ...functionOf(name),
        ...(/respond$/.test(name) && { reservedConcurrency: 2 }),
      }),
    }),
    /function respond: its reserved concurrency is 2, and its queues start 5 at once/,
  ],
  [
    'the deployment bucket deleted',
    changed({ readBucket: async () => undefined }),
    /deployment bucket cordon-dev-packages: it is missing/,
  ],
  [
    'the deployment bucket opened to the public',
    changed({ readBucket: async () => ({ ...bucket, publicAccessBlock: {} }) }),
    /it does not block public access: BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets are off/,
  ],
  [
    'the deployment bucket without TLS',
    changed({ readBucket: async () => ({ ...bucket, policy: {} }) }),
    /deployment bucket cordon-dev-packages: its policy: it lacks: Deny s3:\* on \S+ for \*/,
  ],
  [
    'an event source mapping disabled',
    of({
      readFunction: async (name) => {
        const found = functionOf(name);
        return /respond$/.test(name)
          ? { ...found, sources: found.sources.map((one) => ({ ...one, state: 'Disabled' })) }
          : found;
      },
    }),
    /its source cordon-dev-commands\.fifo is Disabled/,
  ],
  [
    'another function at the commands',
    of({
      listConsumers: async (queueArn) => [
        ...(await account.listConsumers(queueArn)),
        ...(/commands/.test(queueArn) ? [{ functionArn: arn('lambda', 'function:thief'), id: 'm2' }] : []),
      ],
    }),
    /\S+:function:thief also takes messages from cordon-dev-commands\.fifo/,
  ],
  [
    'an environment variable added',
    changed({
      readFunctionSettings: async () => ({
        ...settings,
        Environment: {
          Variables: {
            ...(settings as { Environment: { Variables: object } }).Environment.Variables,
            NODE_OPTIONS: '--require /x',
          },
        },
      }),
    }),
    /function cordon-dev-respond: Environment\.Variables\.NODE_OPTIONS was added$/,
  ],
  [
    'a function moved into a network',
    changed({ readFunctionSettings: async () => ({ ...settings, VpcConfig: { SubnetIds: ['subnet-1'] } }) }),
    /function cordon-dev-respond: it runs in a network of your own \(subnet-1\)/,
  ],
  [
    'a schedule disabled',
    changed({ readEventRule: async () => schedule && { ...schedule, state: 'DISABLED' } }),
    /State was ENABLED and is DISABLED/,
  ],
  [
    'the right of a schedule taken',
    changed({ readFunctionPolicy: async () => undefined }),
    /events\.amazonaws\.com may not invoke cordon-dev-respond/,
  ],
  [
    'dead letters waiting',
    of({
      listQueues: async () => queues.map((one) => ({ ...one, waiting: /-dead$/.test(one.name) ? 2 : 0 })),
    }),
    /cordon-dev-alerts-dead has 2 messages that nobody could handle/,
  ],
  [
    'a queue deleted',
    of({ listQueues: async () => queues.filter(({ name }) => !/reports$/.test(name)) }),
    /cordon-dev-reports is missing/,
  ],
  [
    'a dead-letter queue deleted',
    changed({
      readQueueSettings: async (url) => (/-dead$/.test(url) ? undefined : healthy.readQueueSettings(url)),
    }),
    /queue cordon-dev-alerts-dead: it is missing/,
  ],
  [
    'a queue that takes small messages only',
    changed({
      readQueueSettings: async (url) => ({
        ...(await healthy.readQueueSettings(url)),
        ...(!/-dead$/.test(url) && { MaximumMessageSize: '1024' }),
      }),
    }),
    /queue cordon-dev-alerts: it takes messages of up to 1024 bytes only/,
  ],
  [
    'a queue policy emptied',
    changed({ readQueuePolicy: async () => ({}) }),
    /it lacks: Allow sqs:SendMessage/,
  ],
  [
    'a topic policy opened',
    changed({
      readTopic: async (topic) =>
        topic === topicArn
          ? {
              policy: {
                Statement: [
                  { Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn },
                  { Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: '*' },
                ],
              },
            }
          : healthy.readTopic(topic),
    }),
    /it has in addition: Allow sns:Publish on \* for \*/,
  ],
  [
    'DynamoDB expiring nothing',
    changed({
      readTable: async () => table && { indexes: table.indexes, hasRecovery: true, isOnDemand: true },
    }),
    /the attribute that expires items was expiresAt and is none/,
  ],
  [
    'DynamoDB without recovery',
    changed({ readTable: async () => table && { ...table, hasRecovery: false } }),
    /point-in-time recovery is off/,
  ],
  [
    'the actions of an alarm off',
    changed({ readAlarm: async () => ({ ...alarm, ActionsEnabled: false }) }),
    /ActionsEnabled was true and is false/,
  ],
  [
    'an alarm deleted',
    changed({ readAlarm: async () => undefined }),
    /alarm cordon-dev-sweep: it is missing/,
  ],
  [
    'an API route gone',
    changed({ readHttpApi: async () => ({ ...httpApi, routes: [] }) }),
    /route GET \/cases: it is missing/,
  ],
  [
    'an API route open to everybody',
    changed({
      readHttpApi: async () => ({
        ...httpApi,
        routes: httpApi.routes.map((one) => ({ ...one, AuthorizationType: 'NONE' })),
      }),
    }),
    /AuthorizationType was JWT and is NONE/,
  ],
  [
    'logs kept for a day',
    changed({ readLogGroup: async () => ({ retention: 1 }) }),
    /RetentionInDays was 30 and is 1/,
  ],
  ['the kill switch on', { killSwitch: { read: async () => ({ state: 'on' }) } }, /kill switch: .*on/],
  ['the heartbeat out', { heartbeats: { read: async () => heartbeatAt(now - 600_000) } }, /heartbeat: /],
  [
    'a Slack token revoked',
    { channels: { ...target.channels, ask: async () => ({ ok: false, error: 'token_revoked' }) } },
    /Slack refuses the token: token_revoked/,
  ],
  [
    'Audit telling nobody',
    of({
      readAudits: async () => {
        const { target: _, ...audits } = await account.readAudits();
        return audits;
      },
    }),
    /it publishes to no topic when an audit is over/,
  ],
  [
    'the schedule of the audits deleted',
    of({ readAudits: async () => ({ ...(await account.readAudits()), schedules: [] }) }),
    /no audit is scheduled/,
  ],
  [
    'a custom metric deleted',
    changed({ readCustomMetric: async () => undefined }),
    /custom metric children: it is missing/,
  ],
  [
    'a custom metric of another type',
    changed({
      readCustomMetric: async () => ({ MetricType: 'string-list', DisplayName: "myapp's children" }),
    }),
    /custom metric children: MetricType was number and is string-list/,
  ],
  [
    'a security profile deleted',
    changed({ readSecurityProfile: async () => undefined }),
    /security profile myapp: it is missing/,
  ],
  [
    'a behavior weakened',
    ofProfile({
      behaviors: profile.behaviors.map((one) => ({
        ...one,
        Criteria: { ...one.Criteria, Value: { Number: 9, Count: 5 } },
      })),
    }),
    /security profile myapp: behavior few: Criteria\.Value\.Number was 0 and is 9$/,
  ],
  [
    'a behavior that tells nobody',
    ofProfile({
      behaviors: profile.behaviors.map((one) => ({ ...one, SuppressAlerts: one.Name === 'few' })),
    }),
    /behavior few: SuppressAlerts was false and is true$/,
  ],
  [
    'a behavior deleted',
    ofProfile({ behaviors: profile.behaviors.slice(1) }),
    /its behavior quiet is missing$/,
  ],
  [
    'a behavior added',
    ofProfile({ behaviors: [...profile.behaviors, { Name: 'theirs', Metric: 'children' }] }),
    /it has another behavior, theirs$/,
  ],
  [
    'a behavior narrowed by a dimension',
    ofProfile({
      behaviors: profile.behaviors.map((one) => ({
        ...one,
        ...(one.Name === 'quiet' && { MetricDimension: { DimensionName: 'none', Operator: 'IN' } }),
      })),
    }),
    /behavior quiet: MetricDimension is \{"DimensionName":"none","Operator":"IN"\}$/,
  ],
  [
    'the alert target of a profile changed',
    ofProfile({ alertTargets: { SNS: { ...profile.alertTargets.SNS, AlertTargetArn: `${topicArn}-mine` } } }),
    /security profile myapp: AlertTargets\.SNS\.AlertTargetArn was \S+ and is \S+-mine$/,
  ],
  [
    'the alert target of a profile removed',
    ofProfile({ alertTargets: {} }),
    /security profile myapp: AlertTargets\.SNS is not as deployed$/,
  ],
  [
    'a profile detached',
    ofProfile({ targets: [] }),
    /security profile myapp: it is not attached to \S+:all\/registered-things$/,
  ],
  [
    'a profile attached to more',
    ofProfile({ targets: [...profile.targets, arn('iot', 'thinggroup/theirs')] }),
    /security profile myapp: it is also attached to \S+:thinggroup\/theirs$/,
  ],
  [
    'a metric no longer retained',
    ofProfile({ retained: [] }),
    /security profile myapp: the values of children are no longer retained$/,
  ],
  [
    'the mitigation action deleted',
    changed({ readMitigationAction: async () => undefined }),
    /mitigation action cordon-dev-quarantine: it is missing/,
  ],
  [
    'the mitigation action led to another group',
    changed({
      readMitigationAction: async () => ({
        ...mitigationAction,
        ActionParams: {
          AddThingsToThingGroupParams: { ThingGroupNames: ['x'], OverrideDynamicGroups: true },
        },
      }),
    }),
    /mitigation action cordon-dev-quarantine: ActionParams\S+ThingGroupNames is not as deployed/,
  ],
  ['a certificate shared', ofThing({ sharedWith: ['valve'] }), /also used by valve/],
  [
    "the secret of Slack's buttons deleted",
    {
      channels: {
        ...target.channels,
        readSecret: async (name) => (name === '/p/slack' ? 'xoxb-1' : undefined),
      },
    },
    /Slack: there is no secret in \/p\/signing/,
  ],
  [
    'a thing put into quarantine by hand',
    of({ readThing: async () => ({ ...thing, groups: ['cordon-quarantine'] }) }),
    /pump: it is in cordon-quarantine, and no case holds it/,
  ],
  [
    'a certificate denied by hand',
    ofThing({ isDenied: true }),
    /has the deny policy of the quarantine, and no case/,
  ],
  ['a certificate inactive', ofThing({ status: 'INACTIVE' }), /is INACTIVE, and no case holds/],
  [
    'a policy with a wildcard for client ids',
    ofThing({ documents: [policy('client/*')] }),
    /another client id, or HTTPS/,
  ],
  [
    'a quota too low',
    {
      ...of({
        readQuotas: async () => new Map([['L-AEA1E176', { name: 'Connects', value: 1, isAdjustable: true }]]),
      }),
      fleetLimit: { readSize: async () => ({ things: 1_000, countedAt: now }) },
    },
    /Connects: the account has 1, and Cordon needs 3/,
  ],
];

describe('the doctor', () => {
  const named = (name: string) => Object.assign(new Error('not there'), { name });

  it.each([
    ['nothing answers', Object.assign(new Error(''), { code: 'ECONNREFUSED' })],
    ['nobody takes the credentials', named('UnrecognizedClientException')],
    ['the right to read the stack is missing', named('AccessDenied')],
    ['there are no credentials', named('CredentialsProviderError')],
  ])('examines nothing, with things named or not, if %s', async (_, error) => {
    const failing = of({ readStack: () => Promise.reject(error) });
    const options = { configuration, sendTest: false, version: '1.0.0', now };
    for (const things of [[], ['pump']])
      await expect(listChecks({ ...options, things }, { ...target, ...failing })).rejects.toBe(error);
  });

  it('examines nothing if the stage is not deployed, as the other commands', async () => {
    const none = listChecks(
      { configuration, things: ['pump'], sendTest: false, version: '1.0.0', now },
      { ...target, ...of({ readStack: async () => undefined }) },
    );
    await expect(none).rejects.toThrow(/^stage dev is not deployed there \(no stack cordon-dev\): .* deploy/);
    await expect(none).rejects.toMatchObject({ exitCode: 5 });
  });

  it('examines the rest if the right to list things is missing, or the stack is read badly', async () => {
    const denied = named('AccessDeniedException');
    const unlisted = await examine(of({ sampleThings: () => Promise.reject(denied) }));
    expect(unlisted).toMatchObject([
      { level: 'unknown', about: 'things', what: expect.stringMatching(/docs\/iam\/doctor\.json/) },
    ]);
    const unread = await examine(of({ readStack: () => Promise.reject(named('InternalFailure')) }));
    expect(unread).toContainEqual(expect.objectContaining({ level: 'unknown', about: 'stack' }));
  });

  it('finds nothing wrong with a stack that nobody sabotaged', async () => {
    expect(await examine()).toEqual([]);
  });

  it('looks for the rule of lifecycle events wherever a metric of them is only retained', async () => {
    const { app } = configuration.securityProfiles;
    const retaining = { ...app, additionalMetricsToRetain: ['aws:num-disconnects'] };
    const options = {
      ...{ things: [], sendTest: false, version: '1.0.0', now },
      configuration: {
        ...configuration,
        securityProfiles: { app: retaining } as typeof configuration.securityProfiles,
      },
    };
    const checks = await listChecks(options, target);
    expect(checks.map(({ about }) => about)).toContain('IoT rule lifecycle');
  });

  it.each(sabotages)('names %s, and nothing else', async (_, changes, told) => {
    const found = await examine(changes);

    expect(found.map(({ about, what }) => `${about}: ${what}`)).toEqual([expect.stringMatching(told)]);
    for (const { why, mend } of found) expect([why, mend]).toEqual([expect.any(String), expect.any(String)]);
  });
});
