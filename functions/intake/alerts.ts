import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { boundTime } from '../../shared/domain/findings/alert';
import { boundByArrival } from '../../shared/domain/findings/arrival';
import {
  type AuditResult,
  type Finding,
  findingKey,
  type Reading,
} from '../../shared/domain/findings/finding';
import { isHeartbeat } from '../../shared/domain/findings/heartbeat';
import { findForeignOrigin } from '../../shared/domain/findings/origin';
import { readMessage } from '../../shared/domain/findings/read-message';
import {
  decodeRuleFailure,
  type RuleFailure,
  readRuleFailure,
  unknownPrincipal,
} from '../../shared/domain/findings/rule-failure';
import { heartbeatName } from '../../shared/domain/heartbeat';
import { parseJson } from '../../shared/domain/json';
import { type Account, heartbeatKey, notHome, thingKey } from '../../shared/domain/thing-ref';
import type { CommandQueue, DeadLetters } from '../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import { type AuditPorts, handleAudit } from './audit';

export interface AlertPorts {
  /** Absent if cordon.yml does not ask for findings of Device Defender Audit. */
  readonly audits?: AuditPorts | undefined;
  readonly commands: CommandQueue;
  /** The account and region that Cordon runs in. */
  readonly own: Account;
  readonly deadLetters: DeadLetters;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Sends the findings in a message of the alerts topic to the mailboxes of their things. */
export async function handleAlert(record: SQSRecord, ports: AlertPorts): Promise<void> {
  const { body } = record;
  const failure = readRuleFailure(parseJson(body));
  const reading = checkName(read(failure ? decodeRuleFailure(failure) : body, ports.own), failure);
  await handleReading(reading, record, ports, failure);
}

/** Forwards findings, and sets aside faulty messages. */
export async function handleReading(
  reading: Reading,
  record: SQSRecord,
  ports: AlertPorts,
  failure?: RuleFailure,
): Promise<void> {
  const { body, messageId } = record;
  switch (reading.kind) {
    case 'findings':
      for (const finding of reading.findings) await sendFinding(finding, failure, record, ports);
      return;
    case 'audit':
      await handleResult(reading.result, record, ports);
      return;
    case 'ignored':
      ignore(reading.reason, record, ports);
      return;
    case 'rejected':
      ports.log.warn('alert rejected', { messageId, reason: reading.reason });
      ports.metrics.count('AlertRejected');
      await ports.deadLetters.send(body, reading.reason, `alerts:${messageId}`);
  }
}

function ignore(reason: string, { messageId }: SQSRecord, { log, metrics }: AlertPorts): void {
  log.warn('message ignored', { messageId, reason });
  metrics.count('AlertIgnored');
}

async function handleResult(
  result: AuditResult | undefined,
  record: SQSRecord,
  ports: AlertPorts,
): Promise<void> {
  if (!ports.audits)
    return ignore(
      'an Audit result: sources.deviceDefender.audit makes cases of what an audit finds',
      record,
      ports,
    );
  if (!result) {
    const reason = 'an Audit result without a task, its time, or its checks';
    return handleReading({ kind: 'rejected', reason }, record, ports);
  }
  const startedAt = boundByArrival(result.startedAt, Number(record.attributes.SentTimestamp));
  const send = (finding: Finding) => sendFinding(finding, undefined, record, ports);
  await handleAudit({ ...result, startedAt }, send, { ...ports.audits, log: ports.log });
}

/** A thing of another account may have the name of a thing here, so its alert is set aside. */
function read(message: string, own: Account): Reading {
  const origin = findForeignOrigin(message, own);
  return origin === undefined
    ? readMessage(message)
    : { kind: 'rejected', reason: `from ${origin}, and ${notHome}` };
}

/** Only the heartbeat has its name, and it comes by no rule of AWS IoT. */
function checkName(reading: Reading, failure: RuleFailure | undefined): Reading {
  if (reading.kind !== 'findings') return reading;
  const isForged = reading.findings.some(
    (finding) => finding.thingName === heartbeatName && (failure || !isHeartbeat(finding)),
  );
  return isForged
    ? {
        kind: 'rejected',
        reason: `no thing can be named ${heartbeatName}: the name is that of the heartbeat`,
      }
    : reading;
}

async function sendFinding(
  finding: Finding,
  failure: RuleFailure | undefined,
  { attributes }: SQSRecord,
  ports: AlertPorts,
): Promise<void> {
  // An error action does not record the publisher, so such an alert contains nothing until a person approves.
  const reporter = failure && { clientId: failure.clientId, principal: unknownPrincipal };
  const claimed: Finding =
    finding.kind === undefined ? { ...finding, ...(reporter && { reporter }) } : finding;
  const violation = boundTime(claimed, Number(attributes.SentTimestamp));
  const { thingName, claimedAt } = violation;
  if (isHeartbeat(violation)) {
    const takenAt = ports.clock();
    await ports.commands.send(
      { type: 'violation', thingName: heartbeatKey, violation, takenAt },
      eventIdOf(claimed),
    );
    return;
  }
  if (claimedAt !== undefined) {
    ports.log.warn('alert dated in the future, counted from its arrival', { thingName, claimedAt });
    ports.metrics.count('AlertDatedAhead');
  }
  // The id comes from what the sender wrote, which is the same at each delivery.
  await ports.commands.send(
    { type: 'violation', thingName: thingKey(thingName), violation },
    eventIdOf(claimed),
  );
  ports.metrics.count('AlertTaken');
}

/** The same event has the same id, however often SNS delivers it (docs/facts.md#alerts). */
function eventIdOf(finding: Finding): string {
  const { kind, violationId, eventType, occurredAt, thingName } = finding;
  const id = kind === undefined ? violationId : findingKey(finding);
  return createHash('sha256')
    .update(JSON.stringify([thingName, id, eventType, occurredAt]))
    .digest('hex');
}
