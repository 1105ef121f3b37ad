import { randomBytes } from 'node:crypto';

/** "Connect/Disconnect events" of the AWS IoT developer guide; the ones that happen here. */
export type DisconnectReason =
  | 'API_INITIATED_DISCONNECT'
  | 'AUTH_ERROR'
  | 'CLIENT_ERROR'
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'CONNECTION_LOST'
  | 'DUPLICATE_CLIENTID'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_INITIATED_DISCONNECT';

export interface SessionDetails {
  readonly clientId: string;
  readonly certificateId: string;
  readonly thingName?: string;
  /** The thing that its certificate serves exclusively: only such a one is named in lifecycle events. */
  readonly exclusiveThing?: string;
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
}

/** One MQTT connection, from the moment it is let in. */
export interface Session extends SessionDetails {
  readonly sessionIdentifier: string;
  readonly versionNumber: number;
  state: 'connecting' | 'connected' | 'ended';
  connectedAt: number;
  /** Set if the session is ended deliberately; absent if the connection was lost. */
  endReason?: DisconnectReason;
  endedAt?: number;
}

export interface SessionBook {
  /** Records an accepted client; its predecessor must have ended. */
  open(details: SessionDetails, now: number): Session;
  /** Notes a client that was turned away, unless another connection holds its id. */
  refuse(details: SessionDetails, now: number): Session;
  /** The last session of a client id, ended ones included. */
  latest(clientId: string): Session | undefined;
  live(): Iterable<Session>;
  end(session: Session, reason: DisconnectReason, now: number): void;
}

/** Ended sessions remembered; client ids are for devices to invent. */
const MAX_ENDED = 10_000;

/** "If a client is not connected for approximately one hour, the version number is reset to 0" (lifecycle events). */
const VERSION_RESET_MS = 3_600_000;

function countUp(previous: Session | undefined, now: number): number {
  const isStale = previous?.endedAt !== undefined && now - previous.endedAt > VERSION_RESET_MS;
  return previous === undefined || isStale ? 0 : previous.versionNumber + 1;
}

export function createSessionBook(): SessionBook {
  const live = new Map<string, Session>();
  const ended = new Map<string, Session>();

  function create(details: SessionDetails, now: number): Session {
    const previous = live.get(details.clientId) ?? ended.get(details.clientId);
    return {
      ...details,
      sessionIdentifier: randomBytes(16).toString('hex'),
      versionNumber: countUp(previous, now),
      state: 'connecting',
      connectedAt: now,
    };
  }

  function remember(session: Session, reason: DisconnectReason, now: number): void {
    Object.assign(session, { state: 'ended', endReason: reason, endedAt: now });
    ended.delete(session.clientId);
    ended.set(session.clientId, session);
    const [oldest] = ended.keys();
    if (ended.size > MAX_ENDED && oldest !== undefined) ended.delete(oldest);
  }

  return {
    open(details, now) {
      const session = create(details, now);
      live.set(session.clientId, session);
      return session;
    },
    refuse(details, now) {
      const session = create(details, now);
      if (!live.has(details.clientId)) remember(session, 'AUTH_ERROR', now);
      return session;
    },
    latest: (clientId) => live.get(clientId) ?? ended.get(clientId),
    live: () => live.values(),
    end(session, reason, now) {
      if (live.get(session.clientId) === session) live.delete(session.clientId);
      remember(session, reason, now);
    },
  };
}
