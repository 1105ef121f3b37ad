import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import { parseJsonObject } from '../wire/json';
import type { Descriptions } from './descriptions';

const operations = ['DescribeLogGroups', 'PutRetentionPolicy', 'DeleteLogGroup'] as const;

/** CloudWatch Logs: the log groups of the stack. Nothing is logged to them here. */
export function createLogs(
  { partition, region, accountId }: AwsIdentity,
  descriptions: Descriptions,
): ServiceHandler {
  const arnOf = (name: string) => `arn:${partition}:logs:${region}:${accountId}:log-group:${name}`;
  return {
    identify: (request) => {
      const operation = operationOf(request);
      const { logGroupName } = parseJsonObject(request.body) ?? {};
      // A list is asked of no group: AWS names this resource when it refuses one.
      const resource = operation === 'DescribeLogGroups' ? ':log-stream:' : `${logGroupName}:*`;
      return operation && { action: `logs:${operation}`, resources: [arnOf(resource)] };
    },
    handle: async (request) => {
      const body = parseJsonObject(request.body) ?? {};
      const name = String(body.logGroupName ?? '');
      const found = descriptions.find('log-groups', name);
      switch (operationOf(request)) {
        case 'DescribeLogGroups':
          return listGroups(request, descriptions, body);
        case 'PutRetentionPolicy':
          if (!found) return notFound(request);
          descriptions.put('log-groups', name, { ...found, retentionInDays: body.retentionInDays });
          return formatResponse({});
        default:
          return descriptions.remove('log-groups', name) ? formatResponse({}) : notFound(request);
      }
    },
  };
}

/** At most 50 at once (CloudWatch Logs API reference, DescribeLogGroups). */
function listGroups(
  request: ApiRequest,
  descriptions: Descriptions,
  { logGroupNamePrefix = '', nextToken, limit = 50 }: Readonly<Record<string, unknown>>,
): ApiResponse {
  const [start, size] = [Number(nextToken ?? 0), Number(limit)];
  if (!Number.isInteger(start) || !(size >= 1 && size <= 50))
    return formatAwsError(request, 400, 'InvalidParameterException', 'The input is not valid.');
  const names = descriptions.list('log-groups') as readonly { readonly logGroupName: string }[];
  const found = names.filter(({ logGroupName }) => logGroupName.startsWith(String(logGroupNamePrefix)));
  const end = start + size;
  return formatResponse({
    logGroups: found.slice(start, end),
    ...(end < found.length && { nextToken: String(end) }),
  });
}

function operationOf({ headers }: ApiRequest): (typeof operations)[number] | undefined {
  return operations.find((name) => headers['x-amz-target'] === `Logs_20140328.${name}`);
}

function notFound(request: ApiRequest): ApiResponse {
  return formatAwsError(request, 400, 'ResourceNotFoundException', 'The specified log group does not exist.');
}

function formatResponse(body: object): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(body),
  };
}
