import type { TLSSocket } from 'node:tls';
import type {
  AedesOptions,
  AuthErrorCode,
  AuthenticateError,
  Client,
  ConnectPacket,
  PublishPacket,
  Subscription,
} from 'aedes';
import { findExclusiveThing } from '../iot/effective-policies';
import type { BrokerClient } from './aedes-types';
import type { MqttAction } from './authorizer';
import { acceptMessage, announce, announcePresence, type BrokerContext, cutSession } from './broker-context';
import { checkClientCertificate } from './client-certificate';
import type { OutgoingMessage } from './outgoing-message';
import { parseProvisioningTopic } from './provisioning';
import type { DisconnectReason, Session, SessionDetails } from './sessions';
import { findFilterFault, findPublishTopicFault, MAX_PAYLOAD_BYTES, parseDefenderTopic } from './topics';
import { createTurns } from './turns';

type Hooks = Required<
  Pick<
    AedesOptions,
    'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
  >
>;
type Refusal = { readonly code: 2 | 5; readonly reason: string };

/** Return and reason codes from here on are refusals, in MQTT 3.1.1 and in MQTT 5. */
const SUBSCRIPTION_REFUSED = 128;
/** Reason codes of a DISCONNECT (MQTT 5, section 3.14.2.1). */
const IMPLEMENTATION_ERROR = 0x83;
const NOT_AUTHORIZED = 0x87;
/** How a session ends that nobody cut. */
const leaves: ReadonlySet<DisconnectReason> = new Set(['CLIENT_INITIATED_DISCONNECT', 'CONNECTION_LOST']);

/** Where aedes asks whether a client may connect, publish, subscribe and receive. */
export function createHooks(context: BrokerContext): Hooks {
  const connectPackets = new WeakMap<Client, ConnectPacket>();
  const wills = new WeakMap<Client, PublishPacket>();
  const takeTurn = createTurns();
  return {
    preConnect(client, packet, callback) {
      connectPackets.set(client, packet);
      callback(null, true);
    },
    authenticate(client, _username, _password, done) {
      const packet = connectPackets.get(client);
      connectPackets.delete(client);
      if (!packet) return done(toAuthenticateError({ code: 5, reason: 'no CONNECT' }), null);
      // aedes forgets the will of a client that is gone; one with a delay is published after that.
      if (packet.will) wills.set(client, packet.will as PublishPacket);
      admit(context, client as BrokerClient, packet).then(
        (refusal) => (refusal ? done(toAuthenticateError(refusal), null) : done(null, true)),
        (error: unknown) => done(toAuthenticateError({ code: 5, reason: String(error) }), null),
      );
    },
    authorizePublish(client, packet, callback) {
      const session = client ? context.sessionOf.get(client as BrokerClient) : undefined;
      // Only aedes itself publishes without a client, and only a client that was let in has a session.
      if (!client || !session) return callback(client ? new Error('no session') : null);
      // A session that is being cut, or was, may still send its will, nothing else.
      const isWill = packet === wills.get(client);
      const overError = () => callback(new Error('the session is over'));
      if (session.endReason !== undefined && !isWill) return overError();
      takeTurn(client, () => {
        // What a client sent before it left by itself is taken.
        const isCut = session.endReason !== undefined && !leaves.has(session.endReason);
        if (isCut && !isWill) overError();
        else takePublish(context, { client: client as BrokerClient, session }, packet, callback);
      });
    },
    authorizeSubscribe(client, subscription, callback) {
      callback(null, authorizeSubscription(context, client as BrokerClient, subscription) ?? null);
    },
    authorizeForward(client, packet) {
      return mayReceive(context, client as BrokerClient, packet.topic) ? packet : null;
    },
  };
}

function takePublish(
  context: BrokerContext,
  { client, session }: { readonly client: BrokerClient; readonly session: Session },
  packet: PublishPacket,
  callback: (error?: Error | null) => void,
): void {
  const refusal = findPublishRefusal(context, session, packet);
  if (!refusal) {
    takeIn(context, session, packet);
    callback(null);
    return;
  }
  context.log.warn('publish refused', { clientId: session.clientId, topic: packet.topic, ...refusal });
  session.endReason ??= refusal.denied === undefined ? 'CLIENT_ERROR' : 'AUTH_ERROR';
  const end = (): void => callback(new Error(refusal.reason));
  const reasonCode = refusal.denied === undefined ? IMPLEMENTATION_ERROR : NOT_AUTHORIZED;
  // On an error aedes closes a connection of MQTT 3.1.1 without a PUBACK, as AWS IoT does, but not one of MQTT 5.
  if (client.version === 5) client.disconnect({ reasonCode }, end);
  else end();
}

/** Cuts a client whose SUBSCRIBE was refused, once it has been told so. */
export function cutAfterRefusal(
  context: BrokerContext,
  client: BrokerClient,
  subscriptions: readonly Subscription[],
): void {
  const refused = subscriptions.filter(({ qos }) => (qos as number) >= SUBSCRIPTION_REFUSED);
  const session = context.sessionOf.get(client);
  if (refused.length === 0 || !session) return;
  session.endReason ??= 'AUTH_ERROR';
  // aedes stores all filters of a SUBSCRIBE in a persistent session, the refused ones too.
  const forget = context.core().persistence.removeSubscriptions(
    client,
    refused.map(({ topic }) => topic),
  );
  const finish = (): Promise<void> => cutSession(context, session, 'AUTH_ERROR');
  const cut = (): void => void forget.then(finish, finish);
  // Ends the stream behind the SUBACK; a peer that does not read gets a second.
  const patience = setTimeout(cut, 1000);
  client.conn.end(() => {
    clearTimeout(patience);
    cut();
  });
}

async function admit(
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
      // Of a certificate that is not accepted at all AWS IoT tells nothing: the client is not authorized, or there is none.
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

interface PublishRefusal {
  readonly reason: string;
  readonly denied?: MqttAction;
}

function findPublishRefusal(
  context: BrokerContext,
  session: Session,
  packet: PublishPacket,
): PublishRefusal | undefined {
  if (packet.qos === 2) return { reason: 'AWS IoT knows no QoS 2' };
  if (Buffer.byteLength(packet.payload) > MAX_PAYLOAD_BYTES) {
    return { reason: `the payload is longer than ${MAX_PAYLOAD_BYTES} bytes` };
  }
  const fault = findPublishTopicFault(packet.topic);
  if (fault !== undefined) return { reason: fault };
  const actions: readonly MqttAction[] = packet.retain
    ? ['iot:Publish', 'iot:RetainPublish']
    : ['iot:Publish'];
  const denied = actions.find((action) => !context.authorizer.isAllowed(session, action, packet.topic));
  return denied && { reason: 'not authorized', denied };
}

/** What AWS IoT itself does with a message that it accepts. */
function takeIn(context: BrokerContext, session: Session, packet: PublishPacket): void {
  const payload = Buffer.from(packet.payload);
  const { clientId, certificateId: principal, sourceIp } = session;
  const provisioning = parseProvisioningTopic(packet.topic);
  if (provisioning) {
    packet.retain = false;
    context.provisioner.answer(provisioning, payload, clientId).then(
      (answer) =>
        announce(context, { topic: `${packet.topic}/${answer.outcome}`, payload: answer.payload, qos: 1 }),
      (error: unknown) => context.log.warn('provisioning failed', { clientId, reason: String(error) }),
    );
    return;
  }
  const message = toMessage(packet, payload);
  packet.retain = acceptMessage(context, message, { clientId, principal, sourceIp });
}

function toMessage({ topic, qos, retain, properties }: PublishPacket, payload: Buffer): OutgoingMessage {
  return { topic, payload, qos: qos === 0 ? 0 : 1, retain, ...(properties && { properties }) };
}

function authorizeSubscription(
  context: BrokerContext,
  client: BrokerClient,
  subscription: Subscription,
): Subscription | undefined {
  const session = context.sessionOf.get(client);
  if (!session || session.endReason) return undefined;
  const { topic } = subscription;
  const fault = findFilterFault(topic);
  const isAllowed = fault === undefined && context.authorizer.isAllowed(session, 'iot:Subscribe', topic);
  if (isAllowed) return { ...subscription, qos: subscription.qos === 2 ? 1 : subscription.qos };
  context.log.warn('subscribe refused', {
    clientId: session.clientId,
    topic,
    ...(fault === undefined ? { denied: 'iot:Subscribe' } : { reason: fault }),
  });
  return undefined;
}

function mayReceive(context: BrokerContext, client: BrokerClient, topic: string): boolean {
  const session = context.sessionOf.get(client);
  if (!session || topic.startsWith('$SYS/') || parseDefenderTopic(topic)) return false;
  return context.authorizer.isAllowed(session, 'iot:Receive', topic);
}

function toAuthenticateError({ code, reason }: Refusal): AuthenticateError {
  return Object.assign(new Error(reason), { returnCode: code as AuthErrorCode });
}
