import { randomUUID } from 'node:crypto';
import type { ApiRequest, ApiResponse, AwsIdentity, PolicyDocument, ServiceHandler } from '../../types';
import type { StackRole } from '../cloudformation/resources/resource-type';
import type { RoleBook } from '../role-credentials';
import { escapeXml, formatAwsError } from '../wire/aws-error';
import { parseJsonObject } from '../wire/json';
import { nameRoleId } from '../wire/principal-id';

const operations = [
  'GetRole',
  'ListRolePolicies',
  'ListAttachedRolePolicies',
  'GetRolePolicy',
  'PutRolePolicy',
  'DeleteRolePolicy',
] as const;

/** IAM: the present roles of the stack, and the calls that give a role rights or take them. */
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
      if (operation === 'GetRole') return formatResponse(operation, writeRole(role));
      if (operation === 'ListRolePolicies') {
        const names = [...role.inline.keys()].map((name) => `<member>${escapeXml(name)}</member>`);
        return formatResponse(
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
        return formatResponse(
          operation,
          `<AttachedPolicies>${policies.join('')}</AttachedPolicies><IsTruncated>false</IsTruncated>`,
        );
      }
      if (operation === 'PutRolePolicy') return putPolicy(request, roles, role);
      const document = role.inline.get(policyName);
      if (!document) return noSuchEntity(request, `The role policy with name ${policyName} cannot be found.`);
      if (operation === 'GetRolePolicy')
        return formatResponse(
          operation,
          `<RoleName>${escapeXml(roleName)}</RoleName><PolicyName>${escapeXml(policyName)}</PolicyName>` +
            `<PolicyDocument>${encodeURIComponent(JSON.stringify(document))}</PolicyDocument>`,
        );
      roles.register({
        ...role,
        documents: role.documents.filter((one) => one !== document),
        inline: new Map([...role.inline].filter(([name]) => name !== policyName)),
      });
      return formatResponse(operation);
    },
  };
}

function putPolicy(request: ApiRequest, roles: RoleBook, role: StackRole): ApiResponse {
  const form = readForm(request);
  const document = parseJsonObject(Buffer.from(form.get('PolicyDocument') ?? ''));
  if (!Array.isArray(document?.Statement))
    return formatAwsError(request, 400, 'MalformedPolicyDocument', 'Syntax errors in policy.');
  const name = form.get('PolicyName') ?? '';
  const { [name]: before, ...others } = Object.fromEntries(role.inline);
  const added = document as unknown as PolicyDocument;
  roles.register({
    ...role,
    documents: [...role.documents.filter((one) => one !== before), added],
    inline: new Map([...Object.entries(others), [name, added]]),
  });
  return formatResponse('PutRolePolicy');
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

function formatResponse(operation: string, result?: string): ApiResponse {
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
