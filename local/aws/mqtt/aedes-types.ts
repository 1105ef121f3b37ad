import type { Aedes, Client, PublishPacket } from 'aedes';

/** What aedes 2.0 has and its type definitions leave out; pinned with it in package.json. */
export interface BrokerClient extends Client {
  /** By topic filter. Made without a prototype, whose names a client may use as filters. */
  subscriptions: object;
  /** The will that is published unless the client says goodbye. */
  will: PublishPacket | null;
  /** Set by a DISCONNECT packet. */
  readonly _disconnected: boolean;
  /** Holds the bytes of a packet that is not whole yet. */
  readonly _parser: { readonly _list: { readonly length: number } };
}

export interface BrokerCore extends Aedes {
  /** By client id. Made without a prototype, whose names a client may have. */
  clients: object;
  readonly persistence: {
    cleanSubscriptions(client: { id: string }): Promise<void>;
    removeSubscriptions(client: { id: string }, filters: readonly string[]): Promise<void>;
    outgoingStream(client: { id: string }): AsyncIterable<PublishPacket>;
    outgoingClearMessageId(client: { id: string }, packet: PublishPacket): Promise<unknown>;
  };
}
