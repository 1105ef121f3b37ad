import type { PriorPolicy } from '../domain/case';
import { isNotFound } from '../errors';
import type { Policies } from '../ports';
import type { MitigationAction, PriorOf } from './action';
import { testDenial } from './denial';

/**
 * Makes a deny document the default version of the device's own policies. Whoever holds such a policy is denied with
 * it, which is why a guard asks first where others do. A policy has at most five versions (IoT quotas): the one that
 * has to go is in the ledger with its document, and is never the one that release needs.
 */
export const replacePolicyVersion: MitigationAction<PriorOf<'replace-policy-version'>> = {
  async apply({ policies, document }, { policies: registry }) {
    for (const policy of policies) await replace(policy, document, registry);
    return { result: 'done', detail: `${names(policies)}: the default version denies` };
  },

  async verify({ policies, document, principals }, context) {
    for (const { policyName } of policies) {
      if (!(await findOurs(policyName, document, context.policies))?.isDefault)
        return { result: 'not-so', detail: `the default version of ${policyName} is not (yet) ours` };
    }
    if (policies.length === 0) return { result: 'not-so', detail: 'the thing has no policy to replace' };
    return testDenial(principals, context);
  },

  async revert({ policies, document }, { policies: registry }) {
    const restored: string[] = [];
    for (const policy of policies) {
      const conflict = await findConflict(policy, document, registry);
      if (conflict) return { result: 'conflict', detail: conflict };
      restored.push(await restore(policy, document, registry));
    }
    return { result: 'done', detail: restored.join('; ') };
  },
};

async function replace(
  { policyName, versionToDrop }: PriorPolicy,
  document: string,
  registry: Policies,
): Promise<void> {
  const ours = await findOurs(policyName, document, registry);
  if (ours?.isDefault) return;
  // Left by a crash, or by a release that somebody interrupted: used again, so that no version is wasted.
  if (ours) return registry.setDefaultVersion(policyName, ours.versionId);
  if (versionToDrop) await registry.deleteVersion(policyName, versionToDrop.versionId).catch(unlessGone);
  await registry.createVersion(policyName, document, true);
}

async function findConflict(
  policy: PriorPolicy,
  document: string,
  registry: Policies,
): Promise<string | undefined> {
  const { policyName, defaultVersionId } = policy;
  const versions = await registry.listVersions(policyName);
  const current = versions.find(({ isDefault }) => isDefault)?.versionId;
  if (current === defaultVersionId) return undefined;
  const ours = await findOurs(policyName, document, registry);
  if (!ours?.isDefault)
    return `the default version of ${policyName} is ${current}, which is neither ours nor ${defaultVersionId} from before`;
  if (!versions.some(({ versionId }) => versionId === defaultVersionId))
    return `version ${defaultVersionId} of ${policyName}, the default before, was deleted`;
  return undefined;
}

async function restore(policy: PriorPolicy, document: string, registry: Policies): Promise<string> {
  const { policyName, defaultVersionId, versionToDrop } = policy;
  const ours = await findOurs(policyName, document, registry);
  if (ours?.isDefault) await registry.setDefaultVersion(policyName, defaultVersionId);
  if (ours) await registry.deleteVersion(policyName, ours.versionId).catch(unlessGone);
  const back = `${policyName} has its default version ${defaultVersionId} again`;
  if (!versionToDrop) return back;
  const { versionId, document: dropped } = versionToDrop;
  const again =
    (await findOurs(policyName, dropped, registry))?.versionId ??
    (await registry.createVersion(policyName, dropped, false));
  // AWS doesn't use a version id twice.
  return `${back}; its version ${versionId} came back as version ${again}`;
}

/** The version with our document, by meaning: AWS may hand it back with other white space. */
async function findOurs(policyName: string, document: string, registry: Policies) {
  const wanted = normalise(document);
  // Newest first: ours is.
  const versions = (await registry.listVersions(policyName)).toSorted(
    (a, b) => Number(b.versionId) - Number(a.versionId),
  );
  for (const version of versions)
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
