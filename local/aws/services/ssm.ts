import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import { parseJsonObject } from '../wire/json';

interface Parameter {
  readonly value: string;
  readonly type: string;
  readonly version: number;
  readonly modifiedAt: number;
}

export interface ParameterStore {
  readonly handler: ServiceHandler;
  put(name: string, value: string, type?: string): void;
  /** Those whose name ends so, with their values. */
  list(ending: string): readonly (readonly [name: string, value: string])[];
}

const operations = new Set(['GetParameter', 'GetParameters', 'PutParameter', 'DeleteParameter']);

/** Under this prefix, Parameter Store serves the secrets of Secrets Manager to a caller who may read both. */
const secretsPath = '/aws/reference/secretsmanager/';

/** SSM parameters in memory. SecureString is taken and given back in the clear: there is no KMS here. */
export function createParameterStore(identity: AwsIdentity): ParameterStore {
  const parameters = new Map<string, Parameter>();
  const put = (name: string, value: string, type = 'String') => {
    const version = (parameters.get(name)?.version ?? 0) + 1;
    parameters.set(name, { value, type, version, modifiedAt: Date.now() });
    return version;
  };
  const arnOf = (name: string) => {
    const { partition, region, accountId } = identity;
    return `arn:${partition}:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
  };
  const secretArnOf = (name: string) => {
    const { partition, region, accountId } = identity;
    return `arn:${partition}:secretsmanager:${region}:${accountId}:secret:${name.slice(secretsPath.length)}-AbCdEf`;
  };
  const describe = (name: string, { value, type, version, modifiedAt }: Parameter) => ({
    Name: name,
    Type: type,
    Value: value,
    Version: version,
    LastModifiedDate: modifiedAt / 1000,
    ARN: arnOf(name),
    DataType: 'text',
  });

  function handle(request: ApiRequest): ApiResponse {
    const body = parseJsonObject(request.body) ?? {};
    const fault = operationOf(request) === 'PutParameter' ? findFault(body) : findNameFault(body);
    if (fault) return formatAwsError(request, 400, 'ValidationException', fault);
    const [name = ''] = namesOf(body);
    const present = parameters.get(name);
    switch (operationOf(request)) {
      case 'GetParameter':
        return present ? reply({ Parameter: describe(name, present) }) : notFound(request, name);
      case 'GetParameters': {
        const found = namesOf(body).flatMap((one) => {
          const parameter = parameters.get(one);
          return parameter ? [describe(one, parameter)] : [];
        });
        const missing = namesOf(body).filter((one) => !parameters.has(one));
        return reply({ Parameters: found, InvalidParameters: missing });
      }
      case 'DeleteParameter':
        return parameters.delete(name) ? reply({}) : notFound(request, name);
      default: {
        if (body.Overwrite === true && body.Tags !== undefined) {
          const text = "Invalid request: tags and overwrite can't be used together.";
          return formatAwsError(request, 400, 'ValidationException', text);
        }
        if (present && body.Overwrite !== true) {
          const text = 'The parameter already exists. To overwrite this value, set the overwrite option.';
          return formatAwsError(request, 400, 'ParameterAlreadyExists', text);
        }
        const type = typeof body.Type === 'string' ? body.Type : present?.type;
        if (type === undefined) {
          const text = 'A parameter type is required when you create a parameter.';
          return formatAwsError(request, 400, 'ValidationException', text);
        }
        if (present && type !== present.type) {
          const text =
            "Parameter Store doesn't support changing a parameter type. You must create a new, unique parameter.";
          return formatAwsError(request, 400, 'HierarchyTypeMismatchException', text);
        }
        return reply({ Version: put(name, String(body.Value), type), Tier: 'Standard' });
      }
    }
  }

  return {
    put: (name, value, type) => void put(name, value, type),
    list: (ending) =>
      [...parameters].flatMap(([name, { value }]) => (name.endsWith(ending) ? [[name, value] as const] : [])),
    handler: {
      identify(request) {
        const operation = operationOf(request);
        if (operation === undefined) return undefined;
        const names = namesOf(parseJsonObject(request.body) ?? {});
        const secrets = names.filter((name) => name.startsWith(secretsPath));
        return {
          action: `ssm:${operation}`,
          resources: names.map(arnOf),
          ...(secrets.length > 0 && {
            alsoAsks: { action: 'secretsmanager:GetSecretValue', resources: secrets.map(secretArnOf) },
          }),
        };
      },
      handle: async (request) => handle(request),
    },
  };
}

const types: readonly unknown[] = [undefined, 'String', 'StringList', 'SecureString'];
/** The largest value of a standard parameter. */
const maxValueBytes = 4_096;
const maxLevels = 15;
const maxNames = 10;
const maxNameLength = 2_048;

/** The fault of a parameter (API reference, PutParameter). */
function findFault({
  Name: name,
  Value: value,
  Type: type,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof name !== 'string' || !/^(\/[\w.-]+)+$|^[\w.-]+$/.test(name))
    return 'Parameter name must be a fully qualified name: only a mix of letters, numbers and . - _ between slashes';
  if (/^\/?(aws|ssm)/i.test(name)) return 'Parameter name can not be prefixed with "aws" or "ssm".';
  if (name.split('/').length - 1 > maxLevels)
    return `Parameter hierarchies are limited to ${maxLevels} levels.`;
  if (typeof value !== 'string' || value === '') return 'Value is needed.';
  if (Buffer.byteLength(value) > maxValueBytes)
    return `Standard tier parameters support a maximum parameter value of ${maxValueBytes} characters.`;
  if (/\{\{.*\}\}/s.test(value))
    return 'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.';
  return types.includes(type) ? undefined : `Parameter type ${JSON.stringify(type)} is not valid.`;
}

/** The fault of the names of parameters to read or delete (API reference, GetParameter, GetParameters). */
function findNameFault({ Name, Names = [Name] }: Readonly<Record<string, unknown>>): string | undefined {
  if (!Array.isArray(Names) || Names.length < 1 || Names.length > maxNames)
    return `Names must have 1 to ${maxNames} names.`;
  return Names.every((name) => typeof name === 'string' && name.length >= 1 && name.length <= maxNameLength)
    ? undefined
    : `A name must be a text of 1 to ${maxNameLength} characters.`;
}

function operationOf({ headers }: ApiRequest): string | undefined {
  const operation = /^AmazonSSM\.(\w+)$/.exec(headers['x-amz-target'] ?? '')?.[1];
  return operation !== undefined && operations.has(operation) ? operation : undefined;
}

function namesOf(body: Record<string, unknown>): string[] {
  const names: unknown[] = Array.isArray(body.Names) ? body.Names : [body.Name];
  return names.filter((name) => typeof name === 'string');
}

function notFound(request: ApiRequest, name: string): ApiResponse {
  return formatAwsError(request, 400, 'ParameterNotFound', `Parameter ${name} not found.`);
}

function reply(body: object): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(body),
  };
}
