import type { ApiRequest, IamRequest } from '../../types';

export interface LambdaOperation {
  readonly name:
    | 'InvokeFunction'
    | 'GetFunction'
    | 'GetFunctionConfiguration'
    | 'ListFunctions'
    | 'UpdateFunctionCode'
    | 'GetPolicy'
    | 'ListEventSourceMappings';
  /** Name or ARN; absent for a list. */
  readonly functionName?: string;
  /** The queue of the mappings that are listed. */
  readonly queueArn?: string;
}

/** Undefined for an operation that the local stack does not serve. */
export function findOperation({ method, path, query }: ApiRequest): LambdaOperation | undefined {
  if (method === 'GET' && /^\/2015-03-31\/event-source-mappings\/?$/.test(path)) {
    const functionName = query.get('FunctionName');
    const queueArn = query.get('EventSourceArn');
    return {
      name: 'ListEventSourceMappings',
      ...(functionName && { functionName }),
      ...(queueArn && { queueArn }),
    };
  }
  const [, encodedName, rest = ''] = /^\/2015-03-31\/functions(?:\/([^/]+))?(\/[a-z]+)?\/?$/.exec(path) ?? [];
  if (encodedName === undefined) {
    const isList = method === 'GET' && /^\/2015-03-31\/functions\/?$/.test(path);
    return isList ? { name: 'ListFunctions' } : undefined;
  }
  const functionName = decodeName(encodedName);
  if (functionName === undefined) return undefined;
  switch (`${method} ${rest}`) {
    case 'POST /invocations':
      return { name: 'InvokeFunction', functionName };
    case 'GET ':
      return { name: 'GetFunction', functionName };
    case 'PUT /code':
      return { name: 'UpdateFunctionCode', functionName };
    case 'GET /policy':
      return { name: 'GetPolicy', functionName };
    case 'GET /configuration':
      return { name: 'GetFunctionConfiguration', functionName };
    default:
      return undefined;
  }
}

function decodeName(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** What the caller's role has to allow. */
export function toIamRequest({ name, functionName }: LambdaOperation, prefix: string): IamRequest {
  const action = `lambda:${name}`;
  // IAM has no resource for a list of mappings (service authorization reference).
  if (functionName === undefined || name === 'ListEventSourceMappings') return { action, resources: ['*'] };
  return { action, resources: [functionName.startsWith('arn:') ? functionName : prefix + functionName] };
}
