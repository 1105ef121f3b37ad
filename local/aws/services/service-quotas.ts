import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import { parseJsonObject } from '../wire/json';

const operations = ['ListServiceQuotas', 'ListAWSDefaultServiceQuotas'] as const;
type Operation = (typeof operations)[number];

/** Codes and names of Service Quotas, with the defaults of us-east-1 (docs/facts.md#quotas). */
const iotCore: readonly (readonly [code: string, name: string, value: number])[] = [
  ['L-2904683A', 'AddThingToThingGroup API TPS', 100],
  ['L-2A81A394', 'RemoveThingFromThingGroup API TPS', 100],
  ['L-0EF0F5EE', 'DescribeThing API TPS', 350],
  ['L-75F129AD', 'ListThingGroupsForThing API TPS', 100],
  ['L-FC3EF4D9', 'ListThingPrincipals API TPS', 10],
  ['L-C481616A', 'ListPrincipalThings API TPS', 10],
  ['L-57AAC135', 'ListThings API TPS', 10],
  ['L-CA7D4E3E', 'AttachPolicy API TPS', 15],
  ['L-EC88D510', 'DetachPolicy API TPS', 15],
  ['L-B2DA2A45', 'ListAttachedPolicies API TPS', 15],
  ['L-5CE9072D', 'GetPolicy API TPS', 10],
  ['L-FC864907', 'DescribeCertificate API TPS', 10],
  ['L-77B523DC', 'UpdateCertificate API TPS', 10],
  ['L-AEA1E176', 'Connect requests per second per account', 500],
  ['L-75CAB723', 'Maximum concurrent client connections per account', 500_000],
  ['L-4B33E451', 'Inbound publish requests per second per account', 20_000],
  ['L-FE4EDCF9', 'Outbound publish requests per second per account', 20_000],
  ['L-5E9B88DA', 'Rule evaluations per second per AWS account', 20_000],
];

/** The messages have no applied value until somebody asked for one, so that only the list of defaults has them. */
const withoutAppliedValue = / per (AWS )?account$/;

/** Service Quotas: the quotas of AWS IoT Core that Cordon depends on. They limit nothing here. */
export function createServiceQuotas(identity: AwsIdentity): ServiceHandler {
  return {
    identify: (request) => {
      const operation = operationOf(request);
      return operation && { action: `servicequotas:${operation}`, resources: ['*'] };
    },
    handle: async (request) => {
      const { ServiceCode, MaxResults = 100, NextToken } = parseJsonObject(request.body) ?? {};
      if (typeof ServiceCode !== 'string' || !(Number(MaxResults) >= 1 && Number(MaxResults) <= 100))
        return formatAwsError(request, 400, 'IllegalArgumentException', 'The input is not valid.');
      if (ServiceCode !== 'iotcore')
        return formatAwsError(
          request,
          400,
          'NoSuchResourceException',
          `The request failed because the specified service (${ServiceCode}) does not exist.`,
        );
      const isDefault = operationOf(request) === 'ListAWSDefaultServiceQuotas';
      const found = iotCore.filter(([, name]) => isDefault || !withoutAppliedValue.test(name));
      const start = NextToken === undefined ? 0 : Number(NextToken);
      if (!Number.isInteger(start) || start < 0 || start > found.length)
        return formatAwsError(request, 400, 'InvalidPaginationTokenException', 'Invalid input was provided.');
      const end = start + Number(MaxResults);
      return formatResponse({
        Quotas: found.slice(start, end).map((quota) => describe(quota, identity, isDefault)),
        ...(end < found.length && { NextToken: String(end) }),
      });
    },
  };
}

function describe(
  [code, name, value]: (typeof iotCore)[number],
  { partition, region, accountId }: AwsIdentity,
  isDefault: boolean,
) {
  return {
    ServiceCode: 'iotcore',
    ServiceName: 'AWS IoT Core',
    // A default belongs to no account.
    QuotaArn: `arn:${partition}:servicequotas:${region}:${isDefault ? '' : accountId}:iotcore/${code}`,
    QuotaCode: code,
    QuotaName: name,
    Value: value,
    Unit: 'None',
    Adjustable: true,
    GlobalQuota: false,
  };
}

function formatResponse(body: object): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(body),
  };
}

function operationOf({ headers }: ApiRequest): Operation | undefined {
  return operations.find((name) => headers['x-amz-target'] === `ServiceQuotasV20190624.${name}`);
}
