import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { arn } from '../../../infra/template/cloudformation';
import { writeResources } from '../../../infra/template/write-resources';
import type { IotRegistry } from '../../../local/aws/iot/registry';
import { createExisting } from '../../../local/existing-account';
import type { LocalLog } from '../../../local/types';
import { writeQuarantinePolicy } from '../../../shared/config/quarantine-policy';
import { type GroupReader, judgeAdoption } from '../../../shared/mitigation/adoption';
import { judgeMove } from '../../../shared/mitigation/adoption-move';
import { aRegistry } from '../../local/aws/iot/builders';
import { mockClient } from '../../mock-client';
import { root } from './template';

const prefix = 'arn:aws:iot:eu-west-1:123456789012';
// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
const keepTopics = ['cordon/things/${thing}/*'];
const adopted = {
  thingGroup: 'hand-made',
  adopt: true,
  untilPoliciesSpread: 'cut-reconnects',
  keepTopics,
} as const;
const ours = writeQuarantinePolicy(keepTopics, prefix);

const account = (registry: IotRegistry, log: LocalLog) => ({
  ...{ registry, log, sns: new SNSClient({ region: 'us-east-1' }) },
  identity: { partition: 'aws' as const, region: 'us-east-1', accountId: '000000000000' },
});

const judge = (
  account: Partial<GroupReader> = {},
  quarantine: Parameters<typeof judgeAdoption>[0] = adopted as never,
) =>
  judgeAdoption(quarantine, 'cordon-dev', {
    readArnPrefix: async () => prefix,
    readGroup: async () => ({ isDynamic: false, parents: [] }),
    isBillingGroup: async () => false,
    listPolicies: async () => [],
    readPolicy: async () => '{}',
    hasMembers: async () => false,
    listOwn: async () => [],
    ...account,
  });

describe('a quarantine group that a deploy adopts', () => {
  it('is taken as it is if it is a static group without policies and members', async () => {
    expect(await judge()).toEqual({ refusals: [], notices: [] });
    expect(await judge({ readGroup: async () => undefined }, { ...adopted, adopt: false } as never)).toEqual({
      refusals: [],
      notices: [],
    });
  });

  it.each<[string, Partial<GroupReader>, RegExp]>([
    [
      'is not there',
      { readGroup: async () => undefined },
      /^the account has no thing group hand-made in this region: create it /,
    ],
    [
      'is a billing group',
      { readGroup: async () => undefined, isBillingGroup: async () => true },
      /^hand-made is a billing group, which has no policies/,
    ],
    [
      'is dynamic',
      { readGroup: async () => ({ isDynamic: true, parents: [] }) },
      /^hand-made is a dynamic thing group/,
    ],
    [
      'has a parent with policies',
      {
        readGroup: async () => ({ isDynamic: false, parents: [{ name: 'fleet', arn: 'arn:fleet' }] }),
        listPolicies: async (target) => (target === 'arn:fleet' ? ['allow-all'] : []),
      },
      /^hand-made would give contained things the policies of its parents: allow-all of fleet\. /,
    ],
    [
      'is of this very stack',
      {
        // The `Ref` of a thing group is its id.
        listOwn: async () => [
          { type: 'AWS::IoT::ThingGroup', physicalId: 'an-id', properties: { ThingGroupName: 'hand-made' } },
        ],
      },
      /^this stack created thing group hand-made, and would delete it now/,
    ],
  ])('is refused if it %s', async (_, account, reason) => {
    expect(await judge(account)).toEqual({ refusals: [expect.stringMatching(reason)], notices: [] });
  });

  it('is described with the exact statements that its own policy lacks, and with its members', async () => {
    const [first, second, ...others] = ours.Statement;
    const { notices } = await judge({
      hasMembers: async () => true,
      listPolicies: async () => ['mine', 'cordon-dev-quarantine'],
      readPolicy: async () =>
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ ...second, Action: second?.Action.toReversed() }, ...others],
        }),
    });

    expect(notices).toEqual([
      'thing group hand-made has members already. cordon-dev-quarantine denies them all but the kept topics. No release takes them out.',
      `policy mine of thing group hand-made does not deny all that a containment denies. It lacks:\n${JSON.stringify(first)}\nThe stack attaches its own policy cordon-dev-quarantine beside it, and leaves it as it is.`,
    ]);
  });

  it('says that a policy of the group that denies everything can be adopted too', async () => {
    const { notices } = await judge({
      listPolicies: async () => ['mine'],
      readPolicy: async () => write({ Effect: 'Deny', Action: '*', Resource: ['*'] }),
    });

    expect(notices).toEqual([
      'policy mine of thing group hand-made denies all that a containment denies. The stack attaches its own policy cordon-dev-quarantine beside it, and leaves it as it is. To do without, set quarantine.policy to mine.',
    ]);
  });
});

const write = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

describe('a deny policy that a deploy adopts', () => {
  const judgePolicy = (document: string | undefined, account: Partial<GroupReader> = {}) =>
    judge({ listPolicies: async () => ['mine'], readPolicy: async () => document, ...account }, {
      ...adopted,
      policy: 'mine',
    } as never);
  const everything = { Effect: 'Deny', Action: ['iot:*', 'iotjobsdata:*', 'greengrass:*'], Resource: '*' };

  it.each<[string, string]>([
    [
      'says the same in another order',
      JSON.stringify({ Statement: ours.Statement.toReversed(), Version: ours.Version }),
    ],
    [
      'has the statements beside others',
      write({ Effect: 'Deny', Action: 'iot:Subscribe', Resource: '*' }, ...ours.Statement),
    ],
  ])('is taken if it %s', async (_, document) => {
    expect(await judgePolicy(document)).toEqual({ refusals: [], notices: [] });
  });

  it('is taken if it denies more, with what follows', async () => {
    const more = await judgePolicy(
      write(everything, { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }),
      {
        listPolicies: async () => [],
        hasMembers: async () => true,
      },
    );

    expect(more).toEqual({
      refusals: [],
      notices: [
        'thing group hand-made has members already. mine denies them all but the kept topics. No release takes them out.',
        'the deploy attaches policy mine to thing group hand-made, which does not have it yet.',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
        'policy mine also denies the kept topics cordon/things/${thing}/*: a contained device neither sends nor receives anything there.',
        'policy mine also allows something. Certificates that Cordon attaches it to may then do that on the kept topics.',
      ],
    });
  });

  it.each<[string, object[], RegExp]>([
    [
      'denies connects only',
      [{ Effect: 'Deny', Action: 'iot:Connect', Resource: '*' }],
      /"Action":\["iot:\*"/,
    ],
    [
      'denies AWS IoT and leaves jobs open',
      [{ ...everything, Action: 'iot:*' }],
      /"Action":\["iotjobsdata:\*","greengrass:\*"\]/,
    ],
    [
      'denies under a condition',
      [{ ...everything, Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } }],
      /lacks/,
    ],
    [
      'denies by what is not named, and names more',
      [{ ...everything, Resource: undefined, NotResource: 'arn:aws:iot:*:*:topic/*' }],
      /lacks/,
    ],
    ['only leaves out', [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }], /lacks/],
    [
      'denies by a variable that HTTPS has no value for',
      [ours.Statement[0] as object, ...ours.Statement.slice(2)],
      /lacks:\n\{.*"NotResource"/,
    ],
  ])('is refused with what it lacks if it %s', async (_, statements, reason) => {
    const { refusals, notices } = await judgePolicy(write(...statements));

    expect(notices).toEqual([]);
    expect(refusals).toEqual([expect.stringMatching(reason)]);
    expect(refusals[0]).toMatch(
      /^policy mine does not deny all that a containment denies\. Its default version lacks:\n/,
    );
  });

  it.each<[string, string | undefined, Partial<GroupReader>, RegExp]>([
    ['is not there', undefined, {}, /^the account has no policy mine in this region/],
    [
      'is of this very stack',
      write(everything),
      {
        listOwn: async () => [
          { type: 'AWS::IoT::Policy', physicalId: 'mine', properties: { PolicyName: 'mine' } },
        ],
      },
      /^this stack created policy mine, and would delete it now/,
    ],
    ['is no policy', '[null]', {}, /lacks/],
    [
      'has odd statements',
      '{"Statement":[null,1,{"Effect":"Deny","Action":[null],"Resource":7}]}',
      {},
      /lacks/,
    ],
  ])('is refused if it %s', async (_, document, account, reason) => {
    expect((await judgePolicy(document, account)).refusals).toEqual([expect.stringMatching(reason)]);
  });
});

describe('a deploy that gives up what the stack has', () => {
  const own = [
    { type: 'AWS::IoT::Policy', physicalId: 'cordon-dev-quarantine', properties: {} },
    {
      type: 'Custom::QuarantineAttachment',
      properties: {},
      physicalId: `${prefix}:thinggroup/cordon-quarantine/cordon-dev-quarantine`,
    },
  ];
  const move = (
    quarantine: object,
    { members = false, targets = [] as string[], stack = own as typeof own } = {},
  ) =>
    judgeMove({ thingGroup: 'cordon-quarantine', ...quarantine } as never, 'cordon-dev', {
      listOwn: async () => stack,
      hasMembers: async (group) => {
        if (group === '') throw new Error('no name');
        return members && group === 'cordon-quarantine';
      },
      listTargets: async (policy) => (policy === 'cordon-dev-quarantine' ? targets : []),
    });
  const group = `${prefix}:thinggroup/cordon-quarantine`;

  it('is refused while things are in the old group', async () => {
    expect(await move({ thingGroup: 'hand-made', adopt: true }, { members: true })).toEqual([
      'things are still in thing group cordon-quarantine, which this deploy gives up: release them, or take them out of it, before quarantine.thingGroup changes',
    ]);
  });

  it('is refused while the old policy denies certificates', async () => {
    expect(
      await move({ adopt: true, policy: 'mine' }, { members: true, targets: [group, `${prefix}:cert/a`] }),
    ).toEqual([
      `policy cordon-dev-quarantine, which this deploy gives up, still denies ${prefix}:cert/a: release what is held by it before quarantine.policy changes`,
    ]);
  });

  it.each<[string, object, Parameters<typeof move>[1]]>([
    ['nothing changes', {}, { members: true, targets: [group, `${prefix}:cert/a`] }],
    ['nothing is held', { thingGroup: 'hand-made', adopt: true, policy: 'mine' }, { targets: [group] }],
    [
      'only things of the same group are held',
      { adopt: true, policy: 'mine' },
      { members: true, targets: [group] },
    ],
    [
      'the server does not list the ids of the stack’s resources',
      { thingGroup: 'hand-made' },
      { members: true, stack: own.map((one) => ({ ...one, physicalId: '' })) },
    ],
    ['there is no stack yet', { thingGroup: 'hand-made' }, { members: true, stack: [] }],
    [
      'what it gives up is adopted, and stays',
      { thingGroup: 'hand-made' },
      { members: true, stack: own.slice(1) },
    ],
  ])('continues if %s', async (_, quarantine, account) => {
    expect(await move(quarantine, account)).toEqual([]);
  });
});

describe('the stack that adopts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-adopt-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function writeStack(more = '') {
    const file = join(folder, 'cordon.yml');
    const text = readFileSync(join(root, 'cordon.yml'), 'utf8');
    writeFileSync(file, text.replace(/^quarantine:\n/m, `quarantine:\n  adopt: true\n${more}`));
    return writeResources('dev', {}, file);
  }

  it('has no thing group, so it never deletes one, and no right to create or list it', () => {
    const { Resources } = writeStack();

    expect(Resources).not.toHaveProperty('QuarantineGroup');
    expect(Resources.QuarantineAttachment).toMatchObject({ DependsOn: ['QuarantineRemoval'] });
    expect(Resources).toHaveProperty('QuarantinePolicy');
    const rights = JSON.stringify(Resources.SweepRole);
    expect(rights).toContain('iot:AttachPolicy');
    expect(rights).not.toMatch(/iot:CreateThingGroup|iot:ListThingsInThingGroup/);
  });

  it('has no policy if it adopts that too, so it neither changes nor deletes it', () => {
    const { Resources } = writeStack('  policy: mine\n');

    expect(Object.values(Resources).map(({ Type }) => Type)).not.toContain('AWS::IoT::Policy');
    expect(Resources).not.toHaveProperty('QuarantineRemoval');
    expect(Resources.QuarantineAttachment).toMatchObject({
      DependsOn: [],
      Properties: { PolicyName: 'mine', IsPolicyAdopted: 'true' },
    });
    expect(JSON.stringify(Resources.SweepRole)).not.toMatch(/iot:CreatePolicy|iot:SetDefaultPolicyVersion/);
    expect(JSON.stringify(Resources)).not.toMatch(/"iot:DeletePolicy"[^}]*policy\/mine/);
  });

  it('finds its group on the local stack, which has nothing beside it', async () => {
    const registry = aRegistry();
    const warned: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => warned.push(message) };
    await createExisting(writeStack() as never, account(registry, log));
    await createExisting(writeStack() as never, account(registry, log));

    expect([...registry.state.groups.keys()]).toEqual(['cordon-quarantine']);
    expect(warned).toEqual(['the adopted quarantine group did not exist, and was created']);
  });

  it('finds the groups there that its profiles apply to, but not those that it makes itself', async () => {
    const registry = aRegistry();
    const log = { info: () => undefined, warn: () => undefined };
    const profile = (...names: string[]) => ({
      Type: 'AWS::IoT::SecurityProfile',
      Properties: { TargetArns: names.map((name) => arn('iot', name)) },
    });
    const Resources = {
      Group: { Type: 'AWS::IoT::ThingGroup', Properties: { ThingGroupName: 'own' } },
      One: profile('all/registered-things', 'thinggroup/pumps'),
      Two: profile('thinggroup/pumps', 'thinggroup/valves', 'thinggroup/own'),
    };
    await createExisting({ Resources } as never, account(registry, log));

    expect([...registry.state.groups.keys()]).toEqual(['pumps', 'valves']);
  });

  it('finds the topics there that its alerts come by, of its own account and region', async () => {
    const sns = mockClient(SNSClient);
    const subscription = (TopicArn: unknown) => ({
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn },
    });
    const Resources = {
      Own: subscription({ Ref: 'AlertsTopic' }),
      Theirs: subscription('arn:aws:sns:us-east-1:000000000000:iot-alerts'),
      Abroad: subscription('arn:aws:sns:eu-west-1:000000000000:iot-alerts'),
      Others: subscription('arn:aws:sns:us-east-1:123456789012:iot-alerts'),
    };
    await createExisting(
      { Resources } as never,
      account(aRegistry(), { info: () => undefined, warn: () => undefined }),
    );

    expect(sns.commandCalls(CreateTopicCommand).map(({ args: [{ input }] }) => input)).toEqual([
      { Name: 'iot-alerts' },
    ]);
  });

  it('finds its deny policy there too', async () => {
    const registry = aRegistry();
    const log = { info: () => undefined, warn: () => undefined };
    await createExisting(writeStack('  policy: mine\n') as never, account(registry, log));
    await createExisting(writeStack('  policy: mine\n') as never, account(registry, log));

    expect([...registry.state.policies.keys()]).toEqual(['mine']);
  });
});
