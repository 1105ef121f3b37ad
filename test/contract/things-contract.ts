import { aName, type Law, refusalOf } from './laws';
import { aDocument, type Registry } from './registry';

const notFound = 'ResourceNotFoundException';

export function declareThingsLaws(law: Law<Registry>): void {
  describe('things', () => {
    declareLookUpLaws(law);
    declareGroupLaws(law);
    declareDecisionLaws(law);
  });
}

function declareLookUpLaws(law: Law<Registry>): void {
  law('describes a thing by its attributes', async (registry) => {
    const [bare, described] = [aName('thing'), aName('thing')];
    await registry.createThing(bare);
    await registry.createThing(described, { site: 'lab', critical: 'true' });

    expect(await registry.things.describe(bare)).toStrictEqual({ attributes: {} });
    expect(await registry.things.describe(described)).toStrictEqual({
      attributes: { site: 'lab', critical: 'true' },
    });
  });

  law('describes no thing that the registry does not have', async ({ things }) => {
    expect(await things.describe(aName('thing'))).toBeUndefined();
  });

  law('lists the certificates of a thing, and the things of a certificate', async (registry) => {
    const [one, two] = [aName('thing'), aName('thing')];
    const [shared, single] = [await registry.createCertificate(), await registry.createCertificate()];
    for (const thingName of [one, two]) {
      await registry.createThing(thingName);
      await registry.attachCertificate(thingName, shared.arn);
    }
    await registry.attachCertificate(two, single.arn);

    const { things } = registry;
    expect(await things.listPrincipals(one)).toEqual([shared.arn]);
    expect((await things.listPrincipals(two)).sort()).toEqual([shared.arn, single.arn].sort());
    expect((await things.listThingsOfPrincipal(shared.arn)).sort()).toEqual([one, two].sort());
    expect(await things.listThingsOfPrincipal(single.arn)).toEqual([two]);
  });

  law('returns empty lists for a thing and a certificate that have nothing', async (registry) => {
    const thingName = aName('thing');
    await registry.createThing(thingName);
    const { arn } = await registry.createCertificate();

    const { things } = registry;
    expect(await things.listPrincipals(thingName)).toEqual([]);
    expect(await things.listGroups(thingName)).toEqual([]);
    expect(await things.listThingsOfPrincipal(arn)).toEqual([]);
    expect(await things.listPolicies(arn)).toEqual([]);
  });

  law('refuses to list the groups and certificates of a thing that does not exist', async ({ things }) => {
    expect(await refusalOf(things.listGroups(aName('thing')))).toBe(notFound);
    expect(await refusalOf(things.listPrincipals(aName('thing')))).toBe(notFound);
  });

  law('lists the policies of a certificate as they are attached and detached', async (registry) => {
    const { things, policies } = registry;
    const { arn } = await registry.createCertificate();
    const names = [aName('policy'), aName('policy')];
    for (const policyName of names) {
      await registry.createPolicy(policyName, aDocument('a'));
      await policies.attach(policyName, arn);
    }

    expect((await things.listPolicies(arn)).sort()).toEqual(names);
    await policies.detach(names[0] ?? '', arn);
    expect(await things.listPolicies(arn)).toEqual(names.slice(1));
  });

  law('counts the things of the registry', async (registry) => {
    const count = async () => {
      let things = 0;
      for await (const page of registry.things.count()) things += page.things;
      return things;
    };
    const before = await count();
    for (let more = 0; more < 3; more += 1) await registry.createThing(aName('thing'));

    expect(await count()).toBe(before + 3);
  });
}

function declareGroupLaws(law: Law<Registry>): void {
  law('adds a thing to a group and removes it, however often it is asked to', async (registry) => {
    const { things } = registry;
    const [thingName, kept, left] = [aName('thing'), aName('group'), aName('group')];
    await registry.createThing(thingName);
    for (const group of [kept, left]) await registry.createGroup(group);

    for (const group of [kept, left, left]) await things.addToGroup(thingName, group);
    expect((await things.listGroups(thingName)).sort()).toEqual([kept, left].sort());

    for (let times = 0; times < 2; times += 1) await things.removeFromGroup(thingName, left);
    expect(await things.listGroups(thingName)).toEqual([kept]);
  });

  law('knows no thing and no group that is not there', async (registry) => {
    const { things } = registry;
    const [thingName, group] = [aName('thing'), aName('group')];
    await registry.createThing(thingName);
    await registry.createGroup(group);

    for (const change of [things.addToGroup, things.removeFromGroup]) {
      expect(await refusalOf(change(aName('thing'), group))).toBe(notFound);
      expect(await refusalOf(change(thingName, aName('group')))).toBe(notFound);
    }
    expect(await things.listGroups(thingName)).toEqual([]);
  });

  law('refuses an eleventh group, and takes the ten again', async (registry) => {
    const { things } = registry;
    const thingName = aName('thing');
    const groups = Array.from({ length: 10 }, () => aName('group'));
    const eleventh = aName('group');
    await registry.createThing(thingName);
    for (const group of [...groups, eleventh]) await registry.createGroup(group);
    for (const group of groups) await things.addToGroup(thingName, group);

    expect(await refusalOf(things.addToGroup(thingName, eleventh))).toBe('InvalidRequestException');
    await things.addToGroup(thingName, groups[0] ?? '');

    expect((await things.listGroups(thingName)).sort()).toEqual(groups.sort());
  });
}

function declareDecisionLaws(law: Law<Registry>): void {
  async function aDevice(registry: Registry) {
    const thingName = aName('thing');
    const { arn } = await registry.createCertificate();
    await registry.createThing(thingName);
    await registry.attachCertificate(thingName, arn);
    await registry.policies.attach(await registry.createDevicePolicy(), arn);
    return { thingName, arn };
  }

  law('reads the document of a policy’s default version', async (registry) => {
    const policyName = await registry.createDevicePolicy();

    expect(JSON.parse(await registry.things.readPolicy(policyName))).toHaveProperty('Statement');
  });

  law('denies a publish by a group’s policy if client id and thing name are one', async (registry) => {
    const { things } = registry;
    const { thingName, arn } = await aDevice(registry);
    const group = await registry.createDenyingGroup();
    const decide = async () => [
      await things.testPublish(arn, thingName, `app/${thingName}/data`),
      await things.testPublish(arn, aName('other'), 'app/other/data'),
    ];

    expect(await decide()).toEqual(['ALLOWED', 'ALLOWED']);
    await things.addToGroup(thingName, group);
    expect(await decide()).toEqual(['EXPLICIT_DENY', 'ALLOWED']);
    await things.removeFromGroup(thingName, group);
    expect(await decide()).toEqual(['ALLOWED', 'ALLOWED']);
  });
}
