export interface CustomMetric {
  readonly metricName: string;
  readonly metricArn: string;
  readonly metricType: string;
  readonly displayName?: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface SecurityProfile {
  readonly securityProfileName: string;
  readonly securityProfileArn: string;
  /** The request's fields as they were sent (description, behaviors, alertTargets, metrics to retain). */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly targets: readonly string[];
  readonly version: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface MitigationAction {
  readonly actionName: string;
  readonly actionArn: string;
  readonly actionId: string;
  readonly roleArn: string;
  readonly actionParams: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export type ViolationEventType = 'in-alarm' | 'alarm-cleared' | 'alarm-invalidated';

/** One alarm of one behavior of one thing, from the event that raised it to the one that ended it. */
export interface Violation {
  readonly violationId: string;
  readonly thingName: string;
  readonly securityProfileName: string;
  /** The behavior as the profile had it when the alarm was raised. */
  readonly behavior: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly lastValue?: Readonly<Record<string, unknown>>;
  readonly lastViolationAt: number;
  readonly startedAt: number;
  /** Absent while the alarm is active. */
  readonly endedAt?: number;
}

export interface ViolationEvent {
  /** Order in which the events were stated. */
  readonly sequence: number;
  readonly violationId: string;
  readonly eventType: ViolationEventType;
  readonly value?: Readonly<Record<string, unknown>>;
  readonly occurredAt: number;
}

/** An operator's verdict on a violation; it changes no alarm. */
export interface Verification {
  readonly verificationState: string;
  readonly verificationStateDescription?: string;
}

/** The finding of an audit's check about a resource; tests state it, since nothing is audited here. */
export interface AuditFinding {
  readonly findingId: string;
  readonly taskId: string;
  readonly checkName: string;
  readonly taskStartedAt: number;
  readonly foundAt: number;
  readonly severity: string;
  readonly nonCompliantResource: Readonly<Record<string, unknown>>;
  readonly relatedResources: readonly Readonly<Record<string, unknown>>[];
  readonly reasonForNonCompliance: string;
  readonly isSuppressed: boolean;
}

/** The account's settings of Audit, as they were sent. */
export interface AuditConfiguration {
  readonly roleArn?: string;
  readonly auditNotificationTargetConfigurations: Readonly<Record<string, unknown>>;
  readonly auditCheckConfigurations: Readonly<Record<string, unknown>>;
}

/** The schedule of an audit. */
export interface ScheduledAudit {
  readonly scheduledAuditName: string;
  readonly scheduledAuditArn: string;
  readonly frequency: string;
  readonly dayOfMonth?: string;
  readonly dayOfWeek?: string;
  readonly targetCheckNames: readonly string[];
}

/** Which violations a task acts on: those named, or those of a profile or of one of its behaviors. */
export interface MitigationTarget {
  readonly violationIds?: readonly string[];
  readonly securityProfileName?: string;
  readonly behaviorName?: string;
}

export interface MitigationTask {
  readonly taskId: string;
  readonly clientRequestToken: string;
  readonly status: 'IN_PROGRESS' | 'SUCCESSFUL' | 'FAILED';
  readonly target: MitigationTarget;
  readonly range?: { readonly startAt: number; readonly endAt: number };
  readonly onlyActiveViolations: boolean;
  readonly suppressedAlerts: boolean;
  /** The actions as they were when the task was started. */
  readonly actions: readonly MitigationAction[];
  readonly startedAt: number;
  readonly endedAt?: number;
}

export interface MitigationExecution {
  readonly sequence: number;
  readonly taskId: string;
  readonly violationId: string;
  readonly actionName: string;
  readonly thingName: string;
  readonly status: 'SUCCESSFUL' | 'FAILED' | 'SKIPPED';
  readonly startedAt: number;
  readonly endedAt: number;
  readonly errorCode?: string;
  readonly message?: string;
}
