import type { ApiRequest, ApiResponse, IamRequest, ServiceHandler } from '../../types';
import { awsError } from '../wire/aws-error';
import { IotServiceError, invalid } from './errors';
import { indexRoutes, type RouteMatch } from './find-route';
import { checkInput } from './input-rules';
import { accountRoutes } from './operations/account';
import { auditRoutes } from './operations/audits';
import { authorizationRoutes } from './operations/authorization';
import { type CertificateIssuer, certificateRoutes } from './operations/certificates';
import { customMetricRoutes } from './operations/custom-metrics';
import { jobRoutes } from './operations/jobs';
import { mitigationActionRoutes } from './operations/mitigation-actions';
import { mitigationTaskRoutes } from './operations/mitigation-tasks';
import { policyRoutes } from './operations/policies';
import { provisioningTemplateRoutes } from './operations/provisioning-templates';
import { roleAliasRoutes } from './operations/role-aliases';
import type { IotCall, IotRoute } from './operations/route';
import { scheduledAuditRoutes } from './operations/scheduled-audits';
import { securityProfileRoutes } from './operations/security-profiles';
import { thingGroupRoutes } from './operations/thing-groups';
import { thingTypeRoutes } from './operations/thing-types';
import { thingRoutes } from './operations/things';
import { topicRuleRoutes } from './operations/topic-rules';
import { violationRoutes } from './operations/violations';
import type { IotRegistry } from './registry';
import { nameIotOperation } from './service-model';

export interface IotControlPlaneOptions {
  /** CreateKeysAndCertificate and CreateCertificateFromCsr are refused without it. */
  readonly issuer?: CertificateIssuer;
}

function decodeLabel(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalid(`The path value of ${name} is not percent-encoded UTF-8.`);
  }
}

/** AWS treats null as absent; a reviver that returns undefined drops the member. */
function readJson(body: Buffer): unknown {
  const text = body.toString('utf8');
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text, (_key, value: unknown) => (value === null ? undefined : value));
  } catch {
    throw invalid('The request body is not JSON.');
  }
}

function readCall({ labels }: RouteMatch<IotRoute>, request: ApiRequest): IotCall {
  const params = Object.entries(labels).map(([name, value]) => [name, decodeLabel(name, value)]);
  return {
    params: Object.fromEntries(params) as Record<string, string>,
    query: request.query,
    headers: request.headers,
    body: readJson(request.body),
  };
}

/**
 * The resources about which IAM is asked. A request that does not name its resources needs a right to all of them; it
 * will be refused anyway.
 */
function identify(match: RouteMatch<IotRoute>, request: ApiRequest): IamRequest {
  const action = `iot:${match.route.operation}`;
  try {
    const resources = match.route.resources?.(readCall(match, request)) ?? [];
    return { action, resources: resources.length > 0 ? resources : ['*'] };
  } catch (error) {
    if (error instanceof IotServiceError) return { action, resources: ['*'] };
    throw error;
  }
}

function toErrorResponse(error: IotServiceError): ApiResponse {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-ErrorType': error.name },
    body: JSON.stringify({ message: error.message, ...error.fields }),
  };
}

async function perform(match: RouteMatch<IotRoute>, request: ApiRequest): Promise<ApiResponse> {
  try {
    const call = readCall(match, request);
    checkInput(match.route.operation, call);
    const result = await match.route.run(call);
    const body = result === undefined ? '' : JSON.stringify(result);
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  } catch (error) {
    if (error instanceof IotServiceError) return toErrorResponse(error);
    throw error;
  }
}

/** The emulated operations of the control plane; docs/local-stack.md lists them. */
export function iotRoutes(registry: IotRegistry, issuer?: CertificateIssuer): readonly IotRoute[] {
  return [
    ...thingRoutes(registry),
    ...thingTypeRoutes(registry),
    ...thingGroupRoutes(registry),
    ...certificateRoutes(registry, issuer),
    ...policyRoutes(registry),
    ...provisioningTemplateRoutes(registry),
    ...roleAliasRoutes(registry),
    ...authorizationRoutes(registry),
    ...topicRuleRoutes(registry),
    ...customMetricRoutes(registry),
    ...securityProfileRoutes(registry),
    ...violationRoutes(registry),
    ...auditRoutes(registry),
    ...scheduledAuditRoutes(registry),
    ...mitigationActionRoutes(registry),
    ...mitigationTaskRoutes(registry),
    ...jobRoutes(registry),
    ...accountRoutes(registry),
  ];
}

/** The control plane of AWS IoT over a registry: REST JSON with AWS's paths, statuses and error names. */
export function createIotControlPlane(
  registry: IotRegistry,
  options: IotControlPlaneOptions = {},
): ServiceHandler {
  const findRoute = indexRoutes(iotRoutes(registry, options.issuer));
  /** A request is asked about twice: for IAM, and to be performed. */
  const found = new WeakMap<ApiRequest, RouteMatch<IotRoute> | undefined>();
  const find = (request: ApiRequest) => {
    if (!found.has(request)) found.set(request, findRoute(request));
    return found.get(request);
  };
  return {
    identify(request) {
      const match = find(request);
      return match && identify(match, request);
    },
    nameOperation: nameIotOperation,
    async handle(request) {
      const match = find(request);
      return match ? perform(match, request) : awsError(request, 'unknown-operation', 'Not emulated');
    },
  };
}
