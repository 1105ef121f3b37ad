import type { LocalLog } from '../../types';
import type { IotRegistry } from '../iot/registry';
import type { BrokerClient, BrokerCore } from './aedes-types';
import type { Authorizer } from './authorizer';
import { answerDefenderReport } from './defender-report';
import type { OutgoingMessage } from './outgoing-message';
import { createPresenceEvent, type PresenceEventType } from './presence';
import type { Provisioner } from './provisioning';
import type { RetainedBook } from './retained';
import type { RuleEngine } from './rules';
import type { DisconnectReason, Session, SessionBook } from './sessions';
import { parseDefenderTopic } from './topics';

/** The state that the parts of the broker share. */
export interface BrokerContext {
  readonly core: () => BrokerCore;
  readonly registry: IotRegistry;
  readonly authorizer: Authorizer;
  readonly sessions: SessionBook;
  readonly rules: RuleEngine;
  readonly provisioner: Provisioner;
  readonly retained: RetainedBook;
  readonly log: LocalLog;
  readonly now: () => number;
  /** How far the times of lifecycle events are off: "an approximation of when the event occurred". */
  presenceSkewMs: number;
  /** "Within a few minutes of updating a certificate from the ACTIVE state to any other state" (UpdateCertificate). */
  readonly certificateCutMs: number;
  /** Sessions whose certificate is no longer active. */
  readonly cutsDue: Map<Session, NodeJS.Timeout>;
  readonly clients: Map<Session, BrokerClient>;
  readonly sessionOf: WeakMap<BrokerClient, Session>;
}

/** Sends a message to subscribers; whether it may be sent is settled before. */
export function deliver(context: BrokerContext, message: OutgoingMessage): Promise<void> {
  const { topic, payload, qos, retain = false, properties } = message;
  return new Promise((resolve, reject) => {
    const packet = {
      cmd: 'publish',
      topic,
      payload,
      qos,
      retain,
      dup: false,
      ...(properties && { properties }),
    } as const;
    context.core().publish(packet, (error) => (error ? reject(error) : resolve()));
  });
}

/** Sends a message of AWS IoT itself, to subscribers and to rules. */
export function announce(
  context: BrokerContext,
  message: OutgoingMessage,
  origin: { readonly clientId?: string; readonly hops?: number } = {},
): void {
  deliver(context, message).catch((error: unknown) =>
    context.log.warn('message not delivered', { topic: message.topic, reason: String(error) }),
  );
  context.rules.process({
    topic: message.topic,
    payload: message.payload,
    receivedAt: context.now(),
    ...origin,
  });
}

interface MessageOrigin {
  readonly clientId?: string;
  readonly principal?: string;
  readonly sourceIp?: string;
}

/** What AWS IoT does with a message that a device may publish, beside delivering it; says whether it is retained. */
export function acceptMessage(
  context: BrokerContext,
  { topic, payload, qos, retain = false, properties }: OutgoingMessage,
  origin: MessageOrigin,
): boolean {
  const receivedAt = context.now();
  const defender = parseDefenderTopic(topic);
  if (defender) {
    const answer = answerDefenderReport(defender, payload, receivedAt);
    announce(context, { topic: `${topic}/${answer.outcome}`, payload: answer.payload, qos: 1 });
    return false;
  }
  if (retain) {
    const userProperties = properties?.userProperties;
    context.retained.note({ topic, payload, qos, ...(userProperties && { userProperties }) }, receivedAt);
  }
  context.rules.process({ topic, payload, receivedAt, ...origin });
  return retain;
}

/** Publishes that a session began, ended or was refused. */
export function announcePresence(
  context: BrokerContext,
  eventType: PresenceEventType,
  session: Session,
): void {
  const event = createPresenceEvent(eventType, session, context.now() + context.presenceSkewMs);
  if (event) announce(context, { ...event, qos: 1 }, { clientId: session.clientId });
  else context.log.warn('no lifecycle event for this client id', { clientId: session.clientId, eventType });
}

/** Cuts a session, and resolves when its connection is closed. */
export function cutSession(
  context: BrokerContext,
  session: Session,
  reason: DisconnectReason,
  options: { readonly preventWill?: boolean } = {},
): Promise<void> {
  session.endReason ??= reason;
  const client = context.clients.get(session);
  if (!client) return Promise.resolve();
  if (options.preventWill) client.will = null;
  return new Promise((resolve) => {
    client.close(() => {
      concludeSession(context, session);
      resolve();
    });
  });
}

/** Records that a session's connection is closed; the first sign of that calls it. */
export function concludeSession(context: BrokerContext, session: Session): void {
  if (session.state === 'ended') return;
  const wasConnected = session.state === 'connected';
  const client = context.clients.get(session);
  context.clients.delete(session);
  clearTimeout(context.cutsDue.get(session));
  context.cutsDue.delete(session);
  const saidGoodbye = client?._disconnected === true;
  const reason = session.endReason ?? (saidGoodbye ? 'CLIENT_INITIATED_DISCONNECT' : 'CONNECTION_LOST');
  context.sessions.end(session, reason, context.now());
  context.log.info('client disconnected', { clientId: session.clientId, reason });
  if (wasConnected) announcePresence(context, 'disconnected', session);
}
