import {
  deniedObject,
  type Lease,
  policyObject,
  type SharedObject,
  statusObject,
} from '../../shared/domain/actions/lease';
import { findVersionToDrop } from '../../shared/domain/actions/policy-versions';
import { type ActionName, descriptorOf } from '../../shared/domain/actions/registry';
import type { Configuration } from '../../shared/domain/configuration';
import type { Facts, PolicyFacts, PrincipalFacts, Sharing } from '../../shared/domain/facts';
import { escapesGroupPolicy } from '../../shared/domain/guards/connect-rights';
import { clip } from '../../shared/domain/text';
import { isNotFound, isRefusal } from '../../shared/errors';
import { idOf, isGone } from '../../shared/mitigation/denial';
import type { Certificates, Policies, Things } from '../../shared/ports/aws';
import type { Leases, Versioned } from '../../shared/ports/storage';

export interface FactPorts {
  readonly things: Things;
  readonly policies: Policies;
  readonly certificates: Certificates;
  readonly leases: Leases;
}

interface FactOptions {
  readonly configuration: Configuration;
  readonly denyPolicyName: string;
  readonly policyCacheMs: number;
  /** How often the thing was contained before: facts that only escalations need are not looked up for others. */
  readonly pastContainments: number;
  /** ARNs of certificates that a containment of the thing holds, whether or not they are still the thing's. */
  readonly held?: readonly string[];
  /** Asked for by an operator, beside those of the playbooks. */
  readonly actions?: readonly ActionName[];
}

/** Deliveries after which a failing lookup no longer waits: the guards then fail closed. */
const patience = 3;
/** Holders of a policy looked at; more are too many for any guard. */
const maxHolders = 20;
/** Names kept of those who share a policy or certificate. */
const maxOthers = 50;

/** Principals named that are no certificates, and how much of each. */
const maxNamed = 10;
const maxPrincipal = 128;

/** Looks up the facts for the guards and the ledger. Throws as long as another delivery may succeed. */
export async function gatherFacts(
  thingName: string,
  ports: FactPorts,
  options: FactOptions,
  attempt: number,
): Promise<Facts> {
  try {
    return await lookUp(thingName, ports, options);
  } catch (error) {
    if (!isRefusal(error) && attempt < patience) throw error;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
    return { kind: 'unavailable', reason };
  }
}

async function lookUp(thingName: string, ports: FactPorts, options: FactOptions): Promise<Facts> {
  const { things } = ports;
  const [thing, groups, arns] = await Promise.all([
    things.describe(thingName),
    things.listGroups(thingName).catch(unlessRegistered),
    things.listPrincipals(thingName).catch(unlessRegistered),
  ]);
  if (!thing) return { kind: 'known', registered: false, attributes: {}, groups: [], principals: [] };
  const needed = findNeeds(options);
  const certificates = arns.filter(isCertificate);
  const detached = (options.held ?? []).filter((arn) => !arns.includes(arn));
  const others = arns.filter((arn) => !isCertificate(arn));
  const withStatus = needed.has('certificate-status');
  const [attached, taken] = await Promise.all([
    Promise.all(certificates.map((arn) => lookUpPrincipal(arn, thingName, ports, options, withStatus))),
    Promise.all(detached.map((arn) => lookUpDetached(arn, thingName, ports, options, withStatus))),
  ]);
  const principals = [...attached, ...taken.filter((one) => one !== undefined)];
  const names = [...new Set(principals.flatMap(({ policies }) => policies))].filter(
    (name) => name !== options.denyPolicyName,
  );
  return {
    kind: 'known',
    registered: true,
    ...(thing.thingTypeName && { thingTypeName: thing.thingTypeName }),
    attributes: thing.attributes,
    groups,
    principals,
    ...(others.length > 0 && {
      otherPrincipals: others.slice(0, maxNamed).map((one) => clip(one, maxPrincipal)),
    }),
    ...(needed.has('policies') && {
      policies: await Promise.all(names.map((name) => lookUpPolicy(name, thingName, ports))),
    }),
  };
}

export function isCertificate(arn: string): boolean {
  return arn.includes(':cert/');
}

/** What any playbook's actions need: only that is looked up, since every call counts against a quota. */
function findNeeds({ configuration, policyCacheMs, pastContainments, actions: asked = [] }: FactOptions) {
  const { playbooks, quarantine } = configuration;
  const actions = playbooks.flatMap(({ actions, escalate }) =>
    escalate && pastContainments >= escalate.afterContainments ? [...actions, ...escalate.actions] : actions,
  );
  const deactivates = policyCacheMs > 0 && quarantine.untilPoliciesSpread === 'deactivate-certificate';
  return new Set([
    ...[...actions, ...asked].map((action) => descriptorOf(action).needs),
    ...(deactivates ? ['certificate-status'] : []),
  ]);
}

/** `describe` shows whether the thing exists. If not, its lists return ResourceNotFound, which is not an error. */
function unlessRegistered(error: unknown): string[] {
  if (isNotFound(error)) return [];
  throw error;
}

/** An unreadable status stays unknown: no guard needs it, and an action on the certificate reports AWS's reason. */
function unlessRefused(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
}

interface State {
  readonly policies: readonly string[];
  readonly status: string | undefined;
  readonly before: PrincipalFacts['before'];
}

async function lookUpPrincipal(
  arn: string,
  thingName: string,
  ports: FactPorts,
  { denyPolicyName }: FactOptions,
  withStatus: boolean,
): Promise<PrincipalFacts> {
  const { things, certificates } = ports;
  const certificateId = idOf(arn);
  // A release leaves its lease once it has undone the change: what was read just before is over by now.
  const readState = async (seenBefore: readonly SharedObject[] = []): Promise<State> => {
    const [policies, status] = await Promise.all([
      things.listPolicies(arn),
      withStatus ? certificates.readStatus(certificateId).catch(unlessRefused) : undefined,
    ]);
    const seen = { denied: policies.includes(denyPolicyName), status };
    const { before, unheld } = await findHeld(certificateId, seen, ports);
    return unheld.every((object) => seenBefore.includes(object))
      ? { policies, status, before }
      : readState([...seenBefore, ...unheld]);
  };
  const [{ policies, status, before }, users] = await Promise.all([
    readState(),
    things.listThingsOfPrincipal(arn),
  ]);
  const documents = await Promise.all(policies.map((name) => things.readPolicy(name)));
  return {
    arn,
    certificateId,
    policies,
    escapesGroup: escapesGroupPolicy(documents, thingName),
    ...(status !== undefined && { status }),
    ...(before && { before }),
    ...listOthers(users, thingName),
  };
}

/** Undefined for a deleted certificate, which nobody needs to hold. */
async function lookUpDetached(
  arn: string,
  thingName: string,
  ports: FactPorts,
  options: FactOptions,
  withStatus: boolean,
): Promise<PrincipalFacts | undefined> {
  if (await isGone(arn, ports)) return undefined;
  const found = await lookUpPrincipal(arn, thingName, ports, options, withStatus);
  return { ...found, escapesGroup: true, isDetached: true };
}

/**
 * The state of a certificate before another containment changed it. Read after the present state, and only if that
 * looks changed by a containment: a containment registers a lease before it changes a certificate.
 */
async function findHeld(
  certificateId: string,
  { denied, status }: { readonly denied: boolean; readonly status: string | undefined },
  { leases }: FactPorts,
): Promise<Pick<State, 'before'> & { readonly unheld: readonly SharedObject[] }> {
  const objects = [
    ...(denied ? [deniedObject(certificateId)] : []),
    ...(status === 'INACTIVE' ? [statusObject(certificateId)] : []),
  ];
  const found = await Promise.all(objects.map((object) => leases.load(object)));
  const priors = found.map(priorOf);
  return {
    before: priors.some((prior) => prior) ? Object.assign({}, ...priors) : undefined,
    unheld: objects.filter((_, index) => !priors[index]),
  };
}

/** A lease without holders says nothing. */
function priorOf(stored: Versioned<Lease> | undefined): Lease['prior'] | undefined {
  return stored?.value.holders.length ? stored.value.prior : undefined;
}

async function lookUpPolicy(
  policyName: string,
  thingName: string,
  { policies, things, leases }: FactPorts,
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

/** Versions, and those before another containment: of one moment, as a release may undo them between two reads. */
async function readVersions(
  policyName: string,
  { policies, leases }: Pick<FactPorts, 'policies' | 'leases'>,
): Promise<{
  readonly versions: Awaited<ReturnType<Policies['listVersions']>>;
  readonly prior?: Lease['prior'];
}> {
  const loadPrior = async () => priorOf(await leases.load(policyObject(policyName)));
  const before = await loadPrior();
  const versions = await policies.listVersions(policyName);
  // After the versions, for the same reason as above.
  const prior = await loadPrior();
  if (before && !prior) return readVersions(policyName, { policies, leases });
  return { versions, ...(prior && { prior }) };
}

/** At most 50, since a case is one item of the table; how many more there are is the last of them. */
function listOthers(names: readonly string[], thingName: string, hasUncountedUsers = false): Sharing {
  const others = [...new Set(names)].filter((name) => name !== thingName);
  const isCut = others.length > maxOthers;
  return {
    sharedWith: isCut ? [...others.slice(0, maxOthers - 1), `${others.length - maxOthers + 1} more`] : others,
    ...((hasUncountedUsers || isCut) && { hasUncountedUsers: true }),
  };
}
