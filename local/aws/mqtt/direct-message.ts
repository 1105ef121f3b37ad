import type { Client, PublishPacket } from 'aedes';
import type { BrokerContext } from './broker-context';
import type { OutgoingMessage } from './outgoing-message';

export type DirectOutcome = 'sent' | 'offline' | 'not allowed to receive' | 'not acknowledged';

/** Sends a message to one client, whether or not it has subscribed; with a timeout it must be acknowledged. */
export async function sendDirect(
  context: BrokerContext,
  clientId: string,
  message: OutgoingMessage,
  timeoutMs?: number,
): Promise<DirectOutcome> {
  const session = context.sessions.latest(clientId);
  const client = session && context.clients.get(session);
  if (session?.state !== 'connected' || !client) return 'offline';
  if (!context.authorizer.isAllowed(session, 'iot:Receive', message.topic)) return 'not allowed to receive';
  const acknowledged = timeoutMs === undefined ? true : awaitAck(context, client, message, timeoutMs);
  const packet = { ...message, cmd: 'publish', dup: false, retain: false } as const;
  await new Promise<void>((resolve, reject) =>
    client.publish(packet, (error) => (error ? reject(error) : resolve())),
  );
  return (await acknowledged) ? 'sent' : 'not acknowledged';
}

function awaitAck(
  context: BrokerContext,
  client: Client,
  { topic, payload }: OutgoingMessage,
  timeoutMs: number,
): Promise<boolean> {
  const core = context.core();
  return new Promise((resolve) => {
    const finish = (isAcknowledged: boolean): void => {
      clearTimeout(timer);
      core.removeListener('ack', onAck);
      resolve(isAcknowledged);
    };
    const onAck = (packet: PublishPacket | undefined, from: Client): void => {
      // aedes keeps no packet of a clean session.
      const isOurs = !packet || (packet.topic === topic && payload.equals(Buffer.from(packet.payload)));
      if (from === client && isOurs) finish(true);
    };
    const timer = setTimeout(finish, timeoutMs, false);
    core.addListener('ack', onAck);
  });
}
