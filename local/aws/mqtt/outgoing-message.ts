import type { PublishPacket } from 'aedes';

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain?: boolean;
  /** For subscribers of MQTT 5. */
  readonly properties?: NonNullable<PublishPacket['properties']>;
}
