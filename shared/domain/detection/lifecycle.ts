import * as z from 'zod/mini';
import '../schema-language';
import type { DetectState, OtherSession, PresenceState } from './state';

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
  /** Absent in `disconnected`. */
  ipAddress: z.optional(z.string().check(z.maxLength(64))),
  disconnectReason: z.optional(z.string().check(z.maxLength(64))),
});

export type LifecycleEvent = z.output<typeof lifecycleEvent>;

/** Events remembered of a thing: more than a queue holds back between two of one session. */
const maxSeen = 20;

export function nameEvent({ eventType, sessionIdentifier }: LifecycleEvent): string {
  return `${eventType}:${sessionIdentifier}`;
}

/** The thing's connection after a new event. */
export function followPresence(before: PresenceState | undefined, event: LifecycleEvent): PresenceState {
  const seen = [nameEvent(event), ...(before?.seen ?? [])].slice(0, maxSeen);
  const noted = {
    ...before,
    seen,
    ...(event.principalIdentifier !== undefined && { principal: event.principalIdentifier }),
  };
  const { sessionIdentifier: sessionId, clientId, timestamp } = event;
  switch (event.eventType) {
    case 'connect_failed':
      return noted;
    case 'connected': {
      const isOver = seen.includes(`disconnected:${sessionId}`);
      if (isOver) return noted;
      if (timestamp < (before?.connectedAt ?? 0)) return noteOlder(noted, event);
      const { disconnectedAt: _, ...connected } = noted;
      return {
        ...connected,
        sessionId,
        clientId,
        connectedAt: timestamp,
        others: listOthers(before, clientId),
      };
    }
    case 'disconnected':
      return endSession(noted, before, event);
  }
}

/** Since when a thing stays away without being kept away: a containment disconnects it. Undefined while it is connected. */
export function findAwaySince({
  presence,
  heldUntil = 0,
}: Pick<DetectState, 'presence' | 'heldUntil'>): number | undefined {
  return presence?.disconnectedAt && Math.max(presence.disconnectedAt, heldUntil);
}

/** More clients than a thing has; one whose end was never reported is pushed out by others. */
const maxOthers = 4;

/**
 * The other sessions that stay when a client with this id connects. The state of an early version, which did not
 * distinguish clients, has none.
 */
function listOthers(before: PresenceState | undefined, clientId: string): readonly OtherSession[] {
  const { sessionId, clientId: last, connectedAt, disconnectedAt, others = [] } = before ?? {};
  const isOpen = sessionId !== undefined && connectedAt !== undefined && disconnectedAt === undefined;
  const own = isOpen && last !== undefined ? [{ sessionId, clientId: last, connectedAt }] : [];
  return [...own, ...others].filter((one) => one.clientId !== clientId).slice(0, maxOthers);
}

/** A late event belongs to a session that is over, unless another client has that session and has not ended it. */
function noteOlder(noted: PresenceState, event: LifecycleEvent): PresenceState {
  const { clientId, sessionIdentifier: sessionId, timestamp: connectedAt } = event;
  if (noted.clientId === undefined || noted.clientId === clientId) return noted;
  const { disconnectedAt, ...connected } = noted;
  if (disconnectedAt !== undefined) return { ...connected, sessionId, clientId, connectedAt };
  const { others: known = [] } = noted;
  if (known.some((one) => one.clientId === clientId && one.connectedAt > connectedAt)) return noted;
  const others = known.filter((one) => one.clientId !== clientId);
  return { ...noted, others: [{ sessionId, clientId, connectedAt }, ...others].slice(0, maxOthers) };
}

function endSession(
  noted: PresenceState,
  before: PresenceState | undefined,
  event: LifecycleEvent,
): PresenceState {
  const { sessionIdentifier, timestamp } = event;
  const others = noted.others?.filter(({ sessionId }) => sessionId !== sessionIdentifier);
  if (others && others.length !== noted.others?.length) return { ...noted, others };
  if (isOfOlderSession(before, event)) return noted;
  const [next, ...rest] = others ?? [];
  return next ? { ...noted, ...next, others: rest } : { ...noted, disconnectedAt: timestamp };
}

/** Another session took over before: the thing is still connected. */
function isOfOlderSession(before: PresenceState | undefined, event: LifecycleEvent): boolean {
  const { sessionIdentifier, clientId, timestamp, disconnectReason } = event;
  if (!before?.sessionId || before.sessionId === sessionIdentifier) return false;
  const isOfOther = before.clientId !== undefined && before.clientId !== clientId;
  return (
    // Another client is connected, and the connect of this one comes late.
    (isOfOther && before.disconnectedAt === undefined) ||
    timestamp < (before.connectedAt ?? 0) ||
    disconnectReason === 'DUPLICATE_CLIENTID' ||
    before.seen.includes(`connected:${sessionIdentifier}`)
  );
}
