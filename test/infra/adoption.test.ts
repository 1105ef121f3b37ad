import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GroupReader, judgeAdoption } from '../../infra/adoption';
import { writeResources } from '../../infra/write-resources';
import { createAdopted } from '../../local/adopted-group';
import { writeQuarantinePolicy } from '../../shared/config/quarantine-policy';
import { aRegistry } from '../local/aws/iot/builders';
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

const judge = (
  account: Partial<GroupReader> = {},
  quarantine: Parameters<typeof judgeAdoption>[0] = adopted as never,
) =>
  judgeAdoption(quarantine, 'cordon-dev-quarantine', {
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
  it('is taken as it is where it is a static group without policies and members', async () => {
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
      { listOwn: async () => [{ type: 'AWS::IoT::ThingGroup', physicalId: 'hand-made' }] },
      /^this stack created thing group hand-made, and would delete it now/,
    ],
  ])('is refused where it %s', async (_, account, reason) => {
    expect(await judge(account)).toEqual({ refusals: [expect.stringMatching(reason)], notices: [] });
  });

  it('is told with the exact statements that its own policy lacks, and with the members that it has', async () => {
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
      'thing group hand-made has members already. cordon-dev-quarantine also denies them all but the kept topics. No release takes them out.',
      `policy mine of thing group hand-made does not deny all that a containment denies. It lacks:\n${JSON.stringify(first)}\nThe stack attaches its own policy cordon-dev-quarantine beside it, and leaves it as it is.`,
    ]);
  });

  it.each([
    ['everything', { Effect: 'Deny', Action: '*', Resource: ['*'] }, 0],
    [
      'everything under a condition',
      { Effect: 'Deny', Action: '*', Resource: '*', Condition: { Bool: {} } },
      1,
    ],
    ['nothing', { Effect: 'Allow', Action: '*', Resource: '*' }, 1],
  ])('is judged by a policy that denies %s', async (_, Statement, count) => {
    const { notices } = await judge({
      listPolicies: async () => ['mine'],
      readPolicy: async () => JSON.stringify({ Statement }),
    });

    expect(notices).toHaveLength(count);
  });
});

describe('the stack that adopts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-adopt-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write() {
    const file = join(folder, 'cordon.yml');
    const text = readFileSync(join(root, 'cordon.yml'), 'utf8');
    writeFileSync(file, text.replace(/^quarantine:\n/m, 'quarantine:\n  adopt: true\n'));
    return writeResources('dev', {}, file);
  }

  it('has no thing group, so it never deletes one, and no right to create or list it', () => {
    const { Resources } = write();

    expect(Resources).not.toHaveProperty('QuarantineGroup');
    expect(Resources.QuarantineAttachment).toMatchObject({ DependsOn: ['QuarantineRemoval'] });
    expect(Resources).toHaveProperty('QuarantinePolicy');
    const rights = JSON.stringify(Resources.SweepRole);
    expect(rights).toContain('iot:AttachPolicy');
    expect(rights).not.toMatch(/iot:CreateThingGroup|iot:ListThingsInThingGroup/);
  });

  it('finds its group on the local stack, which has nothing beside it', () => {
    const registry = aRegistry();
    const warned: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => warned.push(message) };
    createAdopted(write() as never, registry, log);
    createAdopted(write() as never, registry, log);

    expect([...registry.state.groups.keys()]).toEqual(['cordon-quarantine']);
    expect(warned).toEqual(['the adopted quarantine group did not exist, and was created']);
  });
});
