import { nothing, policyObject, replacedObject } from '../domain/actions/lease';
import { maxVersions } from '../domain/actions/policy-versions';
import type { Detail, Renumbered } from '../domain/case/details';
import type { PriorPolicy } from '../domain/facts';
import { isNotFound, orNothing } from '../errors';
import type { Policies } from '../ports/aws';
import { done, type MitigationAction, type PriorOf, reverted, unverified } from './action';
import { denialRights, testDenial } from './denial';
import { forEachItem } from './each';
import { acquireLease, nothingToUndo, releaseLease } from './lease';
import { isSameDocument } from './policy-text';

/**
 * Makes a deny document the default version of the device's own policies. It denies every holder of such a policy, so a
 * guard asks first if others hold it. A policy has at most five versions: the one that must be deleted is in the ledger
 * with its document, and is never the one that the release needs.
 */
export const replacePolicyVersion: MitigationAction<PriorOf<'replace-policy-version'>> = {
  rights: () => ({
    always: [
      {
        actions: [
          'iot:ListPolicyVersions',
          'iot:GetPolicyVersion',
          'iot:CreatePolicyVersion',
          'iot:SetDefaultPolicyVersion',
          'iot:DeletePolicyVersion',
        ],
        resources: ['policy/*'],
      },
      ...denialRights,
    ],
    // The right to see who else holds the policies, which the guards need.
    whenNamed: [{ actions: ['iot:ListTargetsForPolicy'], resources: ['policy/*'] }],
  }),

  async apply({ policies, document, principals }, context) {
    for (const arn of principals) await acquireLease(replacedObject(arn), nothing, context);
    const refusals = await forEachItem(policies, async (policy) => {
      await acquireLease(policyObject(policy.policyName), policy, context);
      return replace(policy, document, context.policies);
    });
    if (refusals.length > 0) return { result: 'refused', detail: refusals };
    return done({ code: 'policies-deny', policies: policies.map(({ policyName }) => policyName) });
  },

  async verify({ policies, document, principals }, context) {
    for (const { policyName } of policies) {
      const versions = await listVersions(policyName, context.policies);
      if (!versions) continue;
      const standing = versions.filter(({ isDefault }) => isDefault);
      if ((await findVersions(policyName, document, standing, context.policies)).length === 0)
        return unverified({ code: 'policy-not-replaced', policyName });
    }
    if (policies.length === 0) return unverified({ code: 'no-policy-to-replace' });
    return testDenial({ principals, clientIds: [undefined], document }, context);
  },

  async revert({ policies, document, principals }, context) {
    const { policies: registry } = context;
    const restored: Detail[] = [];
    const left: Detail[] = [];
    const conflicts = await forEachItem(policies, async (policy) => {
      const { policyName } = policy;
      let own: Record<'restored' | 'left', readonly Detail[]> = { restored: [], left: [] };
      const restoreOwn = async (): Promise<Detail | undefined> => {
        const versions = await listVersions(policyName, registry);
        if (!versions) {
          const deleted: Detail[] = [{ code: 'policy-deleted', policyName }];
          own = { restored: deleted, left: deleted };
          return undefined;
        }
        const ours = await findVersions(policyName, document, versions, registry);
        const conflict = findConflict(policy, versions, ours);
        if (conflict && context.touched === 'nothing') {
          own = { restored: [conflict], left: [conflict] };
          return undefined;
        }
        if (conflict) return conflict;
        const renumbered = await restore(policy, ours, registry);
        const { defaultVersionId: versionId } = policy;
        own = {
          restored: [{ code: 'policy-restored', policyName, versionId, ...(renumbered && { renumbered }) }],
          left: renumbered ? [{ code: 'version-renumbered', policyName, ...renumbered }] : [],
        };
        return undefined;
      };
      const { problem, heldBy } = await releaseLease(policyObject(policyName), context, {
        restore: restoreOwn,
        hold: () => replace(policy, document, registry),
      });
      const held: Detail[] = [{ code: 'policy-held', policyName, heldBy }];
      restored.push(...(heldBy.length > 0 ? held : own.restored));
      left.push(...(heldBy.length > 0 ? held : own.left));
      return problem;
    });
    if (conflicts.length > 0) return { result: 'conflict', detail: [...conflicts, ...restored] };
    for (const arn of principals) await releaseLease(replacedObject(arn), context, nothingToUndo);
    return reverted(restored, left);
  },
};

interface Version {
  readonly versionId: string;
  readonly isDefault: boolean;
}

/** Undefined if somebody deleted the policy: it allows nothing, and there is nothing to restore. */
async function listVersions(policyName: string, registry: Policies): Promise<Version[] | undefined> {
  try {
    return await registry.listVersions(policyName);
  } catch (error) {
    return unlessGone(error);
  }
}

async function replace(
  { policyName, versionToDrop }: PriorPolicy,
  document: string,
  registry: Policies,
): Promise<undefined> {
  const versions = await listVersions(policyName, registry);
  if (!versions) return undefined;
  const ours = await findVersions(policyName, document, versions, registry);
  if (ours.some(({ isDefault }) => isDefault)) return undefined;
  const [newest] = ours;
  if (newest) {
    // A crash or an interrupted release left this version. It is used again, so that no version is wasted. The release
    // of another thing may delete it at this moment.
    const isSet = await orNothing(async () => {
      await registry.setDefaultVersion(policyName, newest.versionId);
      return true;
    });
    if (isSet) return undefined;
  }
  if (versionToDrop && versions.length >= maxVersions)
    await registry.deleteVersion(policyName, versionToDrop.versionId).catch(unlessGone);
  await registry.createVersion(policyName, document, true);
  return undefined;
}

/** Changes by somebody else to the held policy that a restore would undo, or that it can't restore. */
function findConflict(
  { policyName, defaultVersionId }: PriorPolicy,
  versions: readonly Version[],
  ours: readonly Version[],
): Detail | undefined {
  const current = versions.find(({ isDefault }) => isDefault)?.versionId;
  if (current === defaultVersionId) return undefined;
  const newest = ours.find(({ isDefault }) => isDefault) && ours[0];
  const before = defaultVersionId;
  if (!newest) {
    const versionId = current !== undefined && { versionId: current };
    return { code: 'default-version-changed', policyName, ...versionId, before };
  }
  if (!versions.some(({ versionId }) => versionId === before))
    return { code: 'default-version-deleted', policyName, versionId: before };
  // Its author meant it to be the default. Cordon may have changed that when it applied a lost denial again.
  const newer = versions.find(({ versionId }) => Number(versionId) > Number(newest.versionId));
  return newer && { code: 'version-added', policyName, versionId: newer.versionId, before };
}

/** Gives the new id of a version that had to be made again. */
async function restore(
  { policyName, defaultVersionId, versionToDrop }: PriorPolicy,
  ours: readonly Version[],
  registry: Policies,
): Promise<Renumbered | undefined> {
  // It denied before Cordon came.
  if (ours.some(({ versionId }) => versionId === defaultVersionId)) return undefined;
  if (ours.some(({ isDefault }) => isDefault)) await registry.setDefaultVersion(policyName, defaultVersionId);
  // Two things that share the policy, contained at the same moment, each made one.
  for (const { versionId } of ours) await registry.deleteVersion(policyName, versionId).catch(unlessGone);
  if (!versionToDrop) return undefined;
  const { versionId, document } = versionToDrop;
  const versions = await registry.listVersions(policyName);
  const [there] = await findVersions(policyName, document, versions, registry);
  if (there?.versionId === versionId) return undefined;
  const again = there?.versionId ?? (await registry.createVersion(policyName, document, false));
  return { from: versionId, to: again };
}

/** The versions with this document by meaning, newest first: AWS may hand it back with other white space. */
async function findVersions(
  policyName: string,
  document: string,
  versions: readonly Version[],
  registry: Policies,
): Promise<Version[]> {
  const documents = await Promise.all(
    versions.map(({ versionId }) => orNothing(() => registry.readVersion(policyName, versionId))),
  );
  return versions
    .filter((_, index) => isSameDocument(documents[index] ?? '', document))
    .toSorted((a, b) => Number(b.versionId) - Number(a.versionId));
}

function unlessGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}
