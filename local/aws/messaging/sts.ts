import { randomUUID } from 'node:crypto';
import type { ApiRequest, AwsIdentity, ServiceHandler } from '../../types';
import { escapeXml } from '../wire/aws-error';
import { findPrincipalId } from '../wire/principal-id';

/** STS: only who the caller is. */
export function createSts({ accountId }: AwsIdentity): ServiceHandler {
  return {
    identify: (request) =>
      actionOf(request) === 'GetCallerIdentity'
        ? { action: 'sts:GetCallerIdentity', resources: ['*'] }
        : undefined,
    handle: async ({ caller }) => ({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body:
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
        `<Arn>${escapeXml(caller.arn)}</Arn><UserId>${escapeXml(findPrincipalId(caller.arn))}</UserId>` +
        `<Account>${accountId}</Account></GetCallerIdentityResult>` +
        `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
    }),
  };
}

function actionOf(request: ApiRequest): string | null {
  return new URLSearchParams(request.body.toString()).get('Action') ?? request.query.get('Action');
}
