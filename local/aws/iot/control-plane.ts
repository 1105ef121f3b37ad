import type { ApiRequest, ApiResponse, IamRequest, ServiceHandler } from '../../types';
import { IotServiceError, invalid } from './errors';
import { accountRoutes } from './operations/account';
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
import { securityProfileRoutes } from './operations/security-profiles';
import { thingGroupRoutes } from './operations/thing-groups';
import { thingTypeRoutes } from './operations/thing-types';
import { thingRoutes } from './operations/things';
import { topicRuleRoutes } from './operations/topic-rules';
import { violationRoutes } from './operations/violations';
import type { IotRegistry } from './registry';

export interface IotControlPlaneOptions {
  /** Without it CreateKeysAndCertificate and CreateCertificateFromCsr are refused. */
  readonly issuer?: CertificateIssuer;
}

interface RouteMatch {
  readonly route: IotRoute;
  /** Still percent-encoded. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Gives the route of a request, looking only at those with as many segments. */
type RouteFinder = (request: ApiRequest) => RouteMatch | undefined;

function indexRoutes(routes: readonly IotRoute[]): RouteFinder {
  const shapeOf = (method: string, segments: readonly string[]) => `${method} ${segments.length}`;
  const split = routes.map((route) => ({ route, segments: route.path.split('/') }));
  const byShape = Map.groupBy(split, ({ route, segments }) => shapeOf(route.method, segments));
  /** A request is asked about twice: for IAM, and to be performed. */
  const found = new WeakMap<ApiRequest, RouteMatch | undefined>();
  return (request) => {
    if (found.has(request)) return found.get(request);
    const actual = request.path.split('/');
    let match: RouteMatch | undefined;
    for (const { route, segments } of byShape.get(shapeOf(request.method, actual)) ?? []) {
      const labels = bindPath(segments, actual);
      if (!labels) continue;
      match = { route, labels };
      break;
    }
    found.set(request, match);
    return match;
  };
}

/** Binds the labels of a route's path to the segments of a request's, or undefined where they differ. */
function bindPath(
  wanted: readonly string[],
  actual: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const labels: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = actual[index] ?? '';
    if (part.startsWith('{')) {
      if (segment === '') return undefined;
      labels[part.slice(1, -1)] = segment;
    } else if (part !== segment) {
      return undefined;
    }
  }
  return labels;
}

function decodeLabel(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalid(`The path value of ${name} is not percent-encoded UTF-8.`);
  }
}

/** AWS takes null for absent; a reviver that gives undefined drops the member. */
function readJson(body: Buffer): unknown {
  const text = body.toString('utf8');
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text, (_key, value: unknown) => (value === null ? undefined : value));
  } catch {
    throw invalid('The request body is not JSON.');
  }
}

function readCall({ labels }: RouteMatch, request: ApiRequest): IotCall {
  const params = Object.entries(labels).map(([name, value]) => [name, decodeLabel(name, value)]);
  return {
    params: Object.fromEntries(params) as Record<string, string>,
    query: request.query,
    headers: request.headers,
    body: readJson(request.body),
  };
}

/** What IAM is asked. A request too broken to name its resources needs leave for all: it will be refused anyway. */
function identify(match: RouteMatch, request: ApiRequest): IamRequest {
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

async function perform(match: RouteMatch, request: ApiRequest): Promise<ApiResponse> {
  try {
    const result = await match.route.run(readCall(match, request));
    const body = result === undefined ? '' : JSON.stringify(result);
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  } catch (error) {
    if (error instanceof IotServiceError) return toErrorResponse(error);
    throw error;
  }
}

/** The control plane of AWS IoT over a registry: REST JSON with AWS's paths, statuses and error names. */
export function createIotControlPlane(
  registry: IotRegistry,
  options: IotControlPlaneOptions = {},
): ServiceHandler {
  const findRoute = indexRoutes([
    ...thingRoutes(registry),
    ...thingTypeRoutes(registry),
    ...thingGroupRoutes(registry),
    ...certificateRoutes(registry, options.issuer),
    ...policyRoutes(registry),
    ...provisioningTemplateRoutes(registry),
    ...roleAliasRoutes(registry),
    ...authorizationRoutes(registry),
    ...topicRuleRoutes(registry),
    ...customMetricRoutes(registry),
    ...securityProfileRoutes(registry),
    ...violationRoutes(registry),
    ...mitigationActionRoutes(registry),
    ...mitigationTaskRoutes(registry),
    ...jobRoutes(registry),
    ...accountRoutes(registry),
  ]);
  return {
    identify(request) {
      const match = findRoute(request);
      return match && identify(match, request);
    },
    async handle(request) {
      const match = findRoute(request);
      if (match) return perform(match, request);
      registry.state.log.warn('iot operation not emulated', { method: request.method, path: request.path });
      return {
        status: 404,
        headers: { 'content-type': 'application/json', 'x-amzn-ErrorType': 'UnknownOperationException' },
        body: JSON.stringify({ message: `${request.method} ${request.path} is not emulated.` }),
      };
    },
  };
}
