import { type ActionName, descriptorOf } from '../../shared/domain/actions/registry';
import type { Configuration } from '../../shared/domain/configuration';
import type { Facts } from '../../shared/domain/facts';
import { clip } from '../../shared/domain/text';
import { isNotFound, isRefusal } from '../../shared/errors';
import { type CertificatePorts, isCertificate, lookUpCertificate, lookUpDetached } from './certificate-facts';
import { lookUpPolicy, type PolicyPorts } from './policy-facts';

export type FactPorts = CertificatePorts & PolicyPorts;

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
/** The limits for principals that are no certificates: how many, and how many characters of each. */
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
    Promise.all(certificates.map((arn) => lookUpCertificate(arn, thingName, ports, options, withStatus))),
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

/** What the actions of all playbooks need. Nothing else is looked up, because every call counts against a quota. */
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
