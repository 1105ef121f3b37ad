import * as z from 'zod/mini';
import '../../schema-language';
import { boundNumber, isObject } from '../../json';
import { clip, registryName } from '../../text';
import { firstMs } from '../arrival';
import type { Source } from '../finding';
import { describeIssue } from '../issue';
import { boundUncounted, boundValue, keepEvidence, type MetricValue, type Violation } from '../violation';

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
const awsName = z.string().check(z.regex(registryName));
const finite = z.number();
const bounded = z.pipe(finite, z.transform(boundNumber));

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
      pid: bounded,
      ppid: bounded,
      executable: text(4096),
      commandLine: text(4096),
      argumentCount: z.int().check(z.nonnegative()),
      user: text(256),
      startedAt: bounded,
      parents: z.array(text(4096)),
    }),
  ),
);

const confidence = z.enum(['LOW', 'MEDIUM', 'HIGH']);

/** The end of the year 9999: a later time can't be written as a date. */
const lastMs = 253_402_300_799_999;

const detectAlert = z.object({
  violationId: text(128),
  thingName: z
    .string()
    .check(
      z.regex(
        registryName,
        'no thing can have this name: Device Defender also reports clients that are no thing (target all/unregistered-things), and Cordon acts on things only',
      ),
    ),
  securityProfileName: awsName,
  violationEventType: z.enum(['in-alarm', 'alarm-cleared', 'alarm-invalidated']),
  violationEventTime: z
    .int('expected a whole number of milliseconds since 1970: only the API has seconds with fractions')
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

/**
 * Alerts of Device Defender Detect. Shape: real SNS messages of the AWS workshops on Device Defender. Cordon's own
 * detector writes the same, plus the key `cordon` (alert.ts).
 */
export const deviceDefender: Source = {
  name: 'device-defender',
  reads: { what: 'an alert of Device Defender', field: 'violationId' },
  read(message) {
    if (!('violationId' in message) && !('violationEventType' in message)) return undefined;
    const result = detectAlert.safeParse(message);
    if (!result.success) return { kind: 'rejected', reason: describeIssue(result.error.issues[0], message) };
    return {
      kind: 'findings',
      findings: [toViolation(result.data)],
    };
  },
};

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

/** An ML alarm has it in one place or the other (docs/facts.md#alerts). */
function readConfidence({ behavior, violationEventAdditionalInfo }: z.output<typeof detectAlert>) {
  const ml = behavior.criteria?.mlDetectionConfig;
  const nested = isObject(ml) ? confidence.safeParse(ml.confidenceLevel).data : undefined;
  const level = violationEventAdditionalInfo?.confidenceLevel ?? nested;
  return level === undefined ? {} : { confidence: level };
}
