import type { AwsIdentity, Caller, IamRequest, PolicyDocument, PolicyStatement } from '../../types';
import { compileDocument, type Decision, evaluate } from '../policy/evaluate';
import { evaluateRole, iamDialect, type Rights } from '../policy/iam';
import type { PolicyContext } from '../policy/variables';
import type { RoleWatch } from './role-use';

/** A caller and the policy documents of its role. */
export interface Registration extends Rights {
  readonly caller: Caller;
  readonly watch?: RoleWatch;
}

interface Refusal {
  readonly resource: string;
  readonly decision: Decision;
  readonly message: string;
}

/** Needs no permission in AWS, and works even under an explicit deny (STS API reference). */
const openActions: ReadonlySet<string> = new Set(['sts:GetCallerIdentity']);

/** Finds the first resource the caller may not act on; the operator may do everything that no resource forbids. */
export function findRefusal(
  identity: AwsIdentity,
  registration: Registration,
  { action, resources, alsoNeeds = [], alsoAsks, ofResource, keys = new Map() }: IamRequest,
): Refusal | undefined {
  const { caller, watch, ...given } = registration;
  const isOperator = caller.functionName === undefined;
  if ((isOperator && !ofResource) || openActions.has(action)) return undefined;
  const rights = isOperator ? operatorRights : given;
  const ofCaller = contextOf(identity, caller);
  const context = keys.size === 0 ? ofCaller : new Map([...ofCaller, ...keys]);
  for (const needed of [action, ...alsoNeeds]) {
    for (const resource of resources.length > 0 ? resources : ['*']) {
      const { decision, by } = evaluateRole(rights, { action: needed, resources: [resource] }, context);
      watch?.(needed, resource, context, decision);
      const own = ofResource && evaluateOwn(ofResource, caller, { action: needed, resource, context });
      // In one account either policy is enough, and a denial in either counts; a boundary limits what the resource gives a role.
      if (decision === 'ALLOWED' && own !== 'EXPLICIT_DENY') continue;
      if (decision === 'IMPLICIT_DENY' && by === 'policies' && own === 'ALLOWED' && !rights.boundary)
        continue;
      const isOwn = decision !== 'EXPLICIT_DENY' && own === 'EXPLICIT_DENY';
      const reason = writeReason(isOwn ? own : decision, isOwn ? 'resource' : by, needed);
      const message = `User: ${caller.arn} is not authorized to perform: ${needed} on resource: ${resource} ${reason}`;
      return { resource, decision: isOwn ? own : decision, message };
    }
  }
  return alsoAsks && findRefusal(identity, registration, alsoAsks);
}

const operatorRights: Rights = {
  documents: [{ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }],
};

const sources = {
  policies: 'identity-based policy',
  boundary: 'permissions boundary',
  resource: 'resource-based policy',
};

function writeReason(decision: Decision, by: keyof typeof sources, action: string): string {
  if (decision !== 'EXPLICIT_DENY') return `because no ${sources[by]} allows the ${action} action`;
  return `with an explicit deny in a${by === 'policies' ? 'n' : ''} ${sources[by]}`;
}

/** What the policy of the resource decides about the caller. */
function evaluateOwn(
  document: PolicyDocument,
  { service }: Caller,
  request: { readonly action: string; readonly resource: string; readonly context: PolicyContext },
): Decision {
  const arn = String(request.context.get('aws:principalarn') ?? '');
  const statements = compileDocument(document).filter(({ statement }) => names(statement, arn, service));
  return evaluate(statements, request, iamDialect).decision;
}

/** A role is named by its own ARN or that of a session, an account by its root. */
function names(
  { Principal }: PolicyStatement & { readonly Principal?: unknown },
  arn: string,
  service: string | undefined,
): boolean {
  if (Principal === '*') return true;
  const { AWS, Service } = (Principal ?? {}) as { readonly AWS?: unknown; readonly Service?: unknown };
  if (service !== undefined) return [Service].flat().includes(service);
  const accountId = arn.split(':')[4] ?? '';
  return [AWS].flat().some((one) => one === '*' || one === arn || one === accountId);
}

/** A session's keys name its role (IAM user guide, `aws:PrincipalArn`). A path is not in the ARN of a session. */
function nameRole(arn: string): string {
  return arn.replace(/^(arn:[^:]+):sts:(:\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam:$2:role/$3');
}

/** The same in each call of a caller. */
const contexts = new WeakMap<Caller, ReadonlyMap<string, string>>();

function contextOf(identity: AwsIdentity, caller: Caller): ReadonlyMap<string, string> {
  const known = contexts.get(caller);
  if (known) return known;
  const context = new Map([
    ['aws:principalarn', nameRole(caller.arn)],
    ['aws:principalisawsservice', String(caller.service !== undefined)],
    ...(caller.service === undefined ? [] : ([['aws:sourcearn', caller.arn]] as const)),
    ['aws:principalaccount', identity.accountId],
    ['aws:principaltype', 'AssumedRole'],
    ['aws:requestedregion', identity.region],
    ['aws:resourceaccount', identity.accountId],
    // Deployed, every call is over TLS; a policy that insists on it must not fail here.
    ['aws:securetransport', 'true'],
    ['aws:sourceip', '127.0.0.1'],
  ]);
  contexts.set(caller, context);
  return context;
}
