import { createHash } from 'node:crypto';
import type { AwsIdentity } from '../types';
import type { StackRole } from './cloudformation/resources/resource-type';
import type { Gateway } from './gateway/gateway';
import type { RoleUse, RoleWatch } from './gateway/role-use';
import type { FunctionCredentials } from './lambda/definitions';
import { evaluateRole } from './policy/iam';

/** The roles of the deployed stack, and keys that make the gateway enforce them. */
export interface RoleBook {
  register(role: StackRole): void;
  findByName(name: string): StackRole | undefined;
  isAllowed(roleArn: string, action: string, resource: string): boolean;
  /** Keys of one user of a role: a function by its name, a topic rule by `rule NAME`. */
  issueCredentials(roleArn: string, service: string, userName: string): FunctionCredentials;
}

export function createRoleBook(identity: AwsIdentity, gateway: () => Gateway, use?: RoleUse): RoleBook {
  const roles = new Map<string, StackRole & { readonly watch?: RoleWatch }>();
  /** Access keys already issued, whose rights follow a role that is registered again. */
  const issued = new Map<string, { readonly roleArn: string; readonly userName: string }>();

  function grant(accessKeyId: string, role: ReturnType<typeof find>, userName: string): void {
    const arn = `arn:${identity.partition}:sts::${identity.accountId}:assumed-role/${role.name}/${userName.replaceAll(' ', '-')}`;
    gateway().registerCaller(accessKeyId, {
      caller: { accessKeyId, arn, functionName: userName },
      documents: role.documents,
      ...(role.boundary && { boundary: role.boundary }),
      ...(role.watch && { watch: role.watch }),
    });
  }

  function find(roleArn: string) {
    const role = roles.get(roleArn);
    if (!role) throw new Error(`the role ${roleArn} is not in the template: add it there`);
    return role;
  }

  return {
    register(registered) {
      const watch = use?.watch(registered.logicalId, registered.documents);
      const role = { ...registered, ...(watch && { watch }) };
      roles.set(role.arn, role);
      for (const [accessKeyId, { roleArn, userName }] of issued)
        if (roleArn === role.arn) grant(accessKeyId, role, userName);
    },
    findByName: (name) => [...roles.values()].find((role) => role.name === name),
    isAllowed(roleArn, action, resource) {
      const role = find(roleArn);
      const context = new Map<string, string>();
      const { decision } = evaluateRole(role, { action, resources: [resource] }, context);
      role.watch?.(action, resource, context, decision);
      return decision === 'ALLOWED';
    },
    issueCredentials(roleArn, service, userName) {
      const role = find(roleArn);
      if (!role.trustedServices.includes(service))
        throw new Error(
          `the role ${role.name} does not let ${service} assume it: add the service to its AssumeRolePolicyDocument`,
        );
      const digest = createHash('sha256').update(`${roleArn}#${userName}`).digest('hex').toUpperCase();
      const accessKeyId = `ASIA${digest.slice(0, 16)}`;
      issued.set(accessKeyId, { roleArn, userName });
      grant(accessKeyId, role, userName);
      return { accessKeyId, secretAccessKey: digest, sessionToken: digest };
    },
  };
}
