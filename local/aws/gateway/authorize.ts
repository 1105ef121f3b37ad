import type { AwsIdentity, Caller, IamRequest } from '../../types';
import type { Decision } from '../policy/evaluate';
import { evaluateRole, type Rights } from '../policy/iam';
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

/** Finds the first resource the caller may not act on; the operator may do everything. */
export function findRefusal(
  identity: AwsIdentity,
  registration: Registration,
  { action, resources, alsoNeeds = [], alsoAsks, keys = new Map() }: IamRequest,
): Refusal | undefined {
  const { caller, watch, ...rights } = registration;
  if (caller.functionName === undefined || openActions.has(action)) return undefined;
  const context = new Map([...contextOf(identity, caller), ...keys]);
  for (const needed of [action, ...alsoNeeds]) {
    for (const resource of resources.length > 0 ? resources : ['*']) {
      const { decision, by } = evaluateRole(rights, { action: needed, resources: [resource] }, context);
      watch?.(needed, resource, context, decision);
      if (decision === 'ALLOWED') continue;
      const reason =
        decision === 'EXPLICIT_DENY'
          ? `with an explicit deny in ${by === 'policies' ? 'an identity-based policy' : 'a permissions boundary'}`
          : `because no ${by === 'policies' ? 'identity-based policy' : 'permissions boundary'} allows the ${needed} action`;
      const message = `User: ${caller.arn} is not authorized to perform: ${needed} on resource: ${resource} ${reason}`;
      return { resource, decision, message };
    }
  }
  return alsoAsks && findRefusal(identity, registration, alsoAsks);
}

function contextOf(identity: AwsIdentity, caller: Caller) {
  return new Map([
    ['aws:principalarn', caller.arn],
    ['aws:principalaccount', identity.accountId],
    ['aws:principaltype', 'AssumedRole'],
    ['aws:requestedregion', identity.region],
    ['aws:resourceaccount', identity.accountId],
    // Deployed, every call is over TLS; a policy that insists on it must not fail here.
    ['aws:securetransport', 'true'],
    ['aws:sourceip', '127.0.0.1'],
  ]);
}
