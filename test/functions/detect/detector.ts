import { encode } from 'cborg';
import { type DetectPorts, detect } from '../../../functions/detect/handler';
import type { SecurityProfile } from '../../../shared/domain/configuration';
import { type FloodState, noteFlood } from '../../../shared/domain/detection/floods';
import { aConfiguration, account, now } from '../../builders';
import { aRecord, fakeConnections, fakeDeadLetters, fakeTelemetry, fakeThings } from '../../fakes';
import { fakeDetection, fakeSilences } from '../../fakes-detection';

export function aReport(children: number, over: Record<string, unknown> = {}) {
  return {
    header: { report_id: 1_700_000_000 + children, version: '1.0' },
    custom_metrics: { num_child_procs_myapp: [{ number: children }] },
    ...over,
  };
}

interface Sent {
  readonly thingName?: string;
  readonly clientId?: string;
  readonly format?: string;
  readonly receivedAt?: number;
  readonly messageId?: string;
  readonly principal?: string;
  /** How often SQS has handed it out. */
  readonly receives?: number;
  /** Bytes as they came over MQTT; else the report is encoded. */
  readonly bytes?: Uint8Array;
}

/** One message of the reports rule. */
export function received(report: unknown, over: Sent = {}) {
  const { thingName = 'mything1', format = 'json', messageId = 'message-1', bytes } = over;
  const encoded = bytes ?? (format === 'cbor' ? encode(report) : Buffer.from(JSON.stringify(report)));
  return aRecord(
    {
      thingName,
      format,
      clientId: over.clientId ?? thingName,
      principal: over.principal ?? 'a'.repeat(64),
      receivedAt: over.receivedAt ?? now,
      payload: Buffer.from(encoded).toString('base64'),
    },
    {
      messageId,
      receiptHandle: `handle of ${messageId}`,
      attributes: { ...aRecord('').attributes, ApproximateReceiveCount: String(over.receives ?? 1) },
    },
  );
}

/** One message of the lifecycle rule, which arrives when it says, or at `sentAt`. */
export function lifecycle(eventType: string, { sentAt, ...over }: Record<string, unknown> = {}) {
  const event = {
    clientId: 'mything1',
    eventType,
    timestamp: now,
    sessionIdentifier: 'session-1',
    principalIdentifier: 'a'.repeat(64),
    ipAddress: '192.0.2.7',
    versionNumber: 0,
    ...over,
  };
  return aRecord(event, {
    messageId: String(over.messageId ?? 'message-1'),
    attributes: { ...aRecord('').attributes, SentTimestamp: String(sentAt ?? event.timestamp) },
  });
}

export function aDetector(profile: Partial<SecurityProfile> = {}, over: Partial<DetectPorts> = {}) {
  const stored = fakeDetection();
  const { registry, register, things } = fakeThings();
  const { published, connections } = fakeConnections();
  const { letters, deadLetters } = fakeDeadLetters();
  const telemetry = fakeTelemetry();
  /** Alerts, saves and removals from the queue, in the order in which they happened. */
  const order: string[] = [];
  const alerts: Record<string, unknown>[] = [];
  const told: [subject: string, text: string][] = [];
  let floods: FloodState = { floods: [] };
  const held = new Set<string>();
  const { silences } = fakeSilences(stored, held);
  const ports: DetectPorts = {
    ...stored,
    own: account,
    floods: {
      async reserveNotice(flood, at) {
        const noted = noteFlood(floods, flood, at);
        floods = noted.next;
        return noted;
      },
    },
    operations: { notify: async (...message) => void told.push(message) },
    states: {
      ...stored.states,
      async save(state, previous) {
        order.push(`save ${state.thingName}`);
        return stored.states.save(state, previous);
      },
    },
    things,
    alerts: {
      async publish(alert) {
        const parsed = JSON.parse(alert);
        order.push(`alert ${parsed.thingName}`);
        alerts.push(parsed);
      },
    },
    answers: connections,
    deadLetters,
    queue: { remove: async (handle) => void order.push(`remove ${handle}`) },
    unfinished: { count: async () => 0, begin: async () => undefined, end: async () => undefined },
    log: telemetry.log,
    metrics: telemetry.metrics,
    clock: () => now + 5,
    playbooks: [],
    silences,
    ...over,
  };
  const standard = aConfiguration().securityProfiles['myapp-processes'];
  if (!standard) throw new Error('no profile');
  const handle = detect(ports, [['myapp-processes', { ...standard, ...profile }]]);
  const run = async (...records: ReturnType<typeof aRecord>[]) =>
    (await handle({ Records: records })).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  for (const thingName of ['mything1', 'mything2']) register(thingName);
  /** What the schedule does. */
  const tick = () => handle({ time: new Date(ports.clock()).toISOString() });
  return {
    ...{ run, tick, stored, registry, register, published, letters },
    ...{ telemetry, order, alerts, told, held },
  };
}
