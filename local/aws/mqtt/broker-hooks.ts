import type {
  AedesOptions,
  AuthErrorCode,
  AuthenticateError,
  Client,
  ConnectPacket,
  PublishPacket,
  Subscription,
} from 'aedes';
import { admit, type Refusal } from './admit';
import type { BrokerClient } from './aedes-types';
import { type BrokerContext, cutSession } from './broker-context';
import type { DisconnectReason } from './sessions';
import { takePublish } from './take-publish';
import { findFilterFault, parseDefenderTopic } from './topics';
import { createTurns } from './turns';

type Hooks = Required<
  Pick<
    AedesOptions,
    'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
  >
>;
/** Return and reason codes from here on are refusals, in MQTT 3.1.1 and in MQTT 5. */
const SUBSCRIPTION_REFUSED = 128;
/** The end reasons of a session that was not cut. */
const leaves: ReadonlySet<DisconnectReason> = new Set(['CLIENT_INITIATED_DISCONNECT', 'CONNECTION_LOST']);

/** The hooks by which aedes asks whether a client may connect, publish, subscribe and receive. */
export function createHooks(context: BrokerContext): Hooks {
  const connectPackets = new WeakMap<Client, ConnectPacket>();
  const wills = new WeakMap<Client, PublishPacket>();
  const takeTurn = createTurns();
  return {
    preConnect(client, packet, callback) {
      connectPackets.set(client, packet);
      (client as BrokerClient).subscriptions = Object.create(null);
      callback(null, true);
    },
    authenticate(client, _username, _password, done) {
      const packet = connectPackets.get(client);
      connectPackets.delete(client);
      if (!packet) return done(toAuthenticateError({ code: 5, reason: 'no CONNECT' }), null);
      // aedes forgets the will of a disconnected client; one with a delay is published after that.
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
      // A session that is being cut, or has been cut, may only send its will.
      const isWill = packet === wills.get(client);
      const overError = () => callback(new Error('the session is over'));
      if (session.endReason !== undefined && !isWill) return overError();
      takeTurn(client, () => {
        // Messages that a client sent before it disconnected are accepted.
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

/** Ends the session of a client whose SUBSCRIBE was refused, after the answer. */
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
  // Ends the stream after the SUBACK; a peer that does not read has one second.
  const patience = setTimeout(cut, 1000);
  client.conn.end(() => {
    clearTimeout(patience);
    cut();
  });
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
