import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import * as z from 'zod';
import type { AwsIdentity, LocalLog } from '../../types';
import { findRefusal, type Registration } from '../gateway/authorize';
import { readCredentialScope } from '../gateway/credential-scope';
import { findPrincipalId } from '../wire/principal-id';
import type { HttpRouteDefinition, JwtAuthorizer } from './definitions';
import type { HttpApiRequest } from './event';

export interface AuthorizeContext {
  readonly identity: AwsIdentity;
  /** Whose the access key is. */
  readonly findCaller: (accessKeyId: string) => Registration | undefined;
  readonly log: LocalLog;
}

/** The event's `requestContext.authorizer`, or the reason of the refusal. */
export type Authorization =
  | { readonly authorizer: Readonly<Record<string, unknown>> | undefined }
  | { readonly status: 401 | 403; readonly reason: string };

export async function authorize(
  route: HttpRouteDefinition,
  request: HttpApiRequest,
  context: AuthorizeContext,
): Promise<Authorization> {
  const { authorization } = route;
  switch (authorization.type) {
    case 'NONE':
      return { authorizer: undefined };
    case 'AWS_IAM':
      return authorizeBySignature(route, request, context);
    case 'JWT':
      return authorizeByToken(authorization.authorizer, request, context);
  }
}

/** Like the gateway of the AWS calls: the access key identifies the caller, and the signature is not verified. */
function authorizeBySignature(
  { apiId }: HttpRouteDefinition,
  { method, path, rawQuery, headers }: HttpApiRequest,
  { identity, findCaller }: AuthorizeContext,
): Authorization {
  const scope = readCredentialScope(headers.authorization, new URLSearchParams(rawQuery));
  if (scope?.service !== 'execute-api' || scope.region !== identity.region)
    return { status: 403, reason: `not signed for execute-api in ${identity.region}` };
  const registration = findCaller(scope.accessKeyId);
  if (!registration) return { status: 403, reason: 'an unknown access key' };
  const { partition, region, accountId } = identity;
  const resource = `arn:${partition}:execute-api:${region}:${accountId}:${apiId}/$default/${method}${path}`;
  const refusal = findRefusal(identity, registration, {
    action: 'execute-api:Invoke',
    resources: [resource],
  });
  if (refusal) return { status: 403, reason: refusal.message };
  const { arn, accessKeyId } = registration.caller;
  const userId = findPrincipalId(arn);
  return {
    authorizer: {
      iam: {
        accessKey: accessKeyId,
        accountId,
        callerId: userId,
        cognitoIdentity: null,
        principalOrgId: null,
        userArn: arn,
        userId,
      },
    },
  };
}

/** Key sets by issuer; each fetches its keys when it meets an unknown one. */
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/** "API Gateway currently supports only RSA-based algorithms" (http-api-jwt-authorizer.html). */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

async function authorizeByToken(
  { issuer, audience }: JwtAuthorizer,
  { headers }: HttpApiRequest,
  { log }: AuthorizeContext,
): Promise<Authorization> {
  const token = headers.authorization?.replace(/^Bearer /i, '');
  if (!token) return { status: 401, reason: 'no token' };
  try {
    const keys = keySets.get(issuer) ?? (await findKeys(issuer));
    keySets.set(issuer, keys);
    const { payload } = await jwtVerify(token, keys, { issuer, algorithms });
    if (!isMeantFor(payload, audience)) return { status: 401, reason: 'the token has not a valid audience' };
    if (payload.exp === undefined) return { status: 401, reason: 'the token has no exp' };
    return { authorizer: { jwt: { claims: writeClaims(payload), scopes: null } } };
  } catch (error) {
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout))
      return { status: 401, reason: error.message };
    log.warn(`the keys of the issuer ${issuer} could not be read: every token is refused`, {
      error: String(error),
    });
    return { status: 401, reason: 'the issuer does not answer' };
  }
}

const discovery = z.object({ jwks_uri: z.url() });

async function findKeys(issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'error' });
  return createRemoteJWKSet(new URL(discovery.parse(await answer.json()).jwks_uri));
}

/** `client_id` counts only if there is no `aud`. */
function isMeantFor({ aud, client_id: clientId }: JWTPayload, audience: readonly string[]): boolean {
  return [aud ?? clientId].flat().some((one) => typeof one === 'string' && audience.includes(one));
}

/** Every claim is text, a list as Go prints one (measured on AWS: floci-io/floci, pull request 2011). */
function writeClaims(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : String(value),
    ]),
  );
}
