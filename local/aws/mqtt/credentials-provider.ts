import type { ApiResponse } from '../../types';
import type { IotRegistry } from '../iot/registry';
import { type DataRequest, decodeSegment, toError, toJson } from './data-operation';

interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Assumes a role for a device; throws if there is no such role, or it does not trust the credentials provider. */
type AssumeRole = (roleArn: string, certificateId: string) => RoleCredentials;

export interface CredentialsProvider {
  readonly assumeRole: AssumeRole;
  readonly now?: () => number;
}

interface CredentialsRequest {
  readonly alias: string;
  readonly origin: { readonly certificateId: string };
  readonly isAllowed: (action: string, resource: string) => boolean;
  readonly request: DataRequest;
}

/** The alias of `GET /role-aliases/ALIAS/credentials`. */
export function parseCredentialsPath({ method, path }: DataRequest): string | undefined {
  const name = /^\/role-aliases\/([^/]+)\/credentials$/.exec(path)?.[1];
  return method === 'GET' && name !== undefined ? decodeSegment(name) : undefined;
}

/**
 * AWS credentials for a certificate ("Authorizing direct calls to AWS services using AWS IoT Core credential provider").
 * Order and words of the refusals are those that awslabs' session helper noted from the service.
 */
export function answerCredentials(
  { assumeRole, now = Date.now }: CredentialsProvider,
  registry: IotRegistry,
  { alias, origin, isAllowed, request }: CredentialsRequest,
): ApiResponse {
  const thingName = request.headers['x-amzn-iot-thingname'];
  const { arns, roleAliases, log } = registry.state;
  const isAttached = registry
    .thingsOfPrincipal(arns.build('cert', origin.certificateId))
    .some(({ thing }) => thing.thingName === thingName);
  if (thingName !== undefined && !isAttached)
    return toError('AccessDeniedException', 403, 'Invalid thing name passed');
  if (!isAllowed('iot:AssumeRoleWithCertificate', `rolealias/${alias}`))
    return toError('AccessDeniedException', 403, 'Access Denied');
  const found = roleAliases.get(alias);
  if (!found) return toError('ResourceNotFoundException', 404, 'Role alias does not exist');
  try {
    const credentials = assumeRole(found.roleArn, origin.certificateId);
    const expiresAt = now() + found.credentialDurationSeconds * 1000;
    return toJson({
      credentials: { ...credentials, expiration: new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z') },
    });
  } catch (error) {
    log.warn('role of an alias not assumed', { alias, roleArn: found.roleArn, reason: String(error) });
    const message = 'Unable to assume the role, or the role to assume does not exist';
    return toError('InvalidRequestException', 400, message);
  }
}
