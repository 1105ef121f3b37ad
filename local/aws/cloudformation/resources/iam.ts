import * as z from 'zod';
import type { PolicyDocument, PolicyStatement } from '../../../types';
import { nameRoleId } from '../../wire/principal-id';
import { isUnknown } from '../intrinsics';
import { policyDocument, tagList, text, withoutEffect } from './properties';
import { defineResource, type ResourceContext, type ResourceType, type StackRole } from './resource-type';

const logActions = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const queueActions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const serviceRole = 'arn:aws:iam::aws:policy/service-role';

/** The managed policies of AWS that are known here; their text is in aws-managed-policy/latest/reference. */
const awsManagedPolicies: ReadonlyMap<string, PolicyDocument> = new Map([
  [`${serviceRole}/AWSLambdaBasicExecutionRole`, allowEverywhere(logActions)],
  [`${serviceRole}/AWSLambdaSQSQueueExecutionRole`, allowEverywhere([...queueActions, ...logActions])],
  ['arn:aws:iam::aws:policy/PowerUserAccess', allowAllBut(['iam:*', 'organizations:*', 'account:*'])],
]);

function allowEverywhere(actions: readonly string[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] };
}

function allowAllBut(actions: readonly string[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', NotAction: actions, Resource: '*' }] };
}

const managedPolicyArn = text.refine(
  (arn) => awsManagedPolicies.has(arn) || isUnknown(arn) || !arn.startsWith('arn:aws:iam::aws:'),
  'is a managed policy that is not known locally: write out what the function needs',
);

/** "Begins and ends with a slash" (IAM API reference, CreateRole). */
const path = text
  .refine((given) => isUnknown(given) || /^\/([!-.0-~]+\/)*$/.test(given), 'must begin and end with a slash')
  .refine((given) => given.length <= 512, 'has more than 512 characters')
  .optional();

const role = defineResource({
  properties: z.strictObject({
    RoleName: text.optional(),
    AssumeRolePolicyDocument: policyDocument,
    Policies: z.array(z.strictObject({ PolicyName: text, PolicyDocument: policyDocument })).optional(),
    ManagedPolicyArns: z.array(managedPolicyArn).optional(),
    Path: path,
    PermissionsBoundary: managedPolicyArn.optional(),
    Description: withoutEffect,
    MaxSessionDuration: withoutEffect,
    Tags: tagList,
  }),
  attributes: ['Arn', 'RoleId'],
  create: async (props, context) => {
    const { identity, logicalId, records, hooks } = context;
    const name = props.RoleName ?? context.generateName();
    const arn = `arn:${identity.partition}:iam::${identity.accountId}:role${props.Path ?? '/'}${name}`;
    const { PermissionsBoundary } = props;
    const managed = (props.ManagedPolicyArns ?? []).map((policyArn) => findManagedPolicy(policyArn, context));
    const created: StackRole = {
      logicalId,
      name,
      arn,
      trustedServices: listTrustedServices(props.AssumeRolePolicyDocument),
      documents: [...(props.Policies ?? []).map((policy) => policy.PolicyDocument), ...managed],
      ...(PermissionsBoundary !== undefined && {
        boundary: findManagedPolicy(PermissionsBoundary, context),
        boundaryArn: PermissionsBoundary,
      }),
      attached: props.ManagedPolicyArns ?? [],
      trust: props.AssumeRolePolicyDocument,
      inline: new Map((props.Policies ?? []).map((policy) => [policy.PolicyName, policy.PolicyDocument])),
    };
    records.roles.set(name, created);
    await hooks.registerRole(created);
    return { physicalId: name, attributes: { Arn: arn, RoleId: nameRoleId(name) } };
  },
});

function findManagedPolicy(arn: string, { records, logicalId }: ResourceContext): PolicyDocument {
  const found = awsManagedPolicies.get(arn) ?? records.managedPolicies.get(arn);
  if (!found)
    throw new Error(
      `${logicalId}: managed policy ${arn} is not in this template; the local stack knows no other: write its statements in the template`,
    );
  return found;
}

function listTrustedServices(document: PolicyDocument): string[] {
  const statements = [document.Statement].flat() as (PolicyStatement & {
    Principal?: { Service?: unknown };
  })[];
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  return allowed.flatMap(({ Principal }) => [Principal?.Service ?? []].flat().map(String));
}

const policy = defineResource({
  properties: z.strictObject({ PolicyName: text, PolicyDocument: policyDocument, Roles: z.array(text) }),
  attributes: [],
  create: async ({ PolicyName, PolicyDocument, Roles }, context) => {
    for (const roleName of Roles) await attachToRole(roleName, PolicyDocument, context);
    return { physicalId: PolicyName, attributes: {} };
  },
});

const managedPolicy = defineResource({
  properties: z.strictObject({
    ManagedPolicyName: text.optional(),
    PolicyDocument: policyDocument,
    Roles: z.array(text).optional(),
    Path: text.optional(),
    Description: withoutEffect,
  }),
  attributes: ['PolicyArn'],
  create: async (props, context) => {
    const { partition, accountId } = context.identity;
    const name = props.ManagedPolicyName ?? context.generateName();
    const arn = `arn:${partition}:iam::${accountId}:policy${props.Path ?? '/'}${name}`;
    context.records.managedPolicies.set(arn, props.PolicyDocument);
    for (const roleName of props.Roles ?? []) await attachToRole(roleName, props.PolicyDocument, context);
    return { physicalId: arn, attributes: { PolicyArn: arn } };
  },
});

/**
 * On AWS, a service that may not assume its role fails only when it acts, usually without an error that anybody sees.
 */
export function requireTrust(
  roleArn: string,
  service: string,
  { records, verifyLater }: ResourceContext,
): void {
  verifyLater(() => {
    const found = [...records.roles.values()].find(({ arn }) => arn === roleArn);
    if (found?.trustedServices.includes(service)) return undefined;
    return `${found ? `role ${roleArn} does not let ${service} assume it` : `role ${roleArn} is not in this template`}`;
  });
}

async function attachToRole(
  roleName: string,
  document: PolicyDocument,
  context: ResourceContext,
): Promise<void> {
  const found = context.records.roles.get(roleName);
  if (!found)
    throw new Error(
      `${context.logicalId}: role ${roleName} is not there yet: define it in this template, or name it in DependsOn`,
    );
  const extended = { ...found, documents: [...found.documents, document] };
  context.records.roles.set(roleName, extended);
  await context.hooks.registerRole(extended);
}

export const iamTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::IAM::Role': role,
  'AWS::IAM::Policy': policy,
  'AWS::IAM::ManagedPolicy': managedPolicy,
};
