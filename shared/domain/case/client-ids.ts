/** Client ids under which a certificate connected, newest last. */
export interface KnownClientIds {
  readonly clientIds: readonly string[];
  /** Whether there were more than are kept. */
  readonly incomplete?: boolean;
}

/** A connect under a client id. */
export interface ClientConnect {
  /** Empty if the client came without one. */
  readonly certificateId: string;
  /** The thing whose client it certainly is: AWS IoT names the thing of an exclusive principal. */
  readonly thingName?: string;
  /** Epoch ms, approximate. */
  readonly at: number;
  /** Orders the sessions of one client id. */
  readonly version?: number;
}

/** Who connected under a client id last. */
export interface ClientUser extends ClientConnect {
  /** When another had used the id before, epoch ms. */
  readonly takenAt?: number;
}

/** More than any device should need. If a device uses a new id at each connect, the newest ids are kept. */
const maxKept = 50;
/** After this time, the same certificate under the same id is recorded again, so that the record does not expire. */
const noteAgainMs = 30 * 86_400_000;
/** Two clients may take an id from each other again and again. For this time, each connect under the id is recorded. */
const contestedMs = 86_400_000;
/** AWS restarts the versions of a client once it was disconnected for an hour (IoT developer guide, "Lifecycle events"). */
const versionsLastMs = 3_600_000;

/** The newest of the ids under which a certificate connected; `isCut` if not all of them are given. */
export function keepNewest(
  heard: readonly { readonly clientId: string; readonly at: number }[],
  isCut = false,
): KnownClientIds {
  const clientIds = heard.toSorted((one, other) => one.at - other.at).map(({ clientId }) => clientId);
  const incomplete = isCut || clientIds.length > maxKept;
  return { clientIds: clientIds.slice(-maxKept), ...(incomplete && { incomplete }) };
}

/** Whether a connect changes what is recorded. */
export function isNews(before: ClientUser | undefined, connect: ClientConnect): boolean {
  if (!before || !isSame(before, connect) || connect.at - before.at >= noteAgainMs) return true;
  return before.takenAt !== undefined && connect.at - before.takenAt < contestedMs;
}

/** The last user of the id, after another connect; undefined if it does not change, since events come in any order. */
export function followUser(before: ClientUser | undefined, connect: ClientConnect): ClientUser | undefined {
  if (!before) return connect;
  if (isOlder(connect, before)) return undefined;
  const takenAt = isSame(before, connect) ? before.takenAt : connect.at;
  return { ...connect, ...(takenAt !== undefined && { takenAt }) };
}

function isSame(one: ClientConnect, other: ClientConnect): boolean {
  return one.certificateId === other.certificateId && one.thingName === other.thingName;
}

function isOlder(connect: ClientConnect, before: ClientConnect): boolean {
  const { version, at } = connect;
  const isComparable = version !== undefined && before.version !== undefined;
  if (isComparable && Math.abs(at - before.at) < versionsLastMs && version !== before.version)
    return version < before.version;
  return at < before.at;
}
