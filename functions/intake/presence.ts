import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { boundByArrival } from '../../shared/domain/findings/arrival';
import {
  decodeRuleFailure,
  type RuleFailure,
  readRuleFailure,
} from '../../shared/domain/findings/rule-failure';
import { parseJson } from '../../shared/domain/json';
import type { CommandQueue, DeadLetters } from '../../shared/ports/aws';
import type { Log } from '../../shared/ports/runtime';
import type { ClientIds, HeldThings } from '../../shared/ports/storage';

export interface PresencePorts {
  readonly clientIds: ClientIds;
  readonly heldThings: HeldThings;
  readonly commands: CommandQueue;
  readonly deadLetters: DeadLetters;
  readonly log: Log;
}

/** Lifecycle event of IoT Core, `$aws/events/presence/connected/CLIENT`. */
const presenceEvent = z.object({
  clientId: z.string().check(z.minLength(1), z.maxLength(128)),
  /** Present only if the certificate is attached exclusively; its client may then have any id. */
  thingName: z.optional(z.string()),
  eventType: z.literal('connected'),
  /** Epoch ms, approximate; the version orders the sessions of a client (IoT developer guide, "Lifecycle events"). */
  timestamp: z.number(),
  versionNumber: z.optional(z.int().check(z.nonnegative())),
  /** Id of the certificate, if the client connected with one. */
  principalIdentifier: z.optional(z.string()),
});

/** The topic proves that the event is from AWS IoT: only AWS IoT can publish there. */
function readPresence(failure: RuleFailure): unknown {
  return failure.topic.startsWith('$aws/events/presence/')
    ? parseJson(decodeRuleFailure(failure))
    : undefined;
}

/**
 * An ordinary connect costs two reads; only a contained thing gets a command. The client id is recorded before the leases
 * are read. A containment reads them in the opposite order, so one of the two always sees the other.
 * The rule sends base64; its error action, and rules of earlier releases, send JSON.
 */
export async function handlePresence(
  { body, messageId, attributes }: SQSRecord,
  ports: PresencePorts,
): Promise<void> {
  const sent = parseJson(body.startsWith('{') ? body : Buffer.from(body, 'base64').toString('utf8'));
  const failure = readRuleFailure(sent);
  const event = presenceEvent.safeParse(failure ? readPresence(failure) : sent);
  if (!event.success) {
    ports.log.warn('presence event rejected', { messageId });
    await ports.deadLetters.send(body, 'not a connected event of IoT Core', `presence:${messageId}`);
    return;
  }
  const { clientId, thingName, timestamp, versionNumber, principalIdentifier = '' } = event.data;
  const connectedAt = boundByArrival(timestamp, Number(attributes.SentTimestamp));
  const certificateId = /^[0-9a-f]{64}$/.test(principalIdentifier) ? principalIdentifier : undefined;
  const hearing = ports.clientIds.recordConnect(clientId, {
    certificateId: certificateId ?? '',
    ...(thingName !== undefined && { thingName }),
    at: connectedAt,
    ...(versionNumber !== undefined && { version: versionNumber }),
  });
  const [heard] = await Promise.allSettled([hearing]);
  for (const held of await ports.heldThings.find(clientId, certificateId, thingName))
    await ports.commands.send(
      {
        type: 'reconnected',
        thingName: held,
        clientId,
        connectedAt,
        ...(versionNumber !== undefined && { version: versionNumber }),
      },
      `reconnected#${clientId}#${versionNumber ?? ''}#${timestamp}`,
    );
  // A failed record does not delay the cut: SQS delivers the event again.
  if (heard.status === 'rejected') throw heard.reason;
}
