import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { BrokerClient } from './aedes-types';
import { type BrokerContext, concludeSession } from './broker-context';
import type { CertificateAuthority } from './certificates';
import { checkClientCertificate } from './client-certificate';
import { HTTP_PROTOCOLS, MQTT_PROTOCOLS } from './route-by-protocol';
import { MAX_PAYLOAD_BYTES } from './topics';

/** Longest MQTT packet that can be right: the payload, a topic of 256 bytes and some room. */
const MAX_PACKET_BYTES = MAX_PAYLOAD_BYTES + 1024;

interface ServerOptions {
  readonly ca: CertificateAuthority;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Listens for TLS connections, whose sockets it keeps in a set while they are open. */
export async function startServer(
  context: BrokerContext,
  { ca, host, port }: ServerOptions,
  sockets: Set<TLSSocket>,
  accept: (socket: TLSSocket) => void,
): Promise<Server> {
  const { certificatePem, privateKeyPem } = await ca.issueServerCertificate();
  const server = createServer({
    cert: certificatePem,
    key: privateKeyPem,
    requestCert: true,
    rejectUnauthorized: false, // See checkClientCertificate.
    minVersion: 'TLSv1.2',
    ALPNProtocols: [...MQTT_PROTOCOLS, ...HTTP_PROTOCOLS],
    handshakeTimeout: 10_000,
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    accept(socket);
  });
  server.on('tlsClientError', (error) => context.log.warn('TLS handshake failed', { reason: error.message }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return server;
}

/** Hands a connection to the broker, if its certificate is accepted. */
export function acceptConnection(context: BrokerContext, socket: TLSSocket): void {
  socket.setNoDelay(true);
  const check = checkClientCertificate(socket, context.registry, context.now());
  if (check.fault !== undefined) {
    const { fault: reason, certificateId } = check;
    context.log.warn('connection refused', {
      event: 'AUTH_ERROR',
      reason,
      certificateId,
      from: socket.remoteAddress,
    });
    socket.on('error', () => undefined);
    socket.destroy();
    return;
  }
  const client = context.core().handle(socket) as BrokerClient;
  // The parser would wait for a packet of up to 256 MB.
  socket.on('readable', () => {
    if (client._parser._list.length > MAX_PACKET_BYTES) client.emit('error', new Error('packet too large'));
  });
  socket.once('close', () => {
    const session = context.sessionOf.get(client);
    if (session) concludeSession(context, session);
  });
}
