/** Client ids that a certificate was heard to connect under, newest last. */
export interface KnownClientIds {
  readonly clientIds: readonly string[];
  /** Whether there were more than are kept. */
  readonly incomplete?: boolean;
}

/** Who connected under a client id last: id of the certificate, empty where the client came without one. */
export interface ClientUser {
  readonly certificateId: string;
  /** Epoch ms. */
  readonly at: number;
}

export const noClientIds: KnownClientIds = { clientIds: [] };

/** More than any device is believed to need: a device that takes a new id at each connect has the newest of them noted. */
const maxKept = 50;
/** The same certificate under the same id is noted again after so long, so that what is noted does not expire. */
const noteAgainMs = 30 * 86_400_000;

export function withClientId(known: KnownClientIds, clientId: string): KnownClientIds {
  const clientIds = [...known.clientIds.filter((one) => one !== clientId), clientId];
  const incomplete = known.incomplete || clientIds.length > maxKept;
  return { clientIds: clientIds.slice(-maxKept), ...(incomplete && { incomplete }) };
}

/** Whether a connect says something that is not noted yet. */
export function isNews(before: ClientUser | undefined, connect: ClientUser): boolean {
  return before?.certificateId !== connect.certificateId || connect.at - before.at >= noteAgainMs;
}
