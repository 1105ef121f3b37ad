import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { Flood } from '../../shared/domain/detection/floods';
import { type LifecycleEvent, lifecycleEvent } from '../../shared/domain/detection/lifecycle';
import { boundByArrival } from '../../shared/domain/findings/arrival';
import { type ReadReport, readReport } from '../../shared/domain/findings/report';
import {
  type RuleFailure,
  readReportTopic,
  readRuleFailure,
  unknownPrincipal,
} from '../../shared/domain/findings/rule-failure';
import { isObject, parseJson } from '../../shared/domain/json';
import { isRegistryName } from '../../shared/domain/text';
import { isThingName, type ThingKey, thingKey } from '../../shared/domain/thing-ref';
import { decodePayload } from './decode-payload';

/** The fields that the reports rule selects (infra/template/iot.ts). */
const envelope = z.object({
  thingName: z.string().check(z.refine(isThingName, 'expected a thing name')),
  format: z.enum(['json', 'cbor']),
  clientId: z.string(),
  /** Absent if it came by HTTP without a certificate: the report is then the claim of an unknown sender. */
  principal: z._default(z.string(), unknownPrincipal),
  receivedAt: z.number(),
  payload: z.string(),
});

type Envelope = z.output<typeof envelope>;

export interface ReceivedReport {
  readonly kind: 'report';
  readonly messageId: string;
  readonly thingName: ThingKey;
  readonly at: number;
  readonly envelope: Envelope;
  readonly read: ReadReport;
}

export interface ReceivedEvent {
  readonly kind: 'lifecycle';
  readonly messageId: string;
  readonly thingName: ThingKey;
  readonly at: number;
  readonly event: LifecycleEvent;
}

/** What causes a thing to be judged: a message about it, or the time. */
export type DetectionTrigger =
  | ReceivedReport
  | ReceivedEvent
  | { readonly kind: 'time'; readonly thingName: ThingKey; readonly at: number };

export type Received =
  | ReceivedReport
  | ReceivedEvent
  /** A client whose id no alert could name. */
  | { readonly kind: 'ignored' }
  /** Something that the rules do not send. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly from: Flood };

/** Reads a message of the reports queue: a device's report, or a lifecycle event of AWS IoT. */
export function receive({ messageId, body, attributes }: SQSRecord): Received {
  const sent = parseJson(body);
  const failure = readRuleFailure(sent);
  const message = failure ? unwrap(failure, Number(attributes.SentTimestamp)) : sent;
  if (isObject(message) && 'eventType' in message)
    return receiveEvent(message, messageId, Number(attributes.SentTimestamp));
  const parsed = envelope.safeParse(message);
  if (!parsed.success) {
    const reason = `not a message of the reports rule: ${describe(parsed.error)}`;
    return { kind: 'unreadable', reason, from: nameSender(message, messageId) };
  }
  const { receivedAt: at } = parsed.data;
  const thingName = thingKey(parsed.data.thingName);
  const read = readReport(decodePayload(parsed.data.payload, parsed.data.format));
  return { kind: 'report', messageId, thingName, at, envelope: parsed.data, read };
}

/**
 * Restores what the rule would have selected from a message that its error action set aside and an operator sent back.
 * The time of receipt is lost, so the time at which the message was sent back is used.
 */
function unwrap({ topic, clientId, payload }: RuleFailure, sentAt: number): unknown {
  const report = readReportTopic(topic);
  // Nobody but AWS IoT publishes there.
  if (topic.startsWith('$aws/events/presence/'))
    return parseJson(Buffer.from(payload, 'base64').toString('utf8'));
  return report && { ...report, clientId, principal: unknownPrincipal, receivedAt: sentAt, payload };
}

function receiveEvent(message: object, messageId: string, arrivedAt: number): Received {
  const parsed = lifecycleEvent.safeParse(message);
  if (!parsed.success) {
    const reason = `not a lifecycle event of AWS IoT: ${describe(parsed.error)}`;
    return { kind: 'unreadable', reason, from: nameSender(message, messageId) };
  }
  const at = boundByArrival(parsed.data.timestamp, arrivedAt);
  const event = { ...parsed.data, timestamp: at };
  const name = event.thingName ?? event.clientId;
  if (!isThingName(name)) return { kind: 'ignored' };
  return { kind: 'lifecycle', messageId, thingName: thingKey(name), at, event };
}

/** Without a certificate only the client id distinguishes senders. */
export function nameCertificate(principal: string, clientId: string): string {
  return principal === unknownPrincipal ? `${principal} ${clientId}` : principal;
}

/** Identifies the sender by the certificate, else by the client id, else by the message. */
export function nameSender(message: unknown, messageId: string): Flood {
  const { principalIdentifier, principal = principalIdentifier, ...named } = isObject(message) ? message : {};
  const certificate = typeof principal === 'string' ? principal.slice(0, 256) : unknownPrincipal;
  const clientId = typeof named.clientId === 'string' ? named.clientId.slice(0, 256) : '';
  const isNamed = certificate !== unknownPrincipal || clientId !== '';
  return {
    sender: isNamed ? nameCertificate(certificate, clientId) : messageId,
    thingName: isRegistryName(named.thingName) ? named.thingName : 'no thing',
    clientId,
  };
}

function describe({ issues: [issue] }: z.core.$ZodError): string {
  return issue?.path.map(String).join('.') || 'it is no object';
}
