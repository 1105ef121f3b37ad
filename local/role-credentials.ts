import { createHash } from 'node:crypto';
import type { StackRole } from './cloudformation/resources/resource-type';
import type { Gateway } from './gateway/gateway';
import { evaluateIam } from './gateway/iam';
import type { FunctionCredentials } from './lambda/definitions';
import type { AwsIdentity } from './types';

/** The roles of the deployed stack, and keys that make the gateway enforce them. */
export interface RoleBook {
  register(role: StackRole): void;
  isAllowed(roleArn: string, action: string, resource: string): boolean;
  /** Keys of one user of a role: a function by its name, a topic rule by `rule NAME`. */
  issueCredentials(roleArn: string, service: string, userName: string): FunctionCredentials;
}

export function createRoleBook(identity: AwsIdentity, gateway: () => Gateway): RoleBook {
  const roles = new Map<string, StackRole>();
  /** Access keys already issued, whose rights follow a role that is registered again. */
  const issued = new Map<string, { readonly roleArn: string; readonly userName: string }>();

  function grant(accessKeyId: string, role: StackRole, userName: string): void {
    const arn = `arn:${identity.partition}:sts::${identity.accountId}:assumed-role/${role.name}/${userName.replaceAll(' ', '-')}`;
    gateway().registerCaller(accessKeyId, {
      caller: { accessKeyId, arn, functionName: userName },
      documents: role.documents,
    });
  }

  function find(roleArn: string): StackRole {
    const role = roles.get(roleArn);
    if (!role) throw new Error(`the role ${roleArn} is not in the template`);
    return role;
  }

  return {
    register(role) {
      roles.set(role.arn, role);
      for (const [accessKeyId, { roleArn, userName }] of issued)
        if (roleArn === role.arn) grant(accessKeyId, role, userName);
    },
    isAllowed(roleArn, action, resource) {
      const { documents } = find(roleArn);
      return evaluateIam(documents, { action, resources: [resource] }, {}) === 'allowed';
    },
    issueCredentials(roleArn, service, userName) {
      const role = find(roleArn);
      if (!role.trustedServices.includes(service))
        throw new Error(`the role ${role.name} does not let ${service} assume it`);
      const digest = createHash('sha256').update(`${roleArn}#${userName}`).digest('hex').toUpperCase();
      const accessKeyId = `ASIA${digest.slice(0, 16)}`;
      issued.set(accessKeyId, { roleArn, userName });
      grant(accessKeyId, role, userName);
      return { accessKeyId, secretAccessKey: digest, sessionToken: digest };
    },
  };
}
