import type { PolicyStatement } from '../../types';
import { type Truth, testCondition } from '../policy/policy-condition';
import {
  listMissingVariables,
  matchPattern,
  normaliseKey,
  type PolicyContext,
} from '../policy/policy-pattern';
import { toList } from '../policy/to-list';
import type { IotRegistry } from './registry';
import type { Policy, Thing } from './state';

interface PolicyRef {
  readonly policyName: string;
  readonly policyArn: string;
}

/** One statement of the default version of a policy. */
export interface IotStatement {
  readonly policy: PolicyRef;
  readonly statement: PolicyStatement;
  /** Policies of version 2008-10-17 have no variables: `${...}` is literal text there. */
  readonly hasVariables: boolean;
}

export interface ConnectionIdentity {
  readonly certificateId: string;
  /** Of MQTT; a request over HTTPS has none. */
  readonly clientId?: string;
  readonly sourceIp?: string;
}

export interface IotPolicyRequest {
  /** For example `iot:Publish`. */
  readonly action: string;
  /** ARN of a client, topic or topic filter. */
  readonly resource: string;
  readonly context: PolicyContext;
  /** Whether a Deny applies whose `NotResource` has a variable without a value: AWS doesn't say. Off is the worse case. */
  readonly deniesUnresolved?: boolean;
}

export interface IotPolicyResult {
  readonly decision: 'ALLOWED' | 'EXPLICIT_DENY' | 'IMPLICIT_DENY';
  readonly allowedBy: readonly PolicyRef[];
  readonly deniedBy: readonly PolicyRef[];
}

/** The policies of all groups a thing is in, and of their ancestors, each once. */
export function listGroupPolicies(registry: IotRegistry, thingName: string): readonly Policy[] {
  const groups = registry.groupsOfThing(thingName).flatMap((group) => registry.lineageOf(group.groupName));
  return [...new Set(groups.flatMap((group) => registry.policiesOfTarget(group.groupArn)))];
}

export function readStatements(policies: readonly Policy[]): readonly IotStatement[] {
  return policies.flatMap((policy) => {
    const version = policy.versions.find(({ versionId }) => versionId === policy.defaultVersionId);
    return toList(version?.document.Statement).map((statement) => ({
      policy: { policyName: policy.policyName, policyArn: policy.arn },
      statement,
      hasVariables: version?.document.Version === '2012-10-17',
    }));
  });
}

/**
 * The policies that apply to a connection: those of the certificate and, where the client id is the name of a thing,
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

/** What the groups add to a connection's own policies. */
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

/** The thing a connection stands for: its exclusive one, or the attached one whose name is the client id. */
function findThingOfConnection(
  registry: IotRegistry,
  { certificateId, clientId }: ConnectionIdentity,
): Thing | undefined {
  const attached = registry.thingsOfPrincipal(registry.state.arns.build('cert', certificateId));
  return (
    findExclusiveThing(registry, certificateId) ??
    attached.find(({ thing }) => thing.thingName === clientId)?.thing
  );
}

/**
 * Policy variables and condition keys of a connection (IoT developer guide, policy variables). Those of a thing are
 * "only available when a device connects over MQTT": without a client id none of them has a value.
 */
export function connectionContext(registry: IotRegistry, connection: ConnectionIdentity): PolicyContext {
  const isMqtt = connection.clientId !== undefined;
  const thing = isMqtt ? findThingOfConnection(registry, connection) : undefined;
  const entries: [string, string | undefined][] = [
    ['iot:ClientId', connection.clientId],
    ['aws:SourceIp', connection.sourceIp],
    ['iot:Connection.Thing.IsAttached', isMqtt ? String(thing !== undefined) : undefined],
    ['iot:Connection.Thing.ThingName', thing?.thingName],
    ['iot:Connection.Thing.ThingTypeName', thing?.thingTypeName],
    ...Object.entries(thing?.attributes ?? {}).map(([name, value]): [string, string] => [
      `iot:Connection.Thing.Attributes[${name}]`,
      value,
    ]),
  ];
  return new Map(
    entries.flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[normaliseKey(key), value]],
    ),
  );
}

function matchesAction(statement: PolicyStatement, action: string): boolean {
  const matches = (pattern: string) => matchPattern(pattern.toLowerCase(), action.toLowerCase()) === true;
  if (statement.NotAction !== undefined) return !toList(statement.NotAction).some(matches);
  return toList(statement.Action).some(matches);
}

/** Whether a value that the statement needs as a whole has a variable that the context gives no value. */
function isUnresolved({ statement, hasVariables }: IotStatement, context: PolicyContext): boolean {
  if (!hasVariables) return false;
  const wanted = Object.values(statement.Condition ?? {})
    .flatMap((keys) => Object.values(keys))
    .flatMap((values) => toList(values));
  return [...toList(statement.NotResource), ...wanted].some(
    (value) => typeof value === 'string' && listMissingVariables(value, context).length > 0,
  );
}

/**
 * A pattern whose variable has no value matches nothing. No document says what that makes of a `NotResource` or of a
 * condition; here the statement then does not apply, Allow or Deny, so that nobody counts on a Deny that may not bite.
 * A request may ask for the other reading.
 */
function matchesResource({ statement, hasVariables }: IotStatement, request: IotPolicyRequest): boolean {
  const variables = hasVariables ? request.context : undefined;
  const match = (pattern: string) => matchPattern(pattern, request.resource, variables) === true;
  return statement.NotResource === undefined
    ? toList(statement.Resource).some(match)
    : !toList(statement.NotResource).some(match);
}

function appliesTo(entry: IotStatement, request: IotPolicyRequest): boolean {
  const { statement, hasVariables } = entry;
  if (!matchesAction(statement, request.action)) return false;
  const deniesAnyway = statement.Effect === 'Deny' && request.deniesUnresolved;
  if (isUnresolved(entry, request.context) && !deniesAnyway) return false;
  if (!matchesResource(entry, request)) return false;
  const holds: Truth = testCondition(
    statement.Condition,
    request.context,
    hasVariables ? request.context : undefined,
  );
  // What can't be read must not open anything: unknown refuses an Allow and lets a Deny bite.
  return holds === 'yes' || (holds === 'unknown' && statement.Effect === 'Deny');
}

function listPolicies(entries: readonly IotStatement[]): readonly PolicyRef[] {
  return [...new Map(entries.map(({ policy }) => [policy.policyArn, policy])).values()];
}

/** Explicit deny wins, then any allow; the default is an implicit deny. */
export function evaluateIotPolicy(
  statements: readonly IotStatement[],
  request: IotPolicyRequest,
): IotPolicyResult {
  const matching = statements.filter((entry) => appliesTo(entry, request));
  const deniedBy = listPolicies(matching.filter(({ statement }) => statement.Effect === 'Deny'));
  const allowedBy = listPolicies(matching.filter(({ statement }) => statement.Effect === 'Allow'));
  if (deniedBy.length > 0) return { decision: 'EXPLICIT_DENY', allowedBy, deniedBy };
  return { decision: allowedBy.length > 0 ? 'ALLOWED' : 'IMPLICIT_DENY', allowedBy, deniedBy };
}

/** The variables in these statements that the context gives no value, as TestAuthorization lists them. */
export function listMissingContext(
  statements: readonly IotStatement[],
  context: PolicyContext,
): readonly string[] {
  const patterns = statements
    .filter(({ hasVariables }) => hasVariables)
    .flatMap(({ statement }) => toList(statement.Resource ?? statement.NotResource));
  return [...new Set(patterns.flatMap((pattern) => listMissingVariables(pattern, context)))];
}
