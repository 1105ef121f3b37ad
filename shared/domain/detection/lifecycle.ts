import * as z from 'zod/mini';
import '../schema-language';
import type { PresenceState } from './state';

/**
 * Lifecycle events of AWS IoT (developer guide, "Lifecycle events"): from AWS, not from the device, so a device can't
 * forge them. They may come twice and in any order.
 */
export const lifecycleEvent = z.object({
  clientId: z.string().check(z.minLength(1), z.maxLength(128)),
  /** Only of an exclusive thing, which may have another client id. */
  thingName: z.optional(z.string()),
  eventType: z.enum(['connected', 'disconnected', 'connect_failed']),
  timestamp: z.int().check(z.positive()),
  sessionIdentifier: z.string().check(z.maxLength(128)),
  principalIdentifier: z.optional(z.string().check(z.maxLength(256))),
  /** Not of `disconnected`. */
  ipAddress: z.optional(z.string().check(z.maxLength(64))),
  disconnectReason: z.optional(z.string().check(z.maxLength(64))),
});

export type LifecycleEvent = z.output<typeof lifecycleEvent>;

/** Events remembered of a thing: more than a queue holds back between two of one session. */
const maxSeen = 20;

export function nameEvent({ eventType, sessionIdentifier }: LifecycleEvent): string {
  return `${eventType}:${sessionIdentifier}`;
}

/** What is known of the thing's connection after an event that hasn't been seen before. */
export function followPresence(before: PresenceState | undefined, event: LifecycleEvent): PresenceState {
  const seen = [nameEvent(event), ...(before?.seen ?? [])].slice(0, maxSeen);
  const noted = {
    ...before,
    seen,
    ...(event.principalIdentifier !== undefined && { principal: event.principalIdentifier }),
  };
  const { sessionIdentifier: sessionId, timestamp } = event;
  switch (event.eventType) {
    case 'connect_failed':
      return noted;
    case 'connected': {
      const isOver = seen.includes(`disconnected:${sessionId}`);
      if (isOver || timestamp < (before?.connectedAt ?? 0)) return noted;
      const { disconnectedAt: _, ...connected } = noted;
      return { ...connected, sessionId, connectedAt: timestamp };
    }
    case 'disconnected':
      return isOfOlderSession(before, event) ? noted : { ...noted, disconnectedAt: timestamp };
  }
}

/** Another session took over before: the thing is still connected. */
function isOfOlderSession(before: PresenceState | undefined, event: LifecycleEvent): boolean {
  const { sessionIdentifier, timestamp, disconnectReason } = event;
  if (!before?.sessionId || before.sessionId === sessionIdentifier) return false;
  return (
    timestamp < (before.connectedAt ?? 0) ||
    disconnectReason === 'DUPLICATE_CLIENTID' ||
    before.seen.includes(`connected:${sessionIdentifier}`)
  );
}
