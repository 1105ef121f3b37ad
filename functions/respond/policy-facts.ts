import { type Lease, policyObject, priorOf } from '../../shared/domain/actions/lease';
import { findVersionToDrop } from '../../shared/domain/actions/policy-versions';
import type { PolicyFacts } from '../../shared/domain/facts';
import type { Policies, Things } from '../../shared/ports/aws';
import type { Leases } from '../../shared/ports/storage';
import { isCertificate } from './certificate-facts';
import { listOthers } from './list-others';

export interface PolicyPorts {
  readonly things: Things;
  readonly policies: Policies;
  readonly leases: Leases;
}

/** The number of a policy's holders that are looked at; no guard allows more. */
const maxHolders = 20;

export async function lookUpPolicy(
  policyName: string,
  thingName: string,
  { policies, things, leases }: PolicyPorts,
): Promise<PolicyFacts> {
  const [{ versions, prior }, targets] = await Promise.all([
    readVersions(policyName, { policies, leases }),
    policies.listTargets(policyName),
  ]);
  const holders = await Promise.all(
    targets.slice(0, maxHolders).map(async (arn) => {
      const name = arn.slice(arn.lastIndexOf('/') + 1);
      if (!isCertificate(arn)) return [`group ${name}`];
      const users = await things.listThingsOfPrincipal(arn);
      // Possibly used by a device that is not registered as a thing.
      return users.length > 0 ? users : [`certificate ${name.slice(0, 8)}`];
    }),
  );
  const hasGroup = targets.slice(0, maxHolders).some((arn) => !isCertificate(arn));
  if (targets.length > maxHolders) holders.push([`${targets.length - maxHolders} more`]);
  const dropped = findVersionToDrop(versions);
  return {
    policyName,
    ...(prior && 'policyName' in prior && { before: prior }),
    defaultVersionId: versions.find(({ isDefault }) => isDefault)?.versionId ?? '1',
    ...(dropped && {
      versionToDrop: {
        versionId: dropped.versionId,
        document: await policies.readVersion(policyName, dropped.versionId),
      },
    }),
    ...listOthers(holders.flat(), thingName, hasGroup || targets.length > maxHolders),
  };
}

/**
 * The versions now and before another containment, read at one moment, because a release may undo them between two
 * reads.
 */
async function readVersions(
  policyName: string,
  { policies, leases }: Pick<PolicyPorts, 'policies' | 'leases'>,
): Promise<{
  readonly versions: Awaited<ReturnType<Policies['listVersions']>>;
  readonly prior?: Lease['prior'];
}> {
  const loadPrior = async () => priorOf((await leases.load(policyObject(policyName)))?.value);
  const before = await loadPrior();
  const versions = await policies.listVersions(policyName);
  // After the versions, since a release leaves its lease once it has undone the change.
  const prior = await loadPrior();
  if (before && !prior) return readVersions(policyName, { policies, leases });
  return { versions, ...(prior && { prior }) };
}
