import type { PublishPacket } from 'aedes';
import type { BrokerClient } from './aedes-types';
import type { MqttAction } from './authorizer';
import { acceptMessage, announce, type BrokerContext } from './broker-context';
import type { OutgoingMessage } from './outgoing-message';
import { parseProvisioningTopic } from './provisioning';
import type { Session } from './sessions';
import { findPublishTopicFault, MAX_PAYLOAD_BYTES } from './topics';

/** Reason codes of a DISCONNECT (MQTT 5, section 3.14.2.1). */
const IMPLEMENTATION_ERROR = 0x83;
const NOT_AUTHORIZED = 0x87;
/** Takes a message in or, if it is refused, ends its client. */
export function takePublish(
  context: BrokerContext,
  { client, session }: { readonly client: BrokerClient; readonly session: Session },
  packet: PublishPacket,
  callback: (error?: Error | null) => void,
): void {
  const refusal = findPublishRefusal(context, session, packet);
  if (!refusal) {
    takeIn(context, session, packet);
    callback(null);
    return;
  }
  context.log.warn('publish refused', { clientId: session.clientId, topic: packet.topic, ...refusal });
  session.endReason ??= refusal.denied === undefined ? 'CLIENT_ERROR' : 'AUTH_ERROR';
  const end = (): void => callback(new Error(refusal.reason));
  const reasonCode = refusal.denied === undefined ? IMPLEMENTATION_ERROR : NOT_AUTHORIZED;
  // On an error aedes closes a connection of MQTT 3.1.1 without a PUBACK, as AWS IoT does, but not one of MQTT 5.
  if (client.version === 5) client.disconnect({ reasonCode }, end);
  else end();
}

interface PublishRefusal {
  readonly reason: string;
  readonly denied?: MqttAction;
}

function findPublishRefusal(
  context: BrokerContext,
  session: Session,
  packet: PublishPacket,
): PublishRefusal | undefined {
  if (packet.qos === 2) return { reason: 'AWS IoT knows no QoS 2' };
  if (Buffer.byteLength(packet.payload) > MAX_PAYLOAD_BYTES) {
    return { reason: `the payload is longer than ${MAX_PAYLOAD_BYTES} bytes` };
  }
  const fault = findPublishTopicFault(packet.topic);
  if (fault !== undefined) return { reason: fault };
  const actions: readonly MqttAction[] = packet.retain
    ? ['iot:Publish', 'iot:RetainPublish']
    : ['iot:Publish'];
  const denied = actions.find((action) => !context.authorizer.isAllowed(session, action, packet.topic));
  return denied && { reason: 'not authorized', denied };
}

/** What AWS IoT itself does with a message that it accepts. */
function takeIn(context: BrokerContext, session: Session, packet: PublishPacket): void {
  const payload = Buffer.from(packet.payload);
  const { clientId, certificateId: principal, sourceIp } = session;
  const provisioning = parseProvisioningTopic(packet.topic);
  if (provisioning) {
    packet.retain = false;
    context.provisioner.answer(provisioning, payload, clientId).then(
      (answer) =>
        announce(context, { topic: `${packet.topic}/${answer.outcome}`, payload: answer.payload, qos: 1 }),
      (error: unknown) => context.log.warn('provisioning failed', { clientId, reason: String(error) }),
    );
    return;
  }
  const message = toMessage(packet, payload);
  packet.retain = acceptMessage(context, message, { clientId, principal, sourceIp });
}

function toMessage({ topic, qos, retain, properties }: PublishPacket, payload: Buffer): OutgoingMessage {
  return { topic, payload, qos: qos === 0 ? 0 : 1, retain, ...(properties && { properties }) };
}
