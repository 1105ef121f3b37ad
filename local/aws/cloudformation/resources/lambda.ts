import path from 'node:path';
import * as z from 'zod';
import type { EventSourceDefinition, FunctionDefinition } from '../../lambda/definitions';
import { matchesPattern } from '../../policy/wildcard';
import { flag, number, tagList, text, withoutEffect } from './properties';
import { defineResource, type ResourceContext, type ResourceType } from './resource-type';

// lambda/latest/dg/configuration-envvars.html; AWS refuses a function that breaks these rules.
const MAX_ENVIRONMENT_BYTES = 4_096;
const variableName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]+$/, 'is no name of an environment variable');
const reservedVariables = new Set([
  ...['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_EXECUTION_ENV', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ...['AWS_SESSION_TOKEN', 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'LAMBDA_TASK_ROOT'],
  ...['AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_LOG_GROUP_NAME'],
  ...['AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_RUNTIME_DIR'],
]);
const variables = z
  .record(variableName, text)
  .refine(
    (found) => !Object.keys(found).some((name) => reservedVariables.has(name)),
    'sets a reserved variable',
  )
  .refine(
    (found) => Buffer.byteLength(JSON.stringify(found)) <= MAX_ENVIRONMENT_BYTES,
    `is over ${MAX_ENVIRONMENT_BYTES} bytes`,
  );

const lambdaFunction = defineResource({
  properties: z.strictObject({
    // A name is part of paths here, too.
    FunctionName: text
      .pipe(z.string().regex(/^[\w-]{1,64}$/, 'must be 1 to 64 of a-z, A-Z, 0-9, - and _'))
      .optional(),
    Code: z.strictObject({ S3Bucket: text, S3Key: text, S3ObjectVersion: withoutEffect }),
    Handler: text,
    Runtime: text.refine((runtime) => runtime.startsWith('nodejs'), 'only Node.js runtimes run locally'),
    Role: text,
    MemorySize: number.pipe(z.int().min(128).max(10_240)).optional(),
    Timeout: number.pipe(z.int().min(1).max(900)).optional(),
    Environment: z.strictObject({ Variables: variables.optional() }).optional(),
    ReservedConcurrentExecutions: number.pipe(z.int().min(0)).optional(),
    LoggingConfig: z.looseObject({ LogGroup: text.optional() }).optional(),
    PackageType: z.literal('Zip').optional(),
    Architectures: withoutEffect,
    Description: withoutEffect,
    EphemeralStorage: withoutEffect,
    KmsKeyArn: withoutEffect,
    RuntimeManagementConfig: withoutEffect,
    Tags: tagList,
    TracingConfig: withoutEffect,
  }),
  attributes: ['Arn'],
  create: async (props, context) => {
    const { identity, records, hooks, logicalId } = context;
    const name = props.FunctionName ?? context.generateName();
    const trusting = [...records.roles.values()].find(({ arn }) => arn === props.Role);
    if (!trusting?.trustedServices.includes('lambda.amazonaws.com')) {
      throw new Error(
        `${logicalId}: The role defined for the function cannot be assumed by Lambda. (${props.Role})`,
      );
    }
    const definition: FunctionDefinition = {
      name,
      arn: `arn:${identity.partition}:lambda:${identity.region}:${identity.accountId}:function:${name}`,
      roleArn: props.Role,
      handler: props.Handler,
      runtime: props.Runtime,
      codePath: path.join(context.artifactsDirectory, path.basename(props.Code.S3Key)),
      memoryMb: props.MemorySize ?? 128,
      timeoutSeconds: props.Timeout ?? 3,
      environment: props.Environment?.Variables ?? {},
      logGroupName: props.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      ...(props.ReservedConcurrentExecutions !== undefined && {
        reservedConcurrency: props.ReservedConcurrentExecutions,
      }),
    };
    records.functions.set(name, definition);
    await hooks.registerFunction(definition);
    return { physicalId: name, attributes: { Arn: definition.arn } };
  },
});

const version = defineResource({
  properties: z.strictObject({ FunctionName: text, CodeSha256: withoutEffect, Description: withoutEffect }),
  attributes: ['Version', 'FunctionArn'],
  create: ({ FunctionName }, context) => {
    const arn = `${findFunction(FunctionName, context).arn}:1`;
    return { physicalId: arn, attributes: { Version: '1', FunctionArn: arn } };
  },
});

const permission = defineResource({
  properties: z.strictObject({
    FunctionName: text,
    Action: z.enum(['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl']),
    Principal: text,
    SourceArn: text.optional(),
    SourceAccount: text.optional(),
    FunctionUrlAuthType: withoutEffect,
    InvokedViaFunctionUrl: withoutEffect,
  }),
  attributes: ['Id'],
  create: ({ FunctionName, Principal, SourceArn }, context) => {
    const functionArn = findFunction(FunctionName, context).arn;
    const sourceArn = SourceArn === undefined ? {} : { sourceArn: SourceArn };
    context.records.permissions.push({ functionArn, principal: Principal, ...sourceArn });
    const id = context.generateName();
    return { physicalId: id, attributes: { Id: id } };
  },
});

const eventSourceMapping = defineResource({
  properties: z.strictObject({
    EventSourceArn: text.refine(
      (arn) => !arn.startsWith('arn:') || arn.split(':')[2] === 'sqs',
      'only SQS queues',
    ),
    FunctionName: text,
    BatchSize: number.pipe(z.int().min(1).max(10_000)).optional(),
    MaximumBatchingWindowInSeconds: number.pipe(z.int().min(0).max(300)).optional(),
    Enabled: flag.optional(),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).optional(),
    ScalingConfig: z
      .strictObject({ MaximumConcurrency: number.pipe(z.int().min(2).max(1_000)).optional() })
      .optional(),
    Tags: tagList,
  }),
  attributes: ['Id', 'EventSourceMappingArn'],
  create: async (props, context) => {
    const { partition, region, accountId } = context.identity;
    const target = findFunction(props.FunctionName, context);
    const id = crypto.randomUUID();
    const maximumConcurrency = props.ScalingConfig?.MaximumConcurrency;
    const definition: EventSourceDefinition = {
      id,
      functionName: target.name,
      roleArn: target.roleArn,
      queueArn: props.EventSourceArn,
      batchSize: props.BatchSize ?? 10,
      maximumBatchingWindowSeconds: props.MaximumBatchingWindowInSeconds ?? 0,
      reportsBatchItemFailures: (props.FunctionResponseTypes ?? []).length > 0,
      enabled: props.Enabled ?? true,
      ...(maximumConcurrency !== undefined && { maximumConcurrency }),
    };
    checkBatching(definition, context.logicalId);
    await context.hooks.registerEventSource(definition);
    const arn = `arn:${partition}:lambda:${region}:${accountId}:event-source-mapping:${id}`;
    return { physicalId: id, attributes: { Id: id, EventSourceMappingArn: arn } };
  },
});

/** lambda/latest/api/API_CreateEventSourceMapping.html */
function checkBatching(definition: EventSourceDefinition, logicalId: string): void {
  const { queueArn, batchSize, maximumBatchingWindowSeconds } = definition;
  if (queueArn.endsWith('.fifo')) {
    if (batchSize > 10) throw new Error(`${logicalId}: BatchSize of a FIFO queue must be at most 10`);
    if (maximumBatchingWindowSeconds > 0) {
      throw new Error(`${logicalId}: MaximumBatchingWindowInSeconds is not supported for FIFO queues`);
    }
  } else if (batchSize > 10 && maximumBatchingWindowSeconds < 1) {
    throw new Error(
      `${logicalId}: MaximumBatchingWindowInSeconds must be at least 1 if BatchSize is greater than 10`,
    );
  }
}

export function findFunction(nameOrArn: string, { records, logicalId }: ResourceContext): FunctionDefinition {
  const found = [...records.functions.values()].find(
    ({ name, arn }) => name === nameOrArn || arn === nameOrArn,
  );
  if (!found)
    throw new Error(
      `${logicalId}: function ${nameOrArn} is not there yet: define it in this template, or name it in DependsOn`,
    );
  return found;
}

/** Without the permission AWS creates the trigger and then never invokes. */
export function requirePermission(
  functionArn: string,
  principal: string,
  sourceArn: string,
  { records, verifyLater }: ResourceContext,
): void {
  verifyLater(() => {
    const given = records.permissions.some(
      (candidate) =>
        candidate.functionArn === functionArn &&
        candidate.principal === principal &&
        (candidate.sourceArn === undefined || matchesPattern(candidate.sourceArn, sourceArn)),
    );
    if (given) return undefined;
    return `no AWS::Lambda::Permission lets ${principal} invoke ${functionArn} for ${sourceArn}: AWS would never run it`;
  });
}

export const lambdaTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Version': version,
  'AWS::Lambda::Permission': permission,
  'AWS::Lambda::EventSourceMapping': eventSourceMapping,
};
