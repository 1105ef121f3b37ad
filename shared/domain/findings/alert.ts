import type { Behavior } from '../configuration';
import { writeMessageJson } from '../json';
import type { Account } from '../thing-ref';
import { boundByArrival } from './arrival';
import {
  boundUncounted,
  boundValue,
  type Evidence,
  type FindingEvent,
  keepEvidence,
  type MetricValue,
  type Reporter,
  type ViolationEventType,
} from './violation';

/** The violation with a possible time, and with the time that its sender stated if that differs. */
export function boundTime<F extends FindingEvent>(violation: F, arrivedAt: number): F {
  const { occurredAt: claimedAt } = violation;
  const occurredAt = boundByArrival(claimedAt, arrivedAt);
  return occurredAt === claimedAt ? violation : { ...violation, occurredAt, claimedAt };
}

export interface AlertToWrite {
  readonly violationId: string;
  readonly thingName: string;
  /** Where that is. */
  readonly account?: Account;
  readonly securityProfileName: string;
  readonly eventType: ViolationEventType;
  readonly occurredAt: number;
  /** For a behavior that is no longer configured, only name and metric are known. */
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
      ...(alert.account && { thing: { ...alert.account, name: alert.thingName } }),
      ...(alert.reporter && { reporter: alert.reporter }),
      ...keepEvidence(alert.evidence ?? []),
      ...(alert.uncounted?.length && { uncounted: boundUncounted(alert.uncounted) }),
    },
  });
}
