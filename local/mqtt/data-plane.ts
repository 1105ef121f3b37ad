import type { IotRegistry } from '../iot/registry';
import type { ApiRequest, ApiResponse, IamRequest, ServiceHandler } from '../types';
import type { Broker } from './broker';
import type { Session } from './sessions';
import { createShadowStore, ShadowError, type ShadowStore } from './shadow';
import { findPublishTopicFault, MAX_PAYLOAD_BYTES } from './topics';

export interface DataPlaneOptions {
  readonly broker: Broker;
  readonly registry: IotRegistry;
  readonly now?: () => number;
}

interface Operation {
  readonly action: string;
  readonly resource: string;
  run(request: ApiRequest): Promise<ApiResponse>;
}

/** How long GetConnection tells when and why a client left ("30 minutes after the client disconnects"). */
const RECALL_MS = 30 * 60_000;

/** AWS IoT's data plane, for the SigV4 services `iotdata` and `iotdevicegateway`. */
export function createIotDataPlane(options: DataPlaneOptions): ServiceHandler {
  const plane: Plane = { ...options, now: options.now ?? Date.now, shadows: createShadowStore() };
  return {
    identify(request): IamRequest | undefined {
      const operation = findOperation(plane, request);
      if (!operation) return undefined;
      const { action, resource } = operation;
      const isRetained = action === 'iot:Publish' && request.query.get('retain') === 'true';
      return {
        action,
        resources: [`${plane.registry.state.arns.prefix}${resource}`],
        ...(isRetained && { alsoNeeds: ['iot:RetainPublish'] }),
      };
    },
    async handle(request) {
      const operation = findOperation(plane, request);
      if (!operation) return toError('ResourceNotFoundException', 404, 'No such operation');
      try {
        return await operation.run(request);
      } catch (error) {
        if (error instanceof ShadowError) return toError(error.name, error.status, error.message);
        throw error;
      }
    },
  };
}

interface Plane extends Required<DataPlaneOptions> {
  readonly shadows: ShadowStore;
}

function findOperation(plane: Plane, { method, path }: ApiRequest): Operation | undefined {
  const [, kind, rawName = '', ...rest] = path.split('/');
  // Topics are sent with their slashes encoded or not; everything behind `/topics/` is the topic.
  const name = decode(kind === 'topics' ? [rawName, ...rest].join('/') : rawName);
  if (name === undefined || name === '') return undefined;
  if (kind === 'topics' && method === 'POST') {
    return {
      action: 'iot:Publish',
      resource: `topic/${name}`,
      run: (request) => publish(plane, name, request),
    };
  }
  if (kind === 'connections' && rest.length === 0) return findConnectionOperation(plane, method, name);
  if (kind === 'things' && rest.join('/') === 'shadow') return findShadowOperation(plane, method, name);
  return undefined;
}

function findConnectionOperation(plane: Plane, method: string, clientId: string): Operation | undefined {
  const resource = `client/${clientId}`;
  if (method === 'DELETE') {
    return {
      action: 'iot:DeleteConnection',
      resource,
      run: (request) => deleteConnection(plane, clientId, request),
    };
  }
  if (method === 'GET') {
    return {
      action: 'iot:GetConnection',
      resource,
      run: (request) => getConnection(plane, clientId, request),
    };
  }
  return undefined;
}

function findShadowOperation(plane: Plane, method: string, thingName: string): Operation | undefined {
  const resource = `thing/${thingName}`;
  const { shadows, now } = plane;
  const operations: Readonly<Record<string, [string, (request: ApiRequest) => unknown]>> = {
    GET: ['iot:GetThingShadow', () => shadows.get(thingName)],
    POST: ['iot:UpdateThingShadow', ({ body }) => shadows.update(thingName, body, now())],
    DELETE: ['iot:DeleteThingShadow', () => shadows.delete(thingName, now())],
  };
  const found = Object.hasOwn(operations, method) ? operations[method] : undefined;
  if (!found) return undefined;
  const [action, run] = found;
  return {
    action,
    resource,
    async run(request) {
      if (request.query.has('name')) {
        return toError('InvalidRequestException', 400, 'Named shadows are not emulated');
      }
      if (!plane.registry.thing(thingName)) {
        return toError('ResourceNotFoundException', 404, `Thing ${thingName} cannot be found`);
      }
      return toJson(run(request));
    },
  };
}

async function publish(plane: Plane, topic: string, request: ApiRequest): Promise<ApiResponse> {
  const qos = request.query.get('qos') ?? '0';
  const fault = qos === '0' || qos === '1' ? findPublishTopicFault(topic) : 'qos must be 0 or 1';
  if (fault !== undefined) return toError('InvalidRequestException', 400, fault);
  if (request.body.byteLength > MAX_PAYLOAD_BYTES) {
    return toError('RequestEntityTooLargeException', 413, 'The payload exceeds the maximum size allowed');
  }
  await plane.broker.publish({
    topic,
    payload: request.body,
    qos: qos === '1' ? 1 : 0,
    retain: request.query.get('retain') === 'true',
  });
  return toJson({ message: 'OK' });
}

async function deleteConnection(plane: Plane, clientId: string, request: ApiRequest): Promise<ApiResponse> {
  if (clientId.startsWith('$')) {
    return toError('InvalidRequestException', 400, 'The client id must not begin with $');
  }
  const isCut = await plane.broker.disconnect(clientId, {
    cleanSession: request.query.get('cleanSession') === 'true',
    preventWillMessage: request.query.get('preventWillMessage') === 'true',
  });
  return isCut ? toJson({}) : toError('ResourceNotFoundException', 404, 'The client is not connected');
}

async function getConnection(plane: Plane, clientId: string, request: ApiRequest): Promise<ApiResponse> {
  if (clientId.startsWith('$')) {
    return toError('InvalidRequestException', 400, 'The client id must not begin with $');
  }
  const session = plane.broker.sessionOf(clientId);
  if (!session) return toError('ResourceNotFoundException', 404, 'The client is not known');
  const withSocket = request.query.get('includeSocketInformation') === 'true';
  return toJson({
    ...describeSession(plane, session),
    ...(withSocket && {
      sourceIp: session.sourceIp,
      sourcePort: session.sourcePort,
      targetIp: plane.broker.host,
      targetPort: plane.broker.port,
    }),
  });
}

function describeSession(plane: Plane, session: Readonly<Session>): Readonly<Record<string, unknown>> {
  const connected = session.state === 'connected';
  const endedAt = session.endedAt ?? 0;
  const isRecent = session.state === 'ended' && plane.now() - endedAt < RECALL_MS;
  return {
    clientId: session.clientId,
    connected,
    ...(session.thingName !== undefined && { thingName: session.thingName }),
    cleanSession: session.cleanSession,
    keepAliveDuration: session.keepAliveSeconds,
    sessionExpiry: session.cleanSession ? 0 : 3600,
    ...(connected && { connectedSince: session.connectedAt }),
    ...(isRecent && { disconnectedSince: endedAt, disconnectReason: session.endReason }),
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function toJson(body: unknown): ApiResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function toError(name: string, status: number, message: string): ApiResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-ErrorType': name },
    body: JSON.stringify({ message }),
  };
}
