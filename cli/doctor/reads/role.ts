import {
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
} from '@aws-sdk/client-iam';
import type { PresentRole } from '../as-deployed/present';
import { orGone } from './answers';

export async function readRole(iam: IAMClient, RoleName: string): Promise<PresentRole | undefined> {
  return orGone(async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const names: string[] = [];
    for await (const { PolicyNames = [] } of paginateListRolePolicies({ client: iam }, { RoleName }))
      names.push(...PolicyNames);
    const policies = await Promise.all(
      names.map(async (PolicyName) => {
        const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        return [PolicyName, readDocument(PolicyDocument)] as const;
      }),
    );
    const attached: string[] = [];
    for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies(
      { client: iam },
      { RoleName },
    ))
      attached.push(...AttachedPolicies.flatMap(({ PolicyArn }) => PolicyArn ?? []));
    const boundary = Role?.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
      trust: readDocument(Role?.AssumeRolePolicyDocument ?? ''),
      policies: new Map(policies),
      attached,
      ...(boundary !== undefined && { boundary }),
    };
  });
}

/** IAM writes documents in the encoding of URLs (RFC 3986). */
function readDocument(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('{') ? text : decodeURIComponent(text));
  } catch (cause) {
    throw new Error('IAM returned a policy document that is not JSON', { cause });
  }
}
