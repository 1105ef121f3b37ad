import { randomUUID } from 'node:crypto';
import type { ApiResponse, IamRequest, ServiceHandler } from '../../types';
import type { IotRegistry } from '../iot/registry';
import type { Broker } from './broker';
import {
  type DataOperation,
  type DataRequest,
  decodeSegment,
  invalidRequest,
  type RequestOrigin,
  toError,
  toJson,
} from './data-operation';
import { directMessage } from './direct-message-operation';
import { findJobOperation } from './job-operations';
import { readPublishRequest } from './publish-request';
import { getRetained, listRetained } from './retained';
import type { Session } from './sessions';
import { createShadowStore } from './shadow';
import { findShadowOperation, listNamedShadows, type ShadowPlane } from './shadow-operations';
import { findPublishTopicFault, MAX_PAYLOAD_BYTES } from './topics';

export interface DataPlaneOptions {
  readonly broker: Broker;
  readonly registry: IotRegistry;
  readonly now?: () => number;
}

/** AWS IoT's data plane: behind the gateway for SigV4, and behind the device's own endpoint for certificates. */
export interface IotDataPlane extends ServiceHandler {
  find(request: DataRequest): DataOperation | undefined;
}

/** How long GetConnection reports when and why a client disconnected ("30 minutes after the client disconnects"). */
const RECALL_MS = 30 * 60_000;

/** For the SigV4 services `iotdata`, `iotdevicegateway` and `iot-jobs-data`. */
export function createIotDataPlane(options: DataPlaneOptions): IotDataPlane {
  const plane: Plane = { ...options, now: options.now ?? Date.now, shadows: createShadowStore() };
  const { prefix } = options.registry.state.arns;
  const find = (request: DataRequest) => findOperation(plane, request);
  return {
    find,
    identify(request): IamRequest | undefined {
      const operation = find(request);
      if (!operation) return undefined;
      const { action, alsoNeeds, resource, iamResource = resource } = operation;
      return {
        action,
        resources: [iamResource === '*' ? '*' : `${prefix}${iamResource}`],
        ...(alsoNeeds && { alsoNeeds }),
      };
    },
    async handle(request) {
      const operation = find(request);
      if (!operation) return toError('ResourceNotFoundException', 404, 'No such operation');
      return await operation.run({});
    },
  };
}

interface Plane extends ShadowPlane {
  readonly broker: Broker;
}

function findOperation(plane: Plane, request: DataRequest): DataOperation | undefined {
  const { method, path, query } = request;
  const [, kind, first = '', ...rest] = path.split('/');
  if (kind === 'retainedMessage' && method === 'GET' && path === '/retainedMessage')
    return listRetained(plane.broker.retained, query);
  if (kind === 'api') return findListOfShadows(plane, [first, ...rest], request);
  // Topics are sent with their slashes encoded or not; everything behind `/topics/` is the topic.
  const isTopic = kind === 'topics' || kind === 'retainedMessage';
  const name = decodeSegment(isTopic ? [first, ...rest].join('/') : first);
  if (name === undefined || name === '') return undefined;
  if (kind === 'topics' && method === 'POST') return publish(plane, name, request);
  if (kind === 'retainedMessage' && method === 'GET') return getRetained(plane.broker.retained, name);
  if (kind === 'connections' && rest.join('/') === 'messages' && method === 'POST')
    return directMessage(plane.broker, name, request);
  if (kind === 'connections' && rest.length === 0) return findConnectionOperation(plane, name, request);
  if (kind === 'things' && rest.join('/') === 'shadow') return findShadowOperation(plane, name, request);
  if (kind === 'things' && rest[0] === 'jobs' && rest.length <= 2) {
    const jobId = rest[1] === undefined ? undefined : decodeSegment(rest[1]);
    return jobId === '' ? undefined : findJobOperation(plane.registry, name, jobId, request);
  }
  return undefined;
}

function findListOfShadows(
  plane: Plane,
  segments: readonly string[],
  request: DataRequest,
): DataOperation | undefined {
  const [things, shadow, operation, thing = '', ...more] = segments;
  const isList = things === 'things' && shadow === 'shadow' && operation === 'ListNamedShadowsForThing';
  const thingName = decodeSegment(thing);
  if (!isList || !thingName || more.length > 0 || request.method !== 'GET') return undefined;
  return listNamedShadows(plane, thingName, request);
}

function findConnectionOperation(
  plane: Plane,
  clientId: string,
  { method, query }: DataRequest,
): DataOperation | undefined {
  const resource = `client/${clientId}`;
  const refusal =
    !/^[^$].{0,127}$/.test(clientId) &&
    invalidRequest('The client id must have 1 to 128 characters of one line, and not begin with $');
  if (method === 'DELETE') {
    const run = async () => refusal || (await deleteConnection(plane, clientId, query));
    return { action: 'iot:DeleteConnection', resource, run };
  }
  if (method === 'GET') {
    return {
      action: 'iot:GetConnection',
      resource,
      run: () => refusal || getConnection(plane, clientId, query),
    };
  }
  return undefined;
}

function publish(plane: Plane, topic: string, request: DataRequest): DataOperation {
  const message = readPublishRequest(topic, request);
  const isRetained = request.query.get('retain') === 'true';
  return {
    action: 'iot:Publish',
    resource: `topic/${topic}`,
    ...(isRetained && { alsoNeeds: ['iot:RetainPublish'] }),
    async run(origin: RequestOrigin) {
      const fault = 'fault' in message ? message.fault : findPublishTopicFault(topic);
      if ('fault' in message || fault !== undefined) return invalidRequest(fault ?? 'not readable');
      if (request.body.byteLength > MAX_PAYLOAD_BYTES) {
        return toError('RequestEntityTooLargeException', 413, 'The payload exceeds the maximum size allowed');
      }
      await plane.broker.publish(message, origin);
      return toJson({ message: 'OK', traceId: randomUUID() });
    },
  };
}

async function deleteConnection(
  plane: Plane,
  clientId: string,
  query: URLSearchParams,
): Promise<ApiResponse> {
  const isCut = await plane.broker.disconnect(clientId, {
    cleanSession: query.get('cleanSession') === 'true',
    preventWillMessage: query.get('preventWillMessage') === 'true',
  });
  return isCut ? toJson({}) : toError('ResourceNotFoundException', 404, 'The client is not connected');
}

function getConnection(plane: Plane, clientId: string, query: URLSearchParams): ApiResponse {
  const session = plane.broker.sessionOf(clientId);
  if (!session) return toError('ResourceNotFoundException', 404, 'The client is not known');
  const withSocket = query.get('includeSocketInformation') === 'true';
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
