import type { SQSRecord } from 'aws-lambda';
import type { Reading } from '../../shared/domain/findings/finding';
import { readExternal } from '../../shared/domain/findings/sources/ocsf';
import type { Sender } from '../../shared/domain/guards/guards';
import { isObject, isTooDeep, parseJson } from '../../shared/domain/json';
import { type AlertPorts, handleReading } from './alerts';

export interface ExternalPorts extends AlertPorts {
  /** Those of `sources.external`. */
  readonly senders: readonly Sender[];
  /** Names of the stack's resources begin with it. */
  readonly prefix: string;
}

/**
 * Sends a finding of another product to the mailboxes of its things. Only topics of senders feed the queue, and SNS wraps
 * what they deliver there, so the envelope's topic proves the sender: who may publish to it is in the topic's policy.
 */
export async function handleExternal(record: SQSRecord, ports: ExternalPorts): Promise<void> {
  for (const reading of read(record, ports)) await handleReading(reading, record, ports);
}

function read({ body, attributes }: SQSRecord, { senders, prefix, own }: ExternalPorts): Reading[] {
  const envelope = parseJson(body);
  const { Type, TopicArn, Message } = isObject(envelope) ? envelope : {};
  const topic =
    Type === 'Notification' && typeof TopicArn === 'string' ? TopicArn.split(':').at(-1) : undefined;
  const sender = senders.find(({ name }) => topic === `${prefix}-findings-${name}`);
  if (!sender || typeof Message !== 'string')
    return [{ kind: 'rejected', reason: 'came by no topic of a sender in sources.external' }];
  const message = parseJson(Message);
  if (message === undefined)
    return [{ kind: 'rejected', reason: isTooDeep(Message) ? 'nested too deep' : 'not JSON' }];
  const { name: source, maxAge, device } = sender;
  return readExternal(message, { source, maxAge, device, own, arrivedAt: Number(attributes.SentTimestamp) });
}
