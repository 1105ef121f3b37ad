import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { boundTime, readAlert } from '../../shared/domain/alert';
import { boundByArrival } from '../../shared/domain/arrival';
import { parseJson } from '../../shared/domain/json';
import { type RuleFailure, readRuleFailure, unknownPrincipal } from '../../shared/domain/rule-failure';
import type { Violation } from '../../shared/domain/violation';
import type { ClientIds, CommandQueue, DeadLetters, HeldThings, Log, Metrics } from '../../shared/ports';

export interface IntakePorts {
  readonly clientIds: ClientIds;
  readonly heldThings: HeldThings;
  readonly commands: CommandQueue;
  readonly deadLetters: DeadLetters;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Lifecycle event of IoT Core, `$aws/events/presence/connected/CLIENT`. */
const presenceEvent = z.object({
  clientId: z.string().check(z.minLength(1), z.maxLength(128)),
  /** Only where the certificate is a thing's exclusively; its client may have any id then. */
  thingName: z.optional(z.string()),
  eventType: z.literal('connected'),
  /** Epoch ms, approximate; the version orders the sessions of a client (IoT developer guide, "Lifecycle events"). */
  timestamp: z.number(),
  versionNumber: z.optional(z.int().check(z.nonnegative())),
  /** Id of the certificate, where the client came with one. */
  principalIdentifier: z.optional(z.string()),
});

/** Turns what arrives (alerts by SNS, connects by topic rule) into commands for the thing's mailbox. */
export function intake(ports: IntakePorts, presenceQueueArn: string) {
  return async (record: SQSRecord): Promise<void> => {
    if (record.eventSourceARN === presenceQueueArn) await takePresence(record, ports);
    else await takeAlert(record, ports);
  };
}

async function takeAlert({ body, messageId, attributes }: SQSRecord, ports: IntakePorts): Promise<void> {
  const failure = readRuleFailure(parseJson(body));
  const alert = readAlert(failure ? decode(failure) : body);
  switch (alert.kind) {
    case 'violation': {
      // Who published what an error action set aside is not known, so it contains nothing before people are asked.
      const reporter = failure && { clientId: failure.clientId, principal: unknownPrincipal };
      const claimed: Violation = { ...alert.violation, ...(reporter && { reporter }) };
      const violation = boundTime(claimed, Number(attributes.SentTimestamp));
      if (violation.claimedAt !== undefined) {
        const { thingName, claimedAt } = violation;
        ports.log.warn('alert dated in the future, counted from its arrival', { thingName, claimedAt });
        ports.metrics.count('AlertDatedAhead');
      }
      // By what the sender wrote, which is the same each time that it is delivered.
      const id = eventIdOf(claimed);
      await ports.commands.send({ type: 'violation', thingName: violation.thingName, violation }, id);
      ports.metrics.count('AlertTaken');
      return;
    }
    case 'ignored':
      ports.log.warn('message ignored', { messageId, reason: alert.reason });
      ports.metrics.count('AlertIgnored');
      return;
    case 'rejected':
      ports.log.warn('alert rejected', { messageId, reason: alert.reason });
      ports.metrics.count('AlertRejected');
      await ports.deadLetters.send(body, alert.reason, `alerts:${messageId}`);
  }
}

/** The same event has the same id, however often SNS delivers it (docs/facts.md#alerts). */
function eventIdOf({ violationId, eventType, occurredAt, thingName }: Violation): string {
  return createHash('sha256')
    .update(JSON.stringify([thingName, violationId, eventType, occurredAt]))
    .digest('hex');
}

function decode({ payload }: RuleFailure): string {
  return Buffer.from(payload, 'base64').toString('utf8');
}

/** A lifecycle event comes from AWS IoT alone, which its topic proves: nobody else publishes there. */
function readPresence(failure: RuleFailure): unknown {
  return failure.topic.startsWith('$aws/events/presence/') ? parseJson(decode(failure)) : undefined;
}

/**
 * Ordinary connects of the fleet cost two reads; only a held thing gets a command. The client id is noted before the
 * holds are read, since a containment reads them the other way round: one of the two sees the other.
 * The rule sends base64; its error action, and rules of earlier releases, send JSON.
 */
async function takePresence({ body, messageId, attributes }: SQSRecord, ports: IntakePorts): Promise<void> {
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
  const hearing = ports.clientIds.hear(clientId, {
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
  // What could not be noted delays no cut: the event comes again.
  if (heard.status === 'rejected') throw heard.reason;
}
