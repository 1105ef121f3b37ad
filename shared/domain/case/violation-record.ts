import type { AuditFinding, AuditSubject, ExternalFinding, ExternalSubject } from '../findings/finding';
import type { BehaviorSubject, Violation, ViolationEventType } from '../findings/violation';
import type { Reason } from './reasons';

/** The fields of a finding of any kind that a case keeps. */
export type ViolationRecord = FindingRecord &
  (
    | (BehaviorSubject & { readonly detector?: Violation['detector'] })
    | (ExternalSubject & Pick<ExternalFinding, 'detector'>)
    | (AuditSubject & Pick<AuditFinding, 'detector'>)
  );

export interface FindingRecord {
  readonly caseId: string;
  readonly violationId: string;
  /** Device Defender's own id of it, kept if Cordon's detector saw the same. */
  readonly defenderId?: string;
  readonly lastEventType: ViolationEventType;
  readonly lastEventAt: number;
  /** The time of the last in-alarm. */
  readonly alarmAt: number;
  /**
   * The time since when all alarms are known, then the times of its alarms, oldest first. An alarm that is older than
   * the last event and not in the list was overtaken in a queue.
   */
  readonly alarms?: readonly number[];
  /** When it was last announced to people, epoch ms: a flapping value must not page each time. */
  readonly toldAt?: number;
  /** Why the last alarm was excepted. */
  readonly excepted?: Reason;
}

export type OutOfOrderClear = Pick<
  Violation,
  'violationId' | 'eventType' | 'occurredAt' | 'detector' | 'value' | 'reporter'
>;

/** The case's own violations that are in alarm; a case keeps those of earlier cases as well. */
export function openViolations(record: {
  readonly caseId: string;
  readonly violations: Readonly<Record<string, ViolationRecord>>;
}): ViolationRecord[] {
  return Object.values(record.violations).filter(
    ({ caseId, lastEventType }) => caseId === record.caseId && lastEventType === 'in-alarm',
  );
}
