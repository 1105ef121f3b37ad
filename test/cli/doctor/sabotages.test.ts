import type { ThingState } from '../../../cli/doctor/checks/thing';
import { type DoctorTarget, listChecks } from '../../../cli/doctor/doctor';
import { now } from '../../builders';
import { healthy } from './deployed-stack';
import {
  changed,
  configuration,
  examine,
  heartbeatAt,
  namesOnly,
  of,
  policy,
  subscription,
  subscriptions,
  target,
  thing,
} from './sabotaged-account';

const [certificate] = thing.principals as readonly [ThingState['principals'][number]];

const ofThing = (changes: Partial<typeof certificate>) =>
  of({ readThing: async () => ({ ...thing, principals: [{ ...certificate, ...changes }] }) });

const rule = await healthy.readTopicRule('');

describe('the doctor', () => {
  const named = (name: string) => Object.assign(new Error('not there'), { name });

  it.each([{ isDenied: true }, { status: 'INACTIVE' }])(
    'gives no advice that would free another thing: a case of it holds the certificate that both use, %j',
    async (changes) => {
      const load = async (key: string) =>
        key === 'valve' ? { value: { status: 'contained', ledger: [{}] } } : undefined;
      const account = ofThing({ ...changes, sharedWith: ['other', 'valve'] });
      const found = await examine({ ...account, cases: { load } as unknown as DoctorTarget['cases'] });

      expect(found.filter(({ about }) => about === 'pump')).toMatchObject([
        { level: 'problem', what: expect.stringContaining('also used by other, valve') },
      ]);
    },
  );

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

  it('advises no region and no deploy if the local stack has no such stage', async () => {
    const options = { configuration, things: [], sendTest: false, version: '1.0.0', now };
    const none = listChecks(options, {
      ...{ ...target, stage: 'prod', isLocal: true },
      ...of({ readStack: async () => undefined }),
    });
    await expect(none).rejects.toThrow(
      /^the local stack has no stage prod \(no stack cordon-prod\): leave out --stage, or use --aws$/,
    );
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

  it.each<[what: string, Partial<DoctorTarget>, RegExp]>([
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
      changed({
        readSubscription: async () => ({ RawMessageDelivery: 'true', FilterPolicy: '{"a":["b"]}' }),
      }),
      /FilterPolicy is \{"a":\["b"\]\}/,
    ],
    ['the kill switch on', { killSwitch: { read: async () => ({ state: 'on' }) } }, /kill switch: .*on/],
    ['the heartbeat out', { heartbeats: { read: async () => heartbeatAt(now - 600_000) } }, /heartbeat: /],
    [
      'a Slack token revoked',
      { channels: { ...target.channels, ask: async () => ({ ok: false, error: 'token_revoked' }) } },
      /Slack refuses the token: token_revoked/,
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
          readQuotas: async () =>
            new Map([['L-AEA1E176', { name: 'Connects', value: 1, isAdjustable: true }]]),
        }),
        fleetLimit: { readSize: async () => ({ things: 1_000, countedAt: now }) },
      },
      /Connects: the account has 1, and Cordon needs 3/,
    ],
  ])('names %s, and nothing else', namesOnly);
});
