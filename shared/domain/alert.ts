import * as z from 'zod/mini';
import './schema-language';
import { boundByArrival, firstMs } from './arrival';
import type { Behavior } from './configuration';
import { isObject, isTooDeep, parseJson, writeMessageJson } from './json';
import { clip, registryName } from './names';
import {
  boundUncounted,
  boundValue,
  type Evidence,
  keepEvidence,
  type MetricValue,
  type Reporter,
  type Violation,
  type ViolationEventType,
} from './violation';

/**
 * The Device Defender Detect alert, read and written here and nowhere else. Shape: real SNS messages of the AWS
 * workshops on Device Defender. Cordon's own detector writes the same, plus the key `cordon`.
 */

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
const awsName = z.string().check(z.regex(registryName));
const finite = z.number();

const metricValue = z.partial(
  z.object({
    count: finite,
    number: finite,
    numbers: z.array(finite),
    strings: z.array(z.string()),
    ports: z.array(finite),
    cidrs: z.array(z.string()),
  }),
);

const evidence = z.array(
  z.partial(
    z.object({
      metric: text(128),
      pid: finite,
      ppid: finite,
      executable: text(4096),
      commandLine: text(4096),
      argumentCount: z.int().check(z.nonnegative()),
      user: text(256),
      startedAt: finite,
      parents: z.array(text(4096)),
    }),
  ),
);

const confidence = z.enum(['LOW', 'MEDIUM', 'HIGH']);

/** The end of the year 9999: what is later can't be written as a date. */
const lastMs = 253_402_300_799_999;

const detectAlert = z.object({
  violationId: text(128),
  thingName: awsName,
  securityProfileName: awsName,
  violationEventType: z.enum(['in-alarm', 'alarm-cleared', 'alarm-invalidated']),
  violationEventTime: z
    .int()
    .check(
      z.minimum(firstMs, 'is before 2015: expected milliseconds since 1970, not seconds'),
      z.maximum(lastMs, 'is after the year 9999: expected milliseconds since 1970'),
    ),
  behavior: z.object({
    name: text(128),
    metric: z.optional(text(128)),
    criteria: z.optional(z.record(z.string(), z.unknown())),
  }),
  metricValue: z.optional(metricValue),
  violationEventAdditionalInfo: z.optional(z.object({ confidenceLevel: z.optional(confidence) })),
  cordon: z.optional(
    z.object({
      reporter: z.optional(z.object({ clientId: text(128), principal: text(128) })),
      evidence: z.optional(evidence),
      isPartial: z.optional(z.literal(true)),
      uncounted: z.optional(z.array(z.string())),
    }),
  ),
});

export type ReadAlert =
  | { readonly kind: 'violation'; readonly violation: Violation }
  /** A message of another kind, which is no fault: Audit results, findings. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };

/** Reads one message of the alerts topic: raw, or still inside its SNS envelope. Never throws. */
export function readAlert(body: string): ReadAlert {
  const parsed = parseJson(body);
  if (parsed === undefined)
    return { kind: 'rejected', reason: isTooDeep(body) ? 'nested too deep' : 'not JSON' };
  if (!isObject(parsed)) return { kind: 'rejected', reason: 'not a JSON object' };
  if (parsed.Type === 'Notification' && typeof parsed.Message === 'string') {
    const inner = parseJson(parsed.Message);
    if (!isObject(inner))
      return { kind: 'rejected', reason: 'Message of the SNS envelope is not a JSON object' };
    return classify(inner);
  }
  return classify(parsed);
}

function classify(message: Record<string, unknown>): ReadAlert {
  // Audit notifications carry auditDetails, Detect alerts a violationId (docs/facts.md#alerts).
  if ('auditDetails' in message) return { kind: 'ignored', reason: 'an Audit result, not a violation' };
  if ('findingId' in message || 'nonCompliantResource' in message)
    return { kind: 'ignored', reason: 'an Audit finding, not a violation' };
  if (!('violationId' in message) && !('violationEventType' in message))
    return { kind: 'rejected', reason: 'not a Device Defender alert: violationId is missing' };
  const result = detectAlert.safeParse(message);
  if (!result.success) return { kind: 'rejected', reason: describe(result.error.issues[0]) };
  return { kind: 'violation', violation: toViolation(result.data) };
}

function toViolation(alert: z.output<typeof detectAlert>): Violation {
  const { behavior, cordon } = alert;
  return {
    violationId: alert.violationId,
    thingName: alert.thingName,
    securityProfileName: alert.securityProfileName,
    behaviorName: behavior.name,
    metric: behavior.metric ?? 'unknown',
    eventType: alert.violationEventType,
    occurredAt: alert.violationEventTime,
    ...(alert.metricValue && { value: boundValue(alert.metricValue as MetricValue) }),
    ...(behavior.criteria && { criteria: clip(JSON.stringify(behavior.criteria), 1000) }),
    detector: cordon ? 'cordon' : 'device-defender',
    ...(cordon?.reporter && { reporter: cordon.reporter }),
    ...(cordon?.evidence && keepEvidence(cordon.evidence)),
    ...(cordon?.isPartial && { isPartial: true }),
    ...(cordon?.uncounted?.length && { uncounted: boundUncounted(cordon.uncounted) }),
    ...readConfidence(alert),
  };
}

/** The violation as of a time that can be, with what its sender said where that is another. */
export function boundTime(violation: Violation, arrivedAt: number): Violation {
  const { occurredAt: claimedAt } = violation;
  const occurredAt = boundByArrival(claimedAt, arrivedAt);
  return occurredAt === claimedAt ? violation : { ...violation, occurredAt, claimedAt };
}

/** An ML alarm has it in one place or the other (docs/facts.md#alerts). */
function readConfidence({ behavior, violationEventAdditionalInfo }: z.output<typeof detectAlert>) {
  const ml = behavior.criteria?.mlDetectionConfig;
  const nested = isObject(ml) ? confidence.safeParse(ml.confidenceLevel).data : undefined;
  const level = violationEventAdditionalInfo?.confidenceLevel ?? nested;
  return level === undefined ? {} : { confidence: level };
}

export interface AlertToWrite {
  readonly violationId: string;
  readonly thingName: string;
  readonly securityProfileName: string;
  readonly eventType: ViolationEventType;
  readonly occurredAt: number;
  /** Of a behavior that is not configured any more only name and metric are known. */
  readonly behavior: Partial<Behavior> & Pick<Behavior, 'name' | 'metric'>;
  readonly value?: MetricValue;
  readonly reporter?: Reporter;
  readonly evidence?: readonly Evidence[];
  readonly uncounted?: readonly string[];
}

/** Writes an alert as Detect does, so that any consumer of the topic can read it. */
export function writeAlert(alert: AlertToWrite): string {
  return writeMessageJson({
    violationEventTime: alert.occurredAt,
    thingName: alert.thingName,
    behavior: alert.behavior,
    violationEventType: alert.eventType,
    ...(alert.value && { metricValue: boundValue(alert.value) }),
    violationId: alert.violationId,
    securityProfileName: alert.securityProfileName,
    cordon: {
      ...(alert.reporter && { reporter: alert.reporter }),
      ...keepEvidence(alert.evidence ?? []),
      ...(alert.uncounted?.length && { uncounted: boundUncounted(alert.uncounted) }),
    },
  });
}

function describe(issue: { path: PropertyKey[]; message: string } | undefined): string {
  if (!issue) return 'not a Device Defender alert';
  return clip(`${issue.path.map(String).join('.') || 'message'}: ${issue.message}`, 300);
}
