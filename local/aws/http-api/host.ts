import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiResponse, AwsIdentity, LocalLog } from '../../types';
import type { Registration } from '../gateway/authorize';
import type { InvocationOutcome } from '../lambda/definitions';
import { flattenHeaders, readBody, writeResponse } from '../wire/http-message';
import { formatMessage, readResult } from './answer';
import { authorize } from './authorize';
import { allowOrigin, answerPreflight } from './cors';
import type { HttpApiDefinition, HttpRouteDefinition } from './definitions';
import { buildEvent, type HttpApiRequest } from './event';
import { matchRoute, type RouteMatch } from './match-route';

/** "Payload size: 10 MB" (apigateway/latest/developerguide/http-api-quotas.html). */
const maximumBodyBytes = 10 * 1024 * 1024;

export interface HttpApiHostOptions {
  readonly identity: AwsIdentity;
  readonly invoke: (functionArn: string, event: unknown) => Promise<InvocationOutcome>;
  readonly findCaller: (accessKeyId: string) => Registration | undefined;
  readonly log: LocalLog;
}

export interface HttpApiHost {
  /** Gives the API an endpoint of its own on loopback; its URL. */
  open(definition: HttpApiDefinition): Promise<string>;
  addRoute(route: HttpRouteDefinition): void;
  removeRoute(apiId: string, routeKey: string): void;
  close(): Promise<void>;
}

/** HTTP APIs of API Gateway: each a server that turns requests into invocations. */
export function createHttpApiHost(options: HttpApiHostOptions): HttpApiHost {
  const servers = new Set<Server>();
  let routes: readonly HttpRouteDefinition[] = [];
  return {
    async open(definition) {
      const ownRoutes = () => routes.filter(({ apiId }) => apiId === definition.id);
      const server = createServer((message, response) => {
        answer(message, definition, ownRoutes(), options).then(
          (result) => writeResponse(response, result),
          (error: unknown) => {
            if (!message.socket.destroyed)
              options.log.warn('an API request failed', { error: String(error) });
            response.destroy();
          },
        );
      });
      servers.add(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },

    addRoute: (route) => {
      routes = [...routes, route];
    },

    removeRoute: (apiId, routeKey) => {
      routes = routes.filter((route) => route.apiId !== apiId || route.routeKey !== routeKey);
    },

    async close() {
      await Promise.all(
        [...servers].map((server) => {
          const closed = new Promise((resolve) => server.close(resolve));
          server.closeAllConnections();
          return closed;
        }),
      );
    },
  };
}

async function answer(
  message: IncomingMessage,
  api: HttpApiDefinition,
  routes: readonly HttpRouteDefinition[],
  options: HttpApiHostOptions,
): Promise<ApiResponse> {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const body = await readBody(message, maximumBodyBytes);
  const request: HttpApiRequest = {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    rawQuery: mark < 0 ? '' : target.slice(mark + 1),
    headers: flattenHeaders(message.headers),
    body: body ?? Buffer.alloc(0),
  };
  const preflight = answerPreflight(request, api.cors);
  if (preflight) return preflight;
  const match = matchRoute(routes, request.method, request.path);
  const requestId = crypto.randomUUID();
  const response = !match
    ? formatMessage(404, 'Not Found')
    : body
      ? await answerRoute(request, match, requestId, options)
      : formatMessage(413, 'Request Entity Too Large');
  const { routeKey } = match?.route ?? { routeKey: '-' };
  // The access log of the stage.
  options.log.info(`api ${routeKey}: ${response.status}`, { requestId });
  return {
    ...response,
    headers: {
      ...response.headers,
      ...allowOrigin(request.headers.origin, api.cors),
      'apigw-requestid': requestId,
    },
  };
}

async function answerRoute(
  request: HttpApiRequest,
  { route, pathParameters }: RouteMatch<HttpRouteDefinition>,
  requestId: string,
  options: HttpApiHostOptions,
): Promise<ApiResponse> {
  const { identity, log } = options;
  const authorization = await authorize(route, request, options);
  if ('status' in authorization) {
    const { status, reason } = authorization;
    log.warn(`api ${route.routeKey}: refused, ${reason}`, { requestId });
    if (status === 403) return formatMessage(403, 'Forbidden');
    return formatMessage(401, 'Unauthorized', { 'www-authenticate': 'Bearer' });
  }
  const { apiId, routeKey } = route;
  const { authorizer } = authorization;
  const context = { identity, apiId, routeKey, pathParameters, authorizer, requestId, now: Date.now() };
  return invoke(route, buildEvent(request, context), options);
}

async function invoke(
  { functionArn, timeoutMs }: HttpRouteDefinition,
  event: unknown,
  options: HttpApiHostOptions,
): Promise<ApiResponse> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    const outcome = await Promise.race([options.invoke(functionArn, event), late]);
    return outcome ? readResult(outcome) : formatMessage(503, 'Service Unavailable');
  } catch (error) {
    // Lambda takes 6 MB of event: what base64 adds may take a body of less than 10 MB over that.
    if (error instanceof Error && error.name === 'PayloadTooLargeError')
      return formatMessage(413, 'Request Entity Too Large');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
