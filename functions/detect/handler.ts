import { createHash } from 'node:crypto';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { Decoder, encode } from 'cbor-x';
import * as z from 'zod/mini';
import { writeAlert } from '../../shared/domain/alert';
import { type DetectedEvent, type DetectState, detect, newDetectState } from '../../shared/domain/behavior';
import type { SecurityProfile } from '../../shared/domain/configuration';
import { parseJson } from '../../shared/domain/json';
import { registryName } from '../../shared/domain/names';
import { type DeviceReport, type ReadReport, readReport } from '../../shared/domain/report';
import { isNotFound, VersionConflictError } from '../../shared/errors';
import type {
  AlertTopic,
  Clock,
  Connections,
  DeadLetters,
  DetectStore,
  Log,
  Metrics,
  Things,
} from '../../shared/ports';

export interface DetectPorts {
  readonly states: DetectStore;
  readonly things: Pick<Things, 'listGroups'>;
  readonly alerts: AlertTopic;
  readonly answers: Pick<Connections, 'publish'>;
  readonly deadLetters: DeadLetters;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** What the reports rule selects (infra/iot.ts). */
const envelope = z.object({
  thingName: z.string().check(z.regex(registryName)),
  format: z.enum(['json', 'cbor']),
  clientId: z.string(),
  principal: z.string(),
  receivedAt: z.number(),
  payload: z.string(),
});

/** A report id of epoch ms is a 64-bit integer in CBOR, which would come as a bigint; cbor-x's types lack the option. */
const decoderOptions = { int64AsNumber: true, useRecords: false, mapsAsObjects: true };
const decoder = new Decoder(decoderOptions);

type Envelope = z.output<typeof envelope>;

interface Received {
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly read: ReadReport;
}

type Profiles = readonly (readonly [string, SecurityProfile])[];

/** Evaluates the security profiles on a batch of reports: things in parallel, the reports of one in order. */
export function detectBatch(ports: DetectPorts, profiles: Profiles) {
  return async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: string[] = [];
    const received = await Promise.all(event.Records.map((record) => receive(record, ports, failed)));
    const byThing = Map.groupBy(
      received.filter((item) => item !== undefined),
      ({ envelope }) => envelope.thingName,
    );
    await Promise.all(
      [...byThing].map(async ([thingName, reports]) => {
        try {
          await judgeUntilSaved(thingName, reports, ports, profiles);
        } catch (error) {
          ports.log.error('reports not judged, will be redelivered', { thingName, error });
          failed.push(...reports.map(({ messageId }) => messageId));
        }
      }),
    );
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

async function receive(
  record: SQSRecord,
  ports: DetectPorts,
  failed: string[],
): Promise<Received | undefined> {
  try {
    const parsed = envelope.safeParse(parseJson(record.body));
    if (parsed.success)
      return {
        messageId: record.messageId,
        envelope: parsed.data,
        read: readReport(decodePayload(parsed.data)),
      };
    const field = parsed.error.issues[0]?.path.map(String).join('.');
    await ports.deadLetters.send(
      record.body,
      `not a message of the reports rule: ${field}`,
      `reports:${record.messageId}`,
    );
  } catch (error) {
    ports.log.error('report not read', { messageId: record.messageId, error });
    failed.push(record.messageId);
  }
  return undefined;
}

function decodePayload({ payload, format }: Envelope): unknown {
  const bytes = Buffer.from(payload, 'base64');
  try {
    if (format === 'cbor') return decoder.decode(bytes);
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Another invocation may judge another report of the thing at the same time: whoever saves second looks again. */
async function judgeUntilSaved(...judged: Parameters<typeof judgeThing>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await judgeThing(...judged);
    } catch (error) {
      if (!(error instanceof VersionConflictError) || attempt === 5) throw error;
    }
  }
}

async function judgeThing(
  thingName: string,
  reports: readonly Received[],
  ports: DetectPorts,
  profiles: Profiles,
): Promise<void> {
  const stored = await ports.states.load(thingName);
  let state = stored?.value ?? newDetectState(thingName);
  const before = state;
  const ordered = reports.toSorted((a, b) => a.envelope.receivedAt - b.envelope.receivedAt);
  for (const { envelope, read } of ordered)
    if (read.kind === 'report') state = await judgeReport(state, envelope, read.report, ports, profiles);
  // The alerts went out first: a crash in between repeats them under the same ids, and loses none.
  if (state !== before) await ports.states.save(state, stored?.version ?? 0);
  await Promise.all(ordered.map((item) => answer(item, ports)));
}

async function judgeReport(
  state: DetectState,
  envelope: Envelope,
  report: DeviceReport,
  ports: DetectPorts,
  profiles: Profiles,
): Promise<DetectState> {
  const { thingName, clientId, principal, receivedAt } = envelope;
  const nameViolation = (key: string, reportId: number) =>
    createHash('sha256')
      // Not of the time: a report that came twice names the same violation twice.
      .update(JSON.stringify([thingName, key, reportId]))
      .digest('hex')
      .slice(0, 32);
  const result = detect({
    state,
    report,
    receivedAt,
    profiles,
    reportedByItself: clientId === thingName,
    nameViolation,
  });
  for (const event of result.events) {
    if (event.behavior.suppressAlerts) continue;
    if (!(await isTarget(thingName, event, ports, profiles))) continue;
    await ports.alerts.publish(
      writeAlert({
        ...event,
        thingName,
        occurredAt: receivedAt,
        reporter: { clientId, principal },
        evidence: report.evidence,
      }),
    );
    ports.log.info('violation', { thingName, event: event.eventType, behavior: event.behavior.name });
    ports.metrics.count(event.eventType === 'in-alarm' ? 'ViolationRaised' : 'ViolationCleared');
    ports.metrics.time('ReportToAlertMs', Math.max(0, ports.clock() - receivedAt));
  }
  return result.state;
}

/** Looked up only when an alarm is about to go out, so that a report costs no IoT call. */
async function isTarget(
  thingName: string,
  { securityProfileName }: DetectedEvent,
  ports: DetectPorts,
  profiles: Profiles,
): Promise<boolean> {
  const targets = profiles.find(([name]) => name === securityProfileName)?.[1].targets ?? [];
  if (targets.some((target) => target.startsWith('all/'))) return true;
  const groups = await ports.things.listGroups(thingName).catch(unlessRegistered);
  return targets.some((target) => groups.includes(target.slice('thinggroup/'.length)));
}

/** A report may name a thing that doesn't exist: it is in no group, which is no fault to try again for. */
function unlessRegistered(error: unknown): string[] {
  if (isNotFound(error)) return [];
  throw error;
}

/** Tells the device what became of its report, in Device Defender's words. A lost answer costs nothing. */
async function answer({ envelope, read }: Received, ports: DetectPorts): Promise<void> {
  const { thingName, receivedAt } = envelope;
  const base = `cordon/things/${thingName}/reports/${envelope.format}`;
  const accepted = read.kind === 'report';
  const body = accepted
    ? { thingName, reportId: read.report.reportId, status: 'ACCEPTED', timestamp: receivedAt }
    : {
        thingName,
        ...(read.reportId !== undefined && { reportId: read.reportId }),
        status: 'REJECTED',
        statusDetails: { ErrorCode: read.errorCode, ErrorMessage: read.reason },
        timestamp: receivedAt,
      };
  if (!accepted) {
    ports.log.warn('report rejected', { thingName, reason: read.reason });
    ports.metrics.count('ReportRejected');
  }
  try {
    // The answer has the format of the report, as Device Defender's has.
    const payload = envelope.format === 'cbor' ? encode(body) : JSON.stringify(body);
    await ports.answers.publish(`${base}/${accepted ? 'accepted' : 'rejected'}`, payload);
  } catch (error) {
    ports.log.warn('answer not sent', { thingName, error });
  }
}
