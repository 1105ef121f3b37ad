import { apiGatewayTypes } from './api-gateway';
import { customResource } from './custom-resource';
import { deviceDefenderTypes } from './device-defender';
import { dynamodbTypes } from './dynamodb';
import { eventsTypes } from './events';
import { iamTypes } from './iam';
import { iotTypes } from './iot';
import { lambdaTypes } from './lambda';
import { passiveTypes } from './passive';
import type { ResourceType } from './resource-type';
import { snsTypes } from './sns';
import { sqsTypes } from './sqs';
import { ssmTypes } from './ssm';

const types: ReadonlyMap<string, ResourceType> = new Map(
  Object.entries({
    ...apiGatewayTypes,
    ...dynamodbTypes,
    ...eventsTypes,
    ...iamTypes,
    ...iotTypes,
    ...deviceDefenderTypes,
    ...lambdaTypes,
    ...passiveTypes,
    ...snsTypes,
    ...sqsTypes,
    ...ssmTypes,
    'AWS::CloudFormation::CustomResource': customResource,
  }),
);

export function findResourceType(type: string): ResourceType | undefined {
  return types.get(type) ?? (/^Custom::[\w@-]{1,60}$/.test(type) ? customResource : undefined);
}
