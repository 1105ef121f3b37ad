import * as z from 'zod/mini';
import { listMissingContext } from '../../policy/evaluate';
import { type ConnectionContext, connectionContext } from '../connection-context';
import {
  type IotStatement,
  listEffectivePolicies,
  listGroupPolicies,
  readStatements,
} from '../effective-policies';
import { invalid } from '../errors';
import { evaluateIotPolicy } from '../evaluate-iot-policy';
import { findPolicy, findVersion, listPolicyTargets, requireTarget } from '../policies';
import type { IotRegistry } from '../registry';
import type { Policy } from '../state';
import { findThing } from '../things';
import { readPolicyName, toNameAndArn } from './policies';
import { type IotCall, type IotRoute, paginate, readBody, readFlag, readParam, routesAt } from './route';

const AuthInfo = z.object({
  actionType: z.enum(['PUBLISH', 'SUBSCRIBE', 'RECEIVE', 'CONNECT']),
  resources: z.array(z.string()).check(z.minLength(1)),
});

const TestAuthorization = z.object({
  authInfos: z.array(AuthInfo).check(z.minLength(1), z.maxLength(10)),
  principal: z.exactOptional(z.string()),
  cognitoIdentityPoolId: z.exactOptional(z.string()),
  policyNamesToAdd: z._default(z.array(z.string()), []),
  policyNamesToSkip: z._default(z.array(z.string()), []),
});

const EffectivePolicies = z.object({ principal: z.exactOptional(z.string()) });
const Target = z.object({ target: z.string() });

const ACTIONS = {
  PUBLISH: 'iot:Publish',
  SUBSCRIBE: 'iot:Subscribe',
  RECEIVE: 'iot:Receive',
  CONNECT: 'iot:Connect',
} as const;

interface Subject {
  readonly policies: readonly Policy[];
  readonly context: ConnectionContext;
}

/** The policies of a TestAuthorization's principal: a certificate, a thing group, or none (only policies to add). */
function findSubject(registry: IotRegistry, principal: string | undefined, clientId: string | null): Subject {
  const certificateId = registry.state.arns.idOf('cert', principal);
  // Without a client id no variable of MQTT has a value, and they are reported as missing.
  const connection = { certificateId: certificateId ?? '', ...(clientId !== null && { clientId }) };
  const context = connectionContext(registry, connection);
  if (principal === undefined) return { policies: [], context };
  const { arn } = requireTarget(registry.state, principal);
  if (certificateId !== undefined) return { policies: listEffectivePolicies(registry, connection), context };
  const groupName = registry.state.arns.idOf('thinggroup', arn) ?? '';
  const lineage = registry.lineageOf(groupName);
  return { policies: lineage.flatMap((group) => registry.policiesOfTarget(group.groupArn)), context };
}

function toPolicyList(entries: readonly { policyName: string; policyArn: string }[]) {
  return { policies: entries };
}

function testOne(
  authInfo: z.output<typeof AuthInfo>,
  statements: readonly IotStatement[],
  policies: readonly Policy[],
  context: ConnectionContext,
) {
  const action = ACTIONS[authInfo.actionType];
  const results = authInfo.resources.map((resource) =>
    evaluateIotPolicy(statements, { action, resource, context }),
  );
  const names = (of: 'allowedBy' | 'deniedBy') =>
    new Set(results.flatMap((r) => r[of].map((p) => p.policyName)));
  const [allowed, denied] = [names('allowedBy'), names('deniedBy')];
  const pick = (has: (policyName: string) => boolean) =>
    toPolicyList(policies.filter(({ policyName }) => has(policyName)).map(toNameAndArn));
  const decisions = results.map(({ decision }) => decision);
  // Several resources are allowed only together; an explicit deny of one is the answer for all.
  const authDecision =
    (['EXPLICIT_DENY', 'IMPLICIT_DENY'] as const).find((deny) => decisions.includes(deny)) ?? 'ALLOWED';
  return {
    authInfo,
    allowed: pick((name) => allowed.has(name)),
    denied: {
      implicitDeny: pick((name) => !allowed.has(name) && !denied.has(name)),
      explicitDeny: pick((name) => denied.has(name)),
    },
    authDecision,
    missingContextValues: listMissingContext(statements, context),
  };
}

function testAuthorization(registry: IotRegistry, call: IotCall) {
  const body = readBody(TestAuthorization, call);
  if (body.cognitoIdentityPoolId !== undefined)
    throw invalid('The local stack emulates no Cognito identities: leave out cognitoIdentityPoolId.');
  const { policies, context } = findSubject(registry, body.principal, call.query.get('clientId'));
  const added = body.policyNamesToAdd.map((name) => findPolicy(registry.state, name));
  const tested = [...new Set([...policies, ...added])].filter(
    ({ policyName }) => !body.policyNamesToSkip.includes(policyName),
  );
  const statements = readStatements(tested);
  return { authResults: body.authInfos.map((info) => testOne(info, statements, tested, context)) };
}

function getEffectivePolicies(registry: IotRegistry, call: IotCall) {
  const { principal } = readBody(EffectivePolicies, call);
  const thingName = call.query.get('thingName');
  if (principal === undefined && thingName === null) throw invalid('principal or thingName is required.');
  const ofPrincipal =
    principal === undefined ? [] : registry.policiesOfTarget(requireTarget(registry.state, principal).arn);
  const ofThing =
    thingName === null ? [] : listGroupPolicies(registry, findThing(registry.state, thingName).thingName);
  return {
    effectivePolicies: [...new Set([...ofPrincipal, ...ofThing])].map((policy) => ({
      ...toNameAndArn(policy),
      policyDocument: findVersion(policy, policy.defaultVersionId).text,
    })),
  };
}

function listAttached(registry: IotRegistry, call: IotCall) {
  const { arn } = requireTarget(registry.state, readParam(call, 'target'));
  const groupName = registry.state.arns.idOf('thinggroup', arn);
  const isRecursive = readFlag(call, 'recursive', false) && groupName !== undefined;
  const targets = isRecursive ? registry.lineageOf(groupName).map(({ groupArn }) => groupArn) : [arn];
  const policies = [...new Set(targets.flatMap((target) => registry.policiesOfTarget(target)))];
  const page = paginate(call, 'marker', policies, ({ policyName }) => policyName);
  return { policies: page.items.map(toNameAndArn), ...page.next };
}

function listTargets(registry: IotRegistry, call: IotCall) {
  const { policyName } = findPolicy(registry.state, readPolicyName(call));
  const page = paginate(call, 'marker', listPolicyTargets(registry.state, policyName), (arn) => arn);
  return { targets: page.items, ...page.next };
}

export function authorizationRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, policies } = registry;
  const readTarget = (call: IotCall) => readBody(Target, call).target;
  const onTarget = routesAt('/target-policies/{policyName}', (call) => [readTarget(call)]);
  const onPolicy = routesAt('/policy-targets/{policyName}', (call) => [
    state.arns.build('policy', readParam(call, 'policyName')),
  ]);
  // IAM knows only the resource type `cert`; a group, or a missing principal, is `*`.
  const ofCertificate = (call: IotCall) => {
    const { principal } = readBody(EffectivePolicies, call);
    return principal !== undefined && state.arns.idOf('cert', principal) ? [principal] : [];
  };
  return [
    onTarget('AttachPolicy', 'PUT', (call) => policies.attach(readPolicyName(call), readTarget(call))),
    onTarget('DetachPolicy', 'POST', (call) => policies.detach(readPolicyName(call), readTarget(call))),
    onPolicy('ListTargetsForPolicy', 'POST', (call) => listTargets(registry, call)),
    routesAt('/attached-policies/{target}')('ListAttachedPolicies', 'POST', (call) =>
      listAttached(registry, call),
    ),
    routesAt('/effective-policies', ofCertificate)('GetEffectivePolicies', 'POST', (call) =>
      getEffectivePolicies(registry, call),
    ),
    routesAt('/test-authorization', ofCertificate)('TestAuthorization', 'POST', (call) =>
      testAuthorization(registry, call),
    ),
  ];
}
