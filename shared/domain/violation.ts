/** One behavior of one thing out of bounds, as an alert told it. */
export interface Violation {
  readonly violationId: string;
  readonly thingName: string;
  readonly securityProfileName: string;
  readonly behaviorName: string;
  readonly metric: string;
  readonly eventType: ViolationEventType;
  /** When the event happened, epoch ms. */
  readonly occurredAt: number;
  /** Absent on alarm-invalidated. */
  readonly value?: MetricValue;
  /** The behavior's criteria as of the alert, for people. */
  readonly criteria?: string;
  readonly detector: 'cordon' | 'device-defender';
  /** Who reported the datapoint; only Cordon's own detector knows. */
  readonly reporter?: Reporter;
  readonly evidence?: readonly Evidence[];
  /** Of an ML behavior. */
  readonly confidence?: Confidence;
}

type Confidence = 'LOW' | 'MEDIUM' | 'HIGH';

export type ViolationEventType = 'in-alarm' | 'alarm-cleared' | 'alarm-invalidated';

/** One key of `count | number | numbers | strings | ports | cidrs`. */
export type MetricValue = Readonly<Record<string, number | readonly number[] | readonly string[]>>;

export interface Reporter {
  readonly clientId: string;
  /** Certificate id (IoT SQL `principal()`). */
  readonly principal: string;
}

/** A process as the agent saw it. All text is the device's word. */
export interface Evidence {
  readonly metric?: string | undefined;
  readonly pid?: number | undefined;
  readonly ppid?: number | undefined;
  readonly executable?: string | undefined;
  readonly commandLine?: string | undefined;
  readonly user?: string | undefined;
  readonly startedAt?: number | undefined;
  readonly parents?: readonly string[] | undefined;
}

/** Alerts correlate by profile and behavior first; whether a clear keeps the violation id is undocumented. */
export function behaviorKey(violation: Pick<Violation, 'securityProfileName' | 'behaviorName'>): string {
  return `${violation.securityProfileName}/${violation.behaviorName}`;
}
