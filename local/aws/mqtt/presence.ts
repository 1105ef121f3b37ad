import type { Session } from './sessions';

export type PresenceEventType = 'connected' | 'disconnected' | 'connect_failed';

export interface PresenceEvent {
  readonly topic: string;
  readonly payload: Buffer;
}

/** "Lifecycle events" of the AWS IoT developer guide; undefined for a client id that no topic can hold. */
export function createPresenceEvent(
  eventType: PresenceEventType,
  session: Session,
  now: number,
): PresenceEvent | undefined {
  const { clientId, sessionIdentifier, versionNumber, certificateId, exclusiveThing } = session;
  // [MQTT-3.3.2-2], [MQTT-4.7.3-2]: such a name would reach subscribers as a malformed packet.
  if (/[+#\0]/.test(clientId)) return undefined;
  const event = {
    clientId,
    ...(exclusiveThing !== undefined && { thingName: exclusiveThing }),
    timestamp: now,
    eventType,
    sessionIdentifier,
    principalIdentifier: certificateId,
    ...(eventType !== 'disconnected' && { ipAddress: session.sourceIp }),
    ...(eventType === 'connect_failed' && { connectFailureReason: 'AUTHORIZATION_FAILED' }),
    ...(eventType === 'disconnected' && {
      clientInitiatedDisconnect: session.endReason === 'CLIENT_INITIATED_DISCONNECT',
      disconnectReason: session.endReason,
    }),
    ...(eventType !== 'connect_failed' && { versionNumber }),
  };
  return {
    topic: `$aws/events/presence/${eventType}/${clientId}`,
    payload: Buffer.from(JSON.stringify(event)),
  };
}
