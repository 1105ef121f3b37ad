import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { IoTClient } from '@aws-sdk/client-iot';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type * as z from 'zod';
import type { AwsIdentity, LocalLog, PolicyDocument } from '../../../types';
import type { HttpApiDefinition, HttpRouteDefinition, JwtAuthorizer } from '../../http-api/definitions';
import type {
  EventSourceDefinition,
  FunctionDefinition,
  InvocationOutcome,
  InvokePermission,
  ScheduleDefinition,
} from '../../lambda/definitions';
import { isUnknown } from '../intrinsics';

export interface StackRole {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** `lambda.amazonaws.com` and the like: who may run under this role. */
  readonly trustedServices: readonly string[];
  readonly documents: readonly PolicyDocument[];
  /** The role may do nothing that it does not allow. */
  readonly boundary?: PolicyDocument;
  readonly boundaryArn?: string;
  /** ARNs of the managed policies. */
  readonly attached: readonly string[];
  readonly trust: PolicyDocument;
  /** Those of `documents` that are written into the role, by name. */
  readonly inline: ReadonlyMap<string, PolicyDocument>;
}

/** A rule of EventBridge with a pattern, whose targets are topics. */
export interface PatternDefinition {
  readonly name: string;
  readonly arn: string;
  readonly pattern: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly targets: readonly { readonly Id: string; readonly Arn: string }[];
}

/** The parts of the local stack that a deploy uses. */
export interface StackHooks {
  /** Called again with all documents when a policy is attached later. */
  registerRole(role: StackRole): void | Promise<void>;
  registerFunction(definition: FunctionDefinition): void | Promise<void>;
  registerEventSource(definition: EventSourceDefinition): void | Promise<void>;
  registerSchedule(definition: ScheduleDefinition): void | Promise<void>;
  registerPattern(rule: PatternDefinition): void | Promise<void>;
  invokeFunction(functionArn: string, event: unknown): Promise<InvocationOutcome>;
  isAllowed(roleArn: string, action: string, resource: string): boolean;
  /** Gives the URL of the API. */
  openHttpApi(definition: HttpApiDefinition): Promise<string>;
  registerRoute(definition: HttpRouteDefinition): void;
  /** The answer of a service about a resource without state of its own here. */
  describe(kind: string, id: string, description: object): void;
  putParameter(parameter: { name: string; type: string; value: string }): void | Promise<void>;
}

/** Clients of the gateway, with the operator's credentials. */
export interface StackClients {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly iot: IoTClient;
}

/** What resources of one stack know of each other. */
export interface StackRecords {
  readonly roles: Map<string, StackRole>;
  readonly managedPolicies: Map<string, PolicyDocument>;
  readonly functions: Map<string, FunctionDefinition>;
  readonly permissions: InvokePermission[];
  /** Ids of the HTTP APIs that have a stage. */
  readonly stages: Set<string>;
  readonly authorizers: Map<string, JwtAuthorizer>;
  readonly integrations: Map<string, Pick<HttpRouteDefinition, 'functionArn' | 'timeoutMs'>>;
  readonly queuePolicies: { queueUrl: string; document: PolicyDocument }[];
  readonly topicPolicies: { topicArn: string; document: PolicyDocument }[];
}

export interface ResourceContext {
  readonly logicalId: string;
  readonly resourceType: string;
  readonly stackName: string;
  readonly stackId: string;
  readonly identity: AwsIdentity;
  readonly artifactsDirectory: string;
  readonly clients: StackClients;
  readonly hooks: StackHooks;
  readonly records: StackRecords;
  readonly log: LocalLog;
  readonly customResourceTimeoutMs: number;
  /** Names what the template does not name, as CloudFormation does. */
  generateName(): string;
  /** Adds a check that needs the whole stack; it gives the problem, or undefined. */
  verifyLater(check: () => string | undefined): void;
}

export interface CreatedResource {
  /** What Ref gives. */
  readonly physicalId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ResourceType {
  /** What Fn::GetAtt may ask for. */
  readonly attributes: readonly string[] | 'any';
  check(properties: unknown): string[];
  create(properties: unknown, context: ResourceContext): Promise<CreatedResource>;
}

/** Builds a resource type from the schema of its properties; a property outside the schema is not emulated. */
export function defineResource<Schema extends z.ZodType>(definition: {
  readonly properties: Schema;
  readonly attributes: readonly string[] | 'any';
  readonly create: (
    properties: z.output<Schema>,
    context: ResourceContext,
  ) => CreatedResource | Promise<CreatedResource>;
}): ResourceType {
  const { properties: schema, attributes, create } = definition;
  return {
    attributes,
    check: (properties) => {
      const { error } = schema.safeParse(properties);
      return (error?.issues ?? []).flatMap((issue) => describeIssue(issue, properties));
    },
    create: async (properties, context) => create(schema.parse(properties), context),
  };
}

function describeIssue(issue: z.core.$ZodIssue, properties: unknown): string[] {
  const path = describePath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `property ${path ? `${path}.` : ''}${key} is not emulated locally`);
  }
  const parent = readPath(properties, issue.path.slice(0, -1));
  const key = issue.path.at(-1) ?? '';
  if (typeof parent === 'object' && parent !== null && !Object.hasOwn(parent, key)) {
    return [`property ${path} is missing`];
  }
  const value = readPath(properties, issue.path);
  // Not known before its resource exists, or already reported if it could not be resolved.
  if (value === undefined || isUnknown(value)) return [];
  return [`property ${path}: ${issue.message}`];
}

function readPath(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (found as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

function describePath(path: readonly PropertyKey[]): string {
  const parts = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return parts.join('').replace(/^\./, '');
}
