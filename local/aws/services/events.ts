import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import type { Scheduler } from '../lambda/schedule';
import { formatAwsError } from '../wire/aws-error';
import { parseJsonObject } from '../wire/json';
import type { LocalEventBus, PatternRule } from './event-bus';

const operations = ['DescribeRule', 'ListTargetsByRule'] as const;

/** EventBridge: the schedules and pattern rules of the stack, and the buses beside them. */
export function createEvents(
  { partition, region, accountId }: AwsIdentity,
  schedules: () => Pick<Scheduler, 'find'> | undefined,
  bus: Pick<LocalEventBus, 'handler' | 'findRule'>,
): ServiceHandler {
  return {
    identify: (request) => {
      const operation = operationOf(request);
      if (!operation) return bus.handler.identify(request);
      const arn = `arn:${partition}:events:${region}:${accountId}:rule/${nameOf(request)}`;
      return { action: `events:${operation}`, resources: [arn] };
    },
    handle: async (request) => {
      if (!operationOf(request)) return bus.handler.handle(request);
      const name = nameOf(request);
      const isDescribed = operationOf(request) === 'DescribeRule';
      const ofPattern = bus.findRule(name);
      if (ofPattern)
        return formatResponse(isDescribed ? describePattern(ofPattern) : { Targets: ofPattern.targets });
      const found = schedules()?.find(name);
      if (found?.service !== 'events')
        return formatAwsError(request, 400, 'ResourceNotFoundException', `Rule ${name} does not exist.`);
      const { arn, expression, enabled, functionName } = found;
      const functionArn = `arn:${partition}:lambda:${region}:${accountId}:function:${functionName}`;
      return formatResponse(
        isDescribed
          ? {
              ...{ Name: name, Arn: arn, ScheduleExpression: expression, EventBusName: 'default' },
              State: enabled ? 'ENABLED' : 'DISABLED',
            }
          : { Targets: [{ Id: name, Arn: functionArn }] },
      );
    },
  };
}

function describePattern({ name, arn, pattern, enabled }: PatternRule) {
  return {
    ...{ Name: name, Arn: arn, EventPattern: JSON.stringify(pattern), EventBusName: 'default' },
    State: enabled ? 'ENABLED' : 'DISABLED',
  };
}

function formatResponse(body: object): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(body),
  };
}

function operationOf({ headers }: ApiRequest): (typeof operations)[number] | undefined {
  return operations.find((name) => headers['x-amz-target'] === `AWSEvents.${name}`);
}

function nameOf({ body }: ApiRequest): string {
  const { Name, Rule } = parseJsonObject(body) ?? {};
  return String(Name ?? Rule ?? '');
}
