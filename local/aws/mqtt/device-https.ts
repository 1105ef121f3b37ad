import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { ApiResponse, LocalLog } from '../../types';
import type { IotRegistry } from '../iot/registry';
import { flattenHeaders, readBody, writeResponse } from '../wire/http-message';
import type { Broker } from './broker';
import type { CertificateAuthority } from './certificates';
import { checkClientCertificate } from './client-certificate';
import { answerCredentials, type CredentialsProvider, parseCredentialsPath } from './credentials-provider';
import { type DataRequest, toError } from './data-operation';
import type { IotDataPlane } from './data-plane';
import { HTTP_PROTOCOLS } from './route-by-protocol';

export interface DeviceHttpsOptions {
  readonly broker: Broker;
  readonly registry: IotRegistry;
  readonly ca: CertificateAuthority;
  readonly plane: IotDataPlane;
  readonly credentials: CredentialsProvider;
  /** Takes the requests that SigV4 signed, which this endpoint of AWS serves too. */
  readonly serveSigned?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly log: LocalLog;
  readonly host?: string;
  /** 0, the default, selects a free one. */
  readonly port?: number;
  readonly now?: () => number;
}

export interface DeviceHttps {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Above the largest request of the data plane, which is a payload of 128 KB. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * The endpoints that a device reaches over HTTPS with its certificate: messages, retained messages, shadows and jobs
 * (port 8443 of AWS IoT, and 443 by ALPN `x-amzn-http-ca`), and the credentials provider. No request has a client id, so
 * only the certificate's own policies count, and no variable of MQTT has a value.
 */
export async function startDeviceHttps(options: DeviceHttpsOptions): Promise<DeviceHttps> {
  const http = createServer((request, response) => serve(options, request, response));
  http.keepAliveTimeout = 0;
  const { certificatePem, privateKeyPem } = await options.ca.issueServerCertificate();
  const tls = createTlsServer(
    {
      cert: certificatePem,
      key: privateKeyPem,
      requestCert: true,
      rejectUnauthorized: false, // See checkClientCertificate.
      minVersion: 'TLSv1.2',
      ALPNProtocols: [...HTTP_PROTOCOLS],
      handshakeTimeout: 10_000,
    },
    (socket) => http.emit('connection', socket),
  );
  tls.on('tlsClientError', (error) =>
    options.log.warn('TLS handshake failed', { reason: error.message, endpoint: 'https' }),
  );
  const sockets = new Set<TLSSocket>();
  http.on('connection', (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  options.broker.serveHttp((socket) => void http.emit('connection', socket));
  const host = options.host ?? '127.0.0.1';
  await listen(tls, options.port ?? 0, host);
  return {
    host,
    port: (tls.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([end(tls), end(http)]);
    },
  };
}

function listen(server: TlsServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function end(server: TlsServer | Server): Promise<void> {
  // A server that does not listen needs no end.
  return new Promise((resolve) => server.close(() => resolve()));
}

function serve(options: DeviceHttpsOptions, request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.authorization?.startsWith('AWS4-') && options.serveSigned) {
    options.serveSigned(request, response);
    return;
  }
  response.setHeader('x-amzn-requestid', randomUUID());
  answer(options, request).then(
    (result) => writeResponse(response, result),
    (error: unknown) => {
      if (!request.socket.destroyed) options.log.warn('an HTTPS request failed', { error: String(error) });
      response.destroy();
    },
  );
}

async function answer(options: DeviceHttpsOptions, incoming: IncomingMessage): Promise<ApiResponse> {
  const { broker, registry, plane, log, now = Date.now } = options;
  const body = await readBody(incoming, MAX_BODY_BYTES);
  if (!body)
    return toError('RequestEntityTooLargeException', 413, 'The payload exceeds the maximum size allowed');
  const request = toDataRequest(incoming, body);
  const socket = incoming.socket as TLSSocket;
  const check = checkClientCertificate(socket, registry, now());
  const alias = parseCredentialsPath(request);
  if (check.fault !== undefined) {
    const { fault: reason, certificateId } = check;
    log.warn('request refused', { event: 'AUTH_ERROR', reason, certificateId, path: request.path });
    return alias === undefined
      ? toError('ForbiddenException', 403, 'Forbidden')
      : toError('AccessDeniedException', 403, 'Certificate is invalid on this endpoint');
  }
  const sourceIp = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const { certificateId } = check.certificate;
  const origin = { certificateId, sourceIp };
  const isAllowed = (action: string, resource: string, keys?: Readonly<Record<string, string>>): boolean => {
    if (broker.authorizer.isAllowedOn(origin, action, resource, keys)) return true;
    log.warn('request refused', { certificateId, denied: action, resource });
    return false;
  };
  if (alias !== undefined)
    return answerCredentials(options.credentials, registry, { alias, origin, isAllowed, request });
  const operation = plane.find(request);
  if (!operation) return toError('ResourceNotFoundException', 404, 'No such operation');
  const { action, alsoNeeds = [], resource, conditionKeys } = operation;
  const isForbidden = [action, ...alsoNeeds].some((needed) => !isAllowed(needed, resource, conditionKeys));
  return isForbidden ? toError('ForbiddenException', 403, 'Forbidden') : await operation.run(origin);
}

function toDataRequest({ url = '/', method = 'GET', headers }: IncomingMessage, body: Buffer): DataRequest {
  const mark = url.indexOf('?');
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: flattenHeaders(headers),
    body,
  };
}
