import { randomUUID } from 'node:crypto';
import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import type { StackRole } from '../cloudformation/resources/resource-type';
import type { RoleBook } from '../role-credentials';
import { escapeXml, formatAwsError } from '../wire/aws-error';
import { nameRoleId } from '../wire/principal-id';

const operations = [
  'GetRole',
  'ListRolePolicies',
  'ListAttachedRolePolicies',
  'GetRolePolicy',
  'DeleteRolePolicy',
] as const;

/** IAM: the roles of the stack as they are, and what takes rights from one. */
export function createIam({ partition, accountId }: AwsIdentity, roles: RoleBook): ServiceHandler {
  const arnOf = (name: string) =>
    roles.findByName(name)?.arn ?? `arn:${partition}:iam::${accountId}:role/${name}`;
  return {
    identify: (request) => {
      const form = readForm(request);
      const operation = operations.find((name) => name === form.get('Action'));
      return operation && { action: `iam:${operation}`, resources: [arnOf(form.get('RoleName') ?? '')] };
    },
    handle: async (request) => {
      const form = readForm(request);
      const [roleName, policyName] = [form.get('RoleName') ?? '', form.get('PolicyName') ?? ''];
      const role = roles.findByName(roleName);
      if (!role) return noSuchEntity(request, `The role with name ${roleName} cannot be found.`);
      const operation = form.get('Action') ?? '';
      if (operation === 'GetRole') return answer(operation, writeRole(role));
      if (operation === 'ListRolePolicies') {
        const names = [...role.inline.keys()].map((name) => `<member>${escapeXml(name)}</member>`);
        return answer(
          operation,
          `<PolicyNames>${names.join('')}</PolicyNames><IsTruncated>false</IsTruncated>`,
        );
      }
      if (operation === 'ListAttachedRolePolicies') {
        const policies = role.attached.map(
          (arn) =>
            `<member><PolicyName>${escapeXml(arn.slice(arn.lastIndexOf('/') + 1))}</PolicyName>` +
            `<PolicyArn>${escapeXml(arn)}</PolicyArn></member>`,
        );
        return answer(
          operation,
          `<AttachedPolicies>${policies.join('')}</AttachedPolicies><IsTruncated>false</IsTruncated>`,
        );
      }
      const document = role.inline.get(policyName);
      if (!document) return noSuchEntity(request, `The role policy with name ${policyName} cannot be found.`);
      if (operation === 'GetRolePolicy')
        return answer(
          operation,
          `<RoleName>${escapeXml(roleName)}</RoleName><PolicyName>${escapeXml(policyName)}</PolicyName>` +
            `<PolicyDocument>${encodeURIComponent(JSON.stringify(document))}</PolicyDocument>`,
        );
      roles.register({
        ...role,
        documents: role.documents.filter((one) => one !== document),
        inline: new Map([...role.inline].filter(([name]) => name !== policyName)),
      });
      return answer(operation);
    },
  };
}

function writeRole({ name, arn, trust, boundaryArn }: StackRole): string {
  const boundary =
    boundaryArn === undefined
      ? ''
      : '<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>' +
        `<PermissionsBoundaryArn>${escapeXml(boundaryArn)}</PermissionsBoundaryArn></PermissionsBoundary>`;
  return (
    `<Role><Path>/</Path><RoleName>${escapeXml(name)}</RoleName><RoleId>${escapeXml(nameRoleId(name))}</RoleId><Arn>${escapeXml(arn)}</Arn>` +
    `<CreateDate>1970-01-01T00:00:00Z</CreateDate>` +
    `<AssumeRolePolicyDocument>${encodeURIComponent(JSON.stringify(trust))}</AssumeRolePolicyDocument>${boundary}</Role>`
  );
}

function answer(operation: string, result?: string): ApiResponse {
  const inner = result === undefined ? '' : `<${operation}Result>${result}</${operation}Result>`;
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body:
      `<${operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">${inner}` +
      `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${operation}Response>`,
  };
}

function noSuchEntity(request: ApiRequest, message: string): ApiResponse {
  return formatAwsError(request, 404, 'NoSuchEntity', message);
}

function readForm({ body }: ApiRequest): URLSearchParams {
  return new URLSearchParams(body.toString());
}
