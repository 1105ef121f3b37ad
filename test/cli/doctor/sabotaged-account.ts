import type { PresentResources } from '../../../cli/doctor/as-deployed/present';
import type { ThingState } from '../../../cli/doctor/checks/thing';
import { type DoctorTarget, listChecks } from '../../../cli/doctor/doctor';
import { type Finding, runChecks } from '../../../cli/doctor/finding';
import { listNeeds } from '../../../cli/doctor/quotas/needs';
import type { ServiceAnswer } from '../../../functions/notify/channels/descriptor';
import { parseConfiguration } from '../../../shared/config/parse';
import { now } from '../../builders';
import { healthy, template, topicArn } from './deployed-stack';

/**
 * A healthy account for the tests to sabotage. They contain each known kind of sabotage that the doctor names, with its
 * whole list of checks. Sabotage that only a running stack shows is in `test/e2e/doctor`, and sabotage that only a
 * device shows is in `test/e2e/drill`.
 */
export const configuration = parseConfiguration(
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
export const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:111122223333:${name}`;
export const policy = (resource: string) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: arn('iot', resource) }] });
export const thing: Omit<ThingState, 'agent' | 'isHeld'> = {
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

const queueNames = ['alerts', 'reports', 'presence', 'commands.fifo', 'rejected', 'alerts-dead', 'notify'];
export const queues = queueNames.map((name) => ({
  name: `${prefix}-${name}`,
  waiting: 0,
  deadLetterArn: 'arn',
}));
const feeds: Readonly<Record<string, readonly string[]>> = {
  ...{ detect: ['reports'], intake: ['alerts', 'presence'], respond: ['commands.fifo'], notify: ['notify'] },
};
export const functionOf = (functionName: string) => {
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
export const heartbeatAt = (sentAt: number) => ({
  ...{ sentAt, takenAt: sentAt + 30, arrivedAt: sentAt + 130, announcedAt: sentAt + 230 },
});
export const subscription = (queue: string) => ({
  ...{ protocol: 'sqs', endpoint: arn('sqs', `${prefix}-${queue}`), isConfirmed: true, isFiltered: true },
  arn: `${topicArn}:1`,
});
export const subscriptions = async (topic: string) => {
  const [, name] = /-(alerts|announcements|alarms)$/.exec(topic) ?? [];
  return [subscription(name === 'alerts' ? 'alerts' : 'notify')];
};

type Account = DoctorTarget['account'];

/** Nothing is wrong. */
export const account: Account = {
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

export const target: DoctorTarget = {
  stage: 'dev',
  isLocal: false,
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
export async function examine(changes: Partial<DoctorTarget> = {}): Promise<readonly Finding[]> {
  const options = { configuration, things: [], sendTest: false, version: '1.0.0', now };
  const found = await runChecks(await listChecks(options, { ...target, ...changes }));
  return found.filter(
    ({ level, about, what }) =>
      level !== 'ok' && about !== 'device endpoint' && what !== 'its own agent has sent no report',
  );
}

/** The doctor reports only this, and says why it matters and how to fix it. */
export async function namesOnly(_: string, changes: Partial<DoctorTarget>, told: RegExp): Promise<void> {
  const found = await examine(changes);

  expect(found.map(({ about, what }) => `${about}: ${what}`)).toEqual([expect.stringMatching(told)]);
  for (const { why, mend } of found) expect([why, mend]).toEqual([expect.any(String), expect.any(String)]);
}

export const of = (changes: Partial<Account>): Partial<DoctorTarget> => ({
  account: { ...account, ...changes },
});
export const changed = (changes: Partial<PresentResources>) =>
  of({ present: () => ({ ...healthy, ...changes }) });
