import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import type { Descriptions } from './descriptions';

/** The parts of `/v2/apis/{api}/{part}/{id}`. */
interface Place {
  readonly apiId: string;
  readonly part?: string;
  readonly id?: string;
}

/** API Gateway: the parts of the stack's HTTP APIs, and the end of a route. `forget` stops one that is served. */
export function createApiGateway(
  { partition, region }: AwsIdentity,
  descriptions: Descriptions,
  forget: (apiId: string, routeKey: string) => void,
): ServiceHandler {
  return {
    identify: ({ method, path }) => {
      const isKnown = findPlace(path) !== undefined && isEmulated(method, findPlace(path));
      // The management API has an action for each HTTP method (service authorization reference, API Gateway Management V2).
      const resources = [`arn:${partition}:apigateway:${region}::${path.replace(/^\/v2/, '')}`];
      return isKnown ? { action: `apigateway:${method}`, resources } : undefined;
    },
    handle: async (request) => {
      const { apiId, part, id } = findPlace(request.path) ?? { apiId: '' };
      const api = descriptions.find('apis', apiId);
      if (!api) return notFound(request, 'API', apiId);
      if (part === undefined) return formatResponse(200, api);
      const kind = `apis/${apiId}/${part}`;
      if (id === undefined) return formatResponse(200, { items: descriptions.list(kind) });
      const { routeKey } = (descriptions.find(kind, id) ?? {}) as { readonly routeKey?: string };
      if (routeKey === undefined || !descriptions.remove(kind, id)) return notFound(request, 'Route', id);
      forget(apiId, routeKey);
      return { status: 204 };
    },
  };
}

function findPlace(path: string): Place | undefined {
  const [, apiId, part, id] =
    /^\/v2\/apis\/([a-z0-9]+)(?:\/(routes|authorizers|integrations|stages)(?:\/([\w$-]+))?)?$/.exec(path) ??
    [];
  return apiId === undefined ? undefined : { apiId, ...(part && { part }), ...(id && { id }) };
}

function isEmulated(method: string, place: Place | undefined): boolean {
  return method === 'GET'
    ? place?.id === undefined
    : method === 'DELETE' && place?.part === 'routes' && !!place.id;
}

function notFound(request: ApiRequest, what: string, id: string): ApiResponse {
  return formatAwsError(request, 404, 'NotFoundException', `Invalid ${what} identifier specified ${id}`);
}

function formatResponse(status: number, body: object): ApiResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
