import type { TLSSocket } from 'node:tls';
import type { ConnectPacket } from 'aedes';
import { findExclusiveThing } from '../iot/effective-policies';
import type { BrokerClient } from './aedes-types';
import { announcePresence, type BrokerContext, cutSession } from './broker-context';
import { checkClientCertificate } from './client-certificate';
import type { SessionDetails } from './sessions';

/** A refusal with the return code of a CONNACK. */
export type Refusal = { readonly code: 2 | 5; readonly reason: string };

/** Lets a client in with a new session, or says why not. */
export async function admit(
  context: BrokerContext,
  client: BrokerClient,
  packet: ConnectPacket,
): Promise<Refusal | undefined> {
  const socket = client.conn as TLSSocket;
  const check = checkClientCertificate(socket, context.registry, context.now());
  const details = describeConnection(context, packet, socket, check.certificate?.certificateId ?? '');
  const refusal: Refusal | undefined =
    check.fault === undefined
      ? findConnectRefusal(context, details, packet)
      : { code: 5, reason: check.fault };
  if (refusal) {
    context.log.warn('connect refused', {
      clientId: packet.clientId,
      event: 'AUTH_ERROR',
      reason: refusal.reason,
    });
    if (packet.clientId !== '') {
      const session = context.sessions.refuse(details, context.now());
      // AWS IoT reports a client that is not authorized, but not a certificate that is not accepted at all.
      if (check.fault === undefined && refusal.code === 5)
        announcePresence(context, 'connect_failed', session);
    }
    return refusal;
  }
  const thingName = context.authorizer.thingNameOf(details);
  for (;;) {
    const previous = context.sessions.latest(packet.clientId);
    if (!previous || previous.state === 'ended') break;
    await cutSession(context, previous, 'DUPLICATE_CLIENTID');
  }
  if (socket.destroyed) return { code: 5, reason: 'the connection is gone' };
  const session = context.sessions.open(
    { ...details, ...(thingName !== undefined && { thingName }) },
    context.now(),
  );
  context.clients.set(session, client);
  context.sessionOf.set(client, session);
  return undefined;
}

function describeConnection(
  { registry }: BrokerContext,
  packet: ConnectPacket,
  socket: TLSSocket,
  certificateId: string,
): SessionDetails {
  const exclusive = findExclusiveThing(registry, certificateId);
  return {
    clientId: packet.clientId,
    certificateId,
    ...(exclusive && { exclusiveThing: exclusive.thingName }),
    sourceIp: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    sourcePort: socket.remotePort ?? 0,
    cleanSession: packet.clean === true,
    keepAliveSeconds: packet.keepalive ?? 0,
  };
}

function findConnectRefusal(
  context: BrokerContext,
  details: SessionDetails,
  packet: ConnectPacket,
): Refusal | undefined {
  const { clientId } = packet;
  if (clientId === '') return { code: 2, reason: 'the client id is empty' };
  if (clientId.startsWith('$')) return { code: 2, reason: 'the client id begins with $' };
  if (Buffer.byteLength(clientId) > 128) return { code: 2, reason: 'the client id is longer than 128 bytes' };
  if (packet.will?.qos === 2) return { code: 5, reason: 'AWS IoT knows no QoS 2' };
  if (context.authorizer.isAllowed(details, 'iot:Connect', clientId)) return undefined;
  return { code: 5, reason: 'no policy allows iot:Connect, or one denies it' };
}
