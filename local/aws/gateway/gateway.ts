import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiRequest, ApiResponse, AwsIdentity, LocalLog, ServiceHandler } from '../../types';
import { validateIamDocument } from '../policy/iam';
import { awsError } from '../wire/aws-error';
import { flattenHeaders, readBody, writeResponse } from '../wire/http-message';
import {
  findRoute,
  isLocalPath,
  jsonResponse,
  type LocalRequest,
  type LocalRoutes,
  refusalOf,
} from '../wire/local-routes';
import type { Registration } from './authorize';
import { type CallRecorder, createCallRecorder } from './call-recorder';
import { readCredentialScope } from './credential-scope';
import { type Answer, type DispatchContext, dispatch } from './dispatch';
import { createFaultInjector, type FaultRule } from './faults';
import { gatewayRoutes } from './gateway-routes';

/** Above the largest request of any emulated service: Lambda accepts 6 MB in one invocation. */
const maximumBodyBytes = 8 * 1024 * 1024;

export interface GatewayOptions {
  readonly identity: AwsIdentity;
  /** 0 takes a free port. */
  readonly port: number;
  readonly host?: string;
  /** The services by their name in the credential scope of SigV4: `iot`, `iotdata`, `sqs`. */
  readonly services: Readonly<Record<string, ServiceHandler>>;
  readonly routes?: LocalRoutes;
  readonly log: LocalLog;
  /** Decides which faults fire; give a seeded one to repeat a run. */
  readonly random?: () => number;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Method and path; by default `POST /`, as most services want it. */
type InsideCall = Pick<ApiRequest, 'service' | 'headers' | 'body'> &
  Partial<Pick<ApiRequest, 'method' | 'path' | 'query'>>;

export interface Gateway {
  readonly url: string;
  /** Throws if a document holds something the gateway cannot enforce. */
  registerCaller(accessKeyId: string, registration: Registration): void;
  findCaller(accessKeyId: string): Registration | undefined;
  readonly operatorCredentials: Credentials;
  setFaults(rules: readonly FaultRule[], seed?: number): void;
  readonly calls: CallRecorder;
  /** A call from inside this process: the rights and faults of its caller are those of any other. */
  call(accessKeyId: string, call: InsideCall): Promise<Answer>;
  /** Answers a request that came in by another server. */
  serve(message: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

interface GatewayState extends DispatchContext {
  readonly callers: Map<string, Registration>;
  readonly routes: LocalRoutes;
}

/** One endpoint for every AWS call, which it gives to the service of the SigV4 credential scope. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { identity, services, log, host = '127.0.0.1' } = options;
  const calls = createCallRecorder();
  const faults = createFaultInjector(options.random);
  const stop = new AbortController();
  const callers = new Map<string, Registration>();
  const operatorCredentials = registerOperator(callers, identity);
  const routes = { ...gatewayRoutes(calls, faults), ...options.routes };
  const state = { identity, services, log, calls, faults, callers, routes, signal: stop.signal };
  const server = createGatewayServer(state);
  const { port } = await listen(server, options.port, host);
  return {
    url: `http://${host}:${port}`,
    operatorCredentials,
    calls,
    findCaller: (accessKeyId) => callers.get(accessKeyId),
    async call(accessKeyId, call) {
      const registration = callers.get(accessKeyId);
      if (!registration) throw new Error(`no caller has the access key ${accessKeyId}`);
      const { caller } = registration;
      const request = { method: 'POST', path: '/', query: new URLSearchParams(), ...call, caller };
      return await dispatch(state, registration, request);
    },
    serve: (message, response) => serve(state, message, response),
    setFaults: (rules, seed) => faults.setFaults(rules, seed),
    registerCaller(accessKeyId, registration) {
      const problems = [...registration.documents, registration.boundary ?? []]
        .flat()
        .flatMap(validateIamDocument);
      if (problems.length > 0) throw new IamDocumentError(registration.caller.arn, problems);
      callers.set(accessKeyId, registration);
    },
    close: () =>
      new Promise((resolve) => {
        stop.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A role has statements that the gateway cannot enforce as IAM would. */
class IamDocumentError extends Error {
  readonly problems: readonly string[];

  constructor(arn: string, problems: readonly string[]) {
    super(`The policies of ${arn} cannot be enforced locally: ${problems.join('; ')}`);
    this.name = 'IamDocumentError';
    this.problems = problems;
  }
}

function createGatewayServer(state: GatewayState): Server {
  const server = createServer((message, response) => serve(state, message, response));
  // Clients keep connections open; closing an idle one would race with their next request.
  server.keepAliveTimeout = 0;
  return server;
}

function serve(state: GatewayState, message: IncomingMessage, response: ServerResponse): void {
  response.setHeader('x-amzn-requestid', randomUUID());
  const gone = new AbortController();
  // An abort makes an error with a stack, which an answered request does not need.
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  answer(state, message, gone.signal).then(
    (result) => {
      if (result === 'drop') message.socket.destroy();
      else writeResponse(response, result);
    },
    (error: unknown) => {
      // A client that went away needs no answer, and injected delays end when the gateway closes.
      if (!message.socket.destroyed) state.log.warn('a request failed', { error: String(error) });
      response.destroy();
    },
  );
}

async function answer(state: GatewayState, message: IncomingMessage, gone: AbortSignal): Promise<Answer> {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const headers = flattenHeaders(message.headers);
  const method = message.method ?? 'GET';
  const scope = readCredentialScope(headers.authorization, query);
  const shape = { service: scope?.service ?? '', headers };
  const body = await readBody(message, maximumBodyBytes);
  if (!body) return awsError(shape, 'too-large', `A request has at most ${maximumBodyBytes} bytes`);
  const request = { method, path, query, headers, body };
  if (isLocalPath(path) || (path === '/' && method === 'GET' && !scope)) {
    return await answerLocal(state, request, message.socket.remoteAddress);
  }
  if (!scope) return awsError(shape, 'missing-token', 'Request is missing Authentication Token');
  const registration = state.callers.get(scope.accessKeyId);
  if (!registration) {
    return awsError(shape, 'unknown-key', 'The security token included in the request is invalid.');
  }
  // Queues and tables of another region would have ARNs that IAM was not asked about. STS is global.
  if (scope.region !== state.identity.region && scope.service !== 'sts') {
    const text = `Credential should be scoped to the region ${state.identity.region}, not ${scope.region}`;
    return awsError(shape, 'wrong-region', text);
  }
  const { caller } = registration;
  return await dispatch(state, registration, { service: scope.service, ...request, caller }, gone);
}

async function answerLocal(
  { routes, log }: GatewayState,
  request: LocalRequest,
  remoteAddress: string | undefined,
): Promise<ApiResponse> {
  const refusal = refusalOf(request.headers, remoteAddress);
  if (refusal) return jsonResponse({ error: refusal }, 403);
  const route = findRoute(routes, request.method, request.path);
  if (!route) return jsonResponse({ error: 'no such route' }, 404);
  try {
    return await route(request);
  } catch (error) {
    log.warn('a local route failed', { path: request.path, error: String(error) });
    return jsonResponse({ error: 'internal error' }, 500);
  }
}

function registerOperator(callers: Map<string, Registration>, identity: AwsIdentity): Credentials {
  const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`;
  const arn = `arn:${identity.partition}:iam::${identity.accountId}:user/local-operator`;
  callers.set(accessKeyId, { caller: { accessKeyId, arn }, documents: [] });
  return { accessKeyId, secretAccessKey: randomBytes(30).toString('base64url') };
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}
