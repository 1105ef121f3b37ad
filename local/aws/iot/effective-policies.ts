import { type CompiledStatement, compileDocument } from '../policy/evaluate';
import type { IotRegistry } from './registry';
import type { Policy, Thing } from './state';

export interface PolicyRef {
  readonly policyName: string;
  readonly policyArn: string;
}

/** One statement of the default version of a policy. */
export interface IotStatement extends CompiledStatement {
  readonly policy: PolicyRef;
}

export interface ConnectionIdentity {
  readonly certificateId: string;
  /** The client id of MQTT; a request over HTTPS has none. */
  readonly clientId?: string;
  readonly sourceIp?: string;
}

/** The policies of all groups a thing is in, and of their ancestors, each once. */
export function listGroupPolicies(registry: IotRegistry, thingName: string): readonly Policy[] {
  const groups = registry.groupsOfThing(thingName).flatMap((group) => registry.lineageOf(group.groupName));
  return [...new Set(groups.flatMap((group) => registry.policiesOfTarget(group.groupArn)))];
}

export function readStatements(policies: readonly Policy[]): readonly IotStatement[] {
  return policies.flatMap(({ policyName, arn, versions, defaultVersionId }) => {
    const version = versions.find(({ versionId }) => versionId === defaultVersionId);
    const policy = { policyName, policyArn: arn };
    return version ? compileDocument(version.document).map((statement) => ({ ...statement, policy })) : [];
  });
}

/**
 * The policies that apply to a connection: those of the certificate and, if the client id is the name of a thing,
 * those of that thing's groups. AWS names only that condition ("the MQTT client ID and thing name must match"), so an
 * attachment of certificate and thing is not asked for; a client with any other id escapes its group's deny, as on AWS,
 * and so does a request over HTTPS, which has no client id.
 */
export function listEffectivePolicies(
  registry: IotRegistry,
  { certificateId, clientId }: Pick<ConnectionIdentity, 'certificateId' | 'clientId'>,
): readonly Policy[] {
  const ofCertificate = registry.policiesOfTarget(registry.state.arns.build('cert', certificateId));
  return [...new Set([...ofCertificate, ...listBoundGroupPolicies(registry, { certificateId, clientId })])];
}

function listBoundGroupPolicies(
  registry: IotRegistry,
  { certificateId, clientId }: { readonly certificateId: string; readonly clientId: string | undefined },
): readonly Policy[] {
  const named = clientId === undefined ? undefined : registry.thing(clientId);
  const binds = registry.state.exclusiveBindsGroups && clientId !== undefined;
  const exclusive = binds ? findExclusiveThing(registry, certificateId) : undefined;
  const things = new Set([named, exclusive].filter((thing) => thing !== undefined));
  return [...things].flatMap(({ thingName }) => listGroupPolicies(registry, thingName));
}

/** The policies that the groups add to a connection's own. */
export function groupStatements(
  registry: IotRegistry,
  connection: { readonly certificateId: string; readonly clientId: string | undefined },
): readonly IotStatement[] {
  return readStatements(listBoundGroupPolicies(registry, connection));
}

export function effectiveStatements(
  registry: IotRegistry,
  connection: Pick<ConnectionIdentity, 'certificateId' | 'clientId'>,
): readonly IotStatement[] {
  return readStatements(listEffectivePolicies(registry, connection));
}

/** The thing that a certificate serves exclusively. */
export function findExclusiveThing(registry: IotRegistry, certificateId: string): Thing | undefined {
  const attached = registry.thingsOfPrincipal(registry.state.arns.build('cert', certificateId));
  return attached.find(({ type }) => type === 'EXCLUSIVE_THING')?.thing;
}
