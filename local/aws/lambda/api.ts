import * as z from 'zod/mini';
import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import type {
  EventSourceDefinition,
  FunctionDefinition,
  InvocationOutcome,
  InvokePermission,
} from './definitions';
import { findOperation, type LambdaOperation, toIamRequest } from './find-operation';
import { type FunctionHost, FunctionNotFoundError, PayloadTooLargeError } from './function';

/** The calls of the Lambda API that tools use on a running stack (lambda/latest/api). */
export function createLambdaApi(
  host: FunctionHost,
  sources: readonly EventSourceDefinition[],
  identity: AwsIdentity,
  permissions: readonly InvokePermission[] = [],
): ServiceHandler {
  const prefix = `arn:${identity.partition}:lambda:${identity.region}:${identity.accountId}:function:`;
  return {
    identify: (request) => {
      const operation = findOperation(request);
      return operation && toIamRequest(operation, prefix);
    },
    handle: async (request) => {
      const operation = findOperation(request);
      if (!operation) return fault(404, 'ResourceNotFoundException', 'The operation is not emulated locally');
      try {
        if (operation.name === 'ListEventSourceMappings') return listSources(operation, sources, prefix);
        return operation.name === 'GetPolicy'
          ? writePolicy(findDefinition(operation.functionName ?? '', host), permissions)
          : await perform(operation, request, host);
      } catch (error) {
        return describeFault(error);
      }
    },
  };
}

async function perform(
  { name, functionName = '' }: LambdaOperation,
  request: ApiRequest,
  host: FunctionHost,
): Promise<ApiResponse> {
  switch (name) {
    case 'InvokeFunction':
      return invoke(functionName, request, host);
    case 'GetFunction': {
      const Code = { RepositoryType: 'S3' };
      return formatResponse({
        Configuration: describe(findDefinition(functionName, host), host),
        Code,
        Tags: {},
      });
    }
    case 'UpdateFunctionCode': {
      findDefinition(functionName, host);
      await host.updateCode(functionName, readZip(request.body));
      return formatResponse(describe(findDefinition(functionName, host), host));
    }
    case 'GetFunctionConfiguration':
      return formatResponse(describe(findDefinition(functionName, host), host));
    default:
      return formatResponse({
        Functions: host.definitions().map((definition) => describe(definition, host)),
      });
  }
}

async function invoke(functionName: string, request: ApiRequest, host: FunctionHost): Promise<ApiResponse> {
  const event: unknown = request.body.length === 0 ? {} : parseEvent(request.body);
  switch (request.headers['x-amz-invocation-type'] ?? 'RequestResponse') {
    case 'Event': {
      const { requestId } = host.enqueue(functionName, event);
      return { status: 202, headers: { 'x-amzn-requestid': requestId } };
    }
    case 'DryRun':
      findDefinition(functionName, host);
      return { status: 204 };
    case 'RequestResponse':
      return toInvocationResponse(await host.invoke(functionName, event));
    default:
      return fault(
        400,
        'InvalidParameterValueException',
        'Invocation type must be RequestResponse, Event or DryRun',
      );
  }
}

function toInvocationResponse(outcome: InvocationOutcome): ApiResponse {
  const headers = {
    'content-type': 'application/json',
    'x-amzn-requestid': outcome.requestId,
    'x-amz-executed-version': '$LATEST',
  };
  if (outcome.status === 'succeeded') return { status: 200, headers, body: outcome.payload };
  return {
    status: 200,
    headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
    body: JSON.stringify(outcome.error),
  };
}

const codeSchema = z.object({ ZipFile: z.base64() });

/** Reads the package of an UpdateFunctionCode: only one in the request, not in S3 or ECR, which are not emulated. */
function readZip(body: Buffer): Buffer {
  const { success, data } = codeSchema.safeParse(parseEvent(body));
  const zip = Buffer.from(data?.ZipFile ?? '', 'base64');
  if (!success || zip.subarray(0, 2).toString('latin1') !== 'PK') throw new InvalidZipError();
  return zip;
}

class InvalidZipError extends Error {
  constructor() {
    super('Could not unzip uploaded file. Please check your file, then try to upload again.');
    this.name = 'InvalidZipError';
  }
}

class InvalidRequestContentError extends Error {
  constructor() {
    super('Could not parse request body into json');
    this.name = 'InvalidRequestContentError';
  }
}

function parseEvent(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new InvalidRequestContentError();
  }
}

function findDefinition(nameOrArn: string, host: FunctionHost): FunctionDefinition {
  const found = host.definitions().find(({ name, arn }) => name === nameOrArn || arn === nameOrArn);
  if (!found) throw new FunctionNotFoundError(nameOrArn);
  return found;
}

/** The policy of the function; without a permission Lambda knows none. */
function writePolicy({ arn }: FunctionDefinition, permissions: readonly InvokePermission[]): ApiResponse {
  const own = permissions.filter(({ functionArn }) => functionArn === arn);
  if (own.length === 0)
    return fault(404, 'ResourceNotFoundException', 'The resource you requested does not exist.');
  const Statement = own.map(({ principal, sourceArn }, index) => ({
    Sid: `permission-${index}`,
    Effect: 'Allow',
    Principal: { Service: principal },
    Action: 'lambda:InvokeFunction',
    Resource: arn,
    ...(sourceArn !== undefined && { Condition: { ArnLike: { 'AWS:SourceArn': sourceArn } } }),
  }));
  return formatResponse({
    Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement }),
    RevisionId: '1',
  });
}

function listSources(
  { functionName, queueArn }: LambdaOperation,
  sources: readonly EventSourceDefinition[],
  prefix: string,
): ApiResponse {
  const wanted = sources.filter(
    (source) =>
      (functionName === undefined || functionName.split(':').at(-1) === source.functionName) &&
      (queueArn === undefined || queueArn === source.queueArn),
  );
  return formatResponse({
    EventSourceMappings: wanted.map((source) => ({
      UUID: source.id,
      FunctionArn: `${prefix}${source.functionName}`,
      EventSourceArn: source.queueArn,
      BatchSize: source.batchSize,
      FunctionResponseTypes: source.reportsBatchItemFailures ? ['ReportBatchItemFailures'] : [],
      ...(source.maximumConcurrency !== undefined && {
        ScalingConfig: { MaximumConcurrency: source.maximumConcurrency },
      }),
      State: source.enabled ? 'Enabled' : 'Disabled',
    })),
  });
}

/** Leaves out the environment's values: they may hold what a template passed as NoEcho. */
function describe(definition: FunctionDefinition, host: FunctionHost): Record<string, unknown> {
  const CodeSha256 = host.codeSha256(definition.name);
  return {
    FunctionName: definition.name,
    FunctionArn: definition.arn,
    Role: definition.roleArn,
    Handler: definition.handler,
    Runtime: definition.runtime,
    MemorySize: definition.memoryMb,
    Timeout: definition.timeoutSeconds,
    Version: '$LATEST',
    State: 'Active',
    LastUpdateStatus: 'Successful',
    ...(CodeSha256 !== undefined && { CodeSha256 }),
    PackageType: 'Zip',
    LoggingConfig: { LogFormat: 'Text', LogGroup: definition.logGroupName },
  };
}

function formatResponse(value: unknown): ApiResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

function describeFault(error: unknown): ApiResponse {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof FunctionNotFoundError) return fault(404, 'ResourceNotFoundException', message);
  if (error instanceof InvalidRequestContentError)
    return fault(400, 'InvalidRequestContentException', message);
  if (error instanceof InvalidZipError) return fault(400, 'InvalidParameterValueException', message);
  if (error instanceof PayloadTooLargeError) return fault(413, 'RequestTooLargeException', message);
  return fault(500, 'ServiceException', message);
}

function fault(status: number, type: string, Message: string): ApiResponse {
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': type };
  return { status, headers, body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message }) };
}
