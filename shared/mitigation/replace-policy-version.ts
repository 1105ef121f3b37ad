import type { PriorPolicy } from '../domain/case';
import { isNotFound } from '../errors';
import type { Policies } from '../ports';
import type { MitigationAction, PriorOf } from './action';
import { testDenial } from './denial';
import { forEachItem } from './each';

/** IoT Core keeps five versions of a policy (service quotas). */
const maxVersions = 5;

/**
 * Makes a deny document the default version of the device's own policies. Whoever holds such a policy is denied with
 * it, which is why a guard asks first where others do. A policy has at most five versions: the one that has to go is
 * in the ledger with its document, and is never the one that release needs.
 */
export const replacePolicyVersion: MitigationAction<PriorOf<'replace-policy-version'>> = {
  async apply({ policies, document }, { policies: registry }) {
    const refusals = await forEachItem(policies, (policy) => replace(policy, document, registry));
    if (refusals.length > 0) return { result: 'refused', detail: refusals.join('; ') };
    return { result: 'done', detail: `${names(policies) || 'no policy'}: the default version denies` };
  },

  async verify({ policies, document, principals }, context) {
    for (const { policyName } of policies) {
      const versions = await context.policies.listVersions(policyName);
      if (!(await findVersion(policyName, document, versions, context.policies))?.isDefault)
        return { result: 'not-so', detail: `the default version of ${policyName} is not (yet) ours` };
    }
    if (policies.length === 0) return { result: 'not-so', detail: 'the thing has no policy to replace' };
    return testDenial(principals, context);
  },

  async revert({ policies, document }, { policies: registry }) {
    const restored: string[] = [];
    const conflicts = await forEachItem(policies, async (policy) => {
      const versions = await registry.listVersions(policy.policyName);
      const ours = await findVersion(policy.policyName, document, versions, registry);
      const conflict = findConflict(policy, versions, ours);
      if (!conflict) restored.push(await restore(policy, ours, registry));
      return conflict;
    });
    if (conflicts.length > 0) return { result: 'conflict', detail: [...conflicts, ...restored].join('; ') };
    return { result: 'done', detail: restored.join('; ') };
  },
};

interface Version {
  readonly versionId: string;
  readonly isDefault: boolean;
}

async function replace(
  { policyName, versionToDrop }: PriorPolicy,
  document: string,
  registry: Policies,
): Promise<undefined> {
  const versions = await registry.listVersions(policyName);
  const ours = await findVersion(policyName, document, versions, registry);
  if (ours?.isDefault) return undefined;
  if (ours) {
    // Left by a crash, or by a release that somebody interrupted: used again, so that no version is wasted.
    await registry.setDefaultVersion(policyName, ours.versionId);
    return undefined;
  }
  if (versionToDrop && versions.length >= maxVersions)
    await registry.deleteVersion(policyName, versionToDrop.versionId).catch(unlessGone);
  await registry.createVersion(policyName, document, true);
  return undefined;
}

/** What somebody else did to the policy while it was held, that a restore would undo or can't restore. */
function findConflict(
  { policyName, defaultVersionId }: PriorPolicy,
  versions: readonly Version[],
  ours: Version | undefined,
): string | undefined {
  const current = versions.find(({ isDefault }) => isDefault)?.versionId;
  if (current === defaultVersionId) return undefined;
  if (!ours?.isDefault)
    return `the default version of ${policyName} is ${current}, which is neither ours nor ${defaultVersionId} from before`;
  if (!versions.some(({ versionId }) => versionId === defaultVersionId))
    return `version ${defaultVersionId} of ${policyName}, the default before, was deleted`;
  // Whoever made it meant it to be the default; that it isn't may be our doing, since a lost denial is applied anew.
  const newer = versions.find(({ versionId }) => Number(versionId) > Number(ours.versionId));
  return newer
    ? `version ${newer.versionId} of ${policyName} was made while it was held; the default before was ${defaultVersionId}`
    : undefined;
}

async function restore(
  { policyName, defaultVersionId, versionToDrop }: PriorPolicy,
  ours: Version | undefined,
  registry: Policies,
): Promise<string> {
  const back = `${policyName} has its default version ${defaultVersionId} again`;
  // It denied before, for another thing that holds it.
  if (ours?.versionId === defaultVersionId) return back;
  if (ours?.isDefault) await registry.setDefaultVersion(policyName, defaultVersionId);
  if (ours) await registry.deleteVersion(policyName, ours.versionId).catch(unlessGone);
  if (!versionToDrop) return back;
  const { versionId, document } = versionToDrop;
  const versions = await registry.listVersions(policyName);
  const there = await findVersion(policyName, document, versions, registry);
  if (there?.versionId === versionId) return back;
  const again = there?.versionId ?? (await registry.createVersion(policyName, document, false));
  // AWS doesn't use a version id twice.
  return `${back}; its version ${versionId} came back as version ${again}`;
}

/** The newest version with this document, by meaning: AWS may hand it back with other white space. */
async function findVersion(
  policyName: string,
  document: string,
  versions: readonly Version[],
  registry: Policies,
): Promise<Version | undefined> {
  const wanted = normalise(document);
  for (const version of versions.toSorted((a, b) => Number(b.versionId) - Number(a.versionId)))
    if (normalise(await registry.readVersion(policyName, version.versionId)) === wanted) return version;
  return undefined;
}

function normalise(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document));
  } catch {
    return document;
  }
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

function names(policies: readonly PriorPolicy[]): string {
  return policies.map(({ policyName }) => policyName).join(', ');
}
