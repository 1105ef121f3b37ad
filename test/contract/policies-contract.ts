import type { Policies } from '../../shared/ports/aws';
import { aName, type Law, refusalOf } from './laws';
import { aDocument, type Registry } from './registry';

const notFound = 'ResourceNotFoundException';

async function aPolicy(registry: Registry): Promise<string> {
  const policyName = aName('policy');
  await registry.createPolicy(policyName, aDocument('first'));
  return policyName;
}

/** The versions by id, in the order of their ids. */
async function readVersions({ listVersions }: Policies, policyName: string) {
  const versions = await listVersions(policyName);
  return versions.sort((a, b) => Number(a.versionId) - Number(b.versionId));
}

export function declarePoliciesLaws(law: Law<Registry>): void {
  describe('policies', () => {
    declareTargetLaws(law);
    declareVersionLaws(law);
    declareLimitLaws(law);
  });
  describe('certificates', () => declareCertificateLaws(law));
}

function declareTargetLaws(law: Law<Registry>): void {
  law('lists where a policy is attached, once each', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);
    const [one, two] = [await registry.createCertificate(), await registry.createCertificate()];

    expect(await policies.listTargets(policyName)).toEqual([]);
    for (const { arn } of [one, two, one]) await policies.attach(policyName, arn);
    expect((await policies.listTargets(policyName)).sort()).toEqual([one.arn, two.arn].sort());
    await policies.detach(policyName, one.arn);
    expect(await policies.listTargets(policyName)).toEqual([two.arn]);
  });

  law('attaches no policy that is not there', async (registry) => {
    const { arn } = await registry.createCertificate();

    expect(await refusalOf(registry.policies.attach(aName('policy'), arn))).toBe(notFound);
    expect(await refusalOf(registry.policies.listTargets(aName('policy')))).toBe(notFound);
  });

  law('treats a policy that is not attached as detached', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);
    const { arn } = await registry.createCertificate();

    await policies.detach(policyName, arn);
    await policies.detach(aName('policy'), arn);

    expect(await policies.listTargets(policyName)).toEqual([]);
  });
}

function declareVersionLaws(law: Law<Registry>): void {
  law('numbers versions from 1 and keeps the document of each', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);

    expect(await policies.createVersion(policyName, aDocument('second'), false)).toBe('2');
    expect(await policies.createVersion(policyName, aDocument('third'), true)).toBe('3');

    expect(await readVersions(policies, policyName)).toEqual([
      { versionId: '1', isDefault: false },
      { versionId: '2', isDefault: false },
      { versionId: '3', isDefault: true },
    ]);
    const documents = [];
    for (const id of ['1', '2', '3']) documents.push(await policies.readVersion(policyName, id));
    expect(documents).toEqual([aDocument('first'), aDocument('second'), aDocument('third')]);
  });

  law('leaves the default where it is until another one is set', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);
    await policies.createVersion(policyName, aDocument('second'), false);
    const findDefault = async () =>
      (await policies.listVersions(policyName)).filter(({ isDefault }) => isDefault);

    expect(await findDefault()).toEqual([{ versionId: '1', isDefault: true }]);
    await policies.setDefaultVersion(policyName, '2');
    await policies.setDefaultVersion(policyName, '2');
    expect(await findDefault()).toEqual([{ versionId: '2', isDefault: true }]);
  });

  law('gives no number twice', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);
    await policies.createVersion(policyName, aDocument('second'), false);
    await policies.deleteVersion(policyName, '2');

    expect(await policies.createVersion(policyName, aDocument('third'), false)).toBe('3');
  });

  law('knows no version and no policy that is not there', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);

    const refusals = [
      await refusalOf(policies.readVersion(policyName, '9')),
      await refusalOf(policies.setDefaultVersion(policyName, '9')),
      await refusalOf(policies.deleteVersion(policyName, '9')),
      await refusalOf(policies.listVersions(aName('policy'))),
      await refusalOf(policies.createVersion(aName('policy'), aDocument('a'), true)),
    ];

    expect(refusals).toEqual(refusals.map(() => notFound));
  });
}

function declareLimitLaws(law: Law<Registry>): void {
  law('deletes every version but the default', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);
    await policies.createVersion(policyName, aDocument('second'), true);

    // The API reference names both, and does not say which one comes.
    expect(['DeleteConflictException', 'InvalidRequestException']).toContain(
      await refusalOf(policies.deleteVersion(policyName, '2')),
    );
    await policies.deleteVersion(policyName, '1');

    expect(await policies.listVersions(policyName)).toEqual([{ versionId: '2', isDefault: true }]);
  });

  law('refuses a sixth version until one of the five is gone', async (registry) => {
    const { policies } = registry;
    const policyName = await aPolicy(registry);
    for (let more = 0; more < 4; more += 1)
      await policies.createVersion(policyName, aDocument('more'), false);

    const sixth = () => policies.createVersion(policyName, aDocument('sixth'), true);
    expect(await refusalOf(sixth())).toBe('VersionsLimitExceededException');
    expect(await policies.listVersions(policyName)).toContainEqual({ versionId: '1', isDefault: true });
    await policies.deleteVersion(policyName, '3');

    expect(await sixth()).toBe('6');
  });
}

function declareCertificateLaws(law: Law<Registry>): void {
  law('are put to the status asked for, however often', async (registry) => {
    const { certificates } = registry;
    const { id } = await registry.createCertificate();
    const seen = [await certificates.readStatus(id)];
    for (const status of ['INACTIVE', 'INACTIVE', 'ACTIVE'] as const) {
      await certificates.setStatus(id, status);
      seen.push(await certificates.readStatus(id));
    }

    expect(seen).toEqual(['ACTIVE', 'INACTIVE', 'INACTIVE', 'ACTIVE']);
  });

  law('are not made by a change of their status', async ({ certificates }) => {
    const id = 'f'.repeat(64);

    expect(await refusalOf(certificates.setStatus(id, 'INACTIVE'))).toBe(notFound);
    expect(await refusalOf(certificates.readStatus(id))).toBe(notFound);
  });
}
