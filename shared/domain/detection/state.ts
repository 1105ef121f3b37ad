import type { Behavior, SecurityProfile } from '../configuration';
import type { MetricValue, ViolationEventType } from '../findings/violation';
import type { ThingKey } from '../thing-ref';
import type { AgentState } from './agent-silence';
import type { Excepted } from './excepted';

/**
 * The sum of a count between two instants (epoch ms), which are the same for a single event. `by`: who caused it, if
 * known.
 */
export type Span = readonly [since: number, until: number, sum: number, by?: string];

/** The rules detector's memory of one thing. Times are epoch ms. */
export interface DetectState {
  readonly schema: 1;
  readonly thingName: ThingKey;
  /**
   * Of the last report that changed this state. Order is by time of receipt, not by report id: some agents' ids
   * fall back at a reboot, and a forged one would make every later report look old.
   */
  readonly lastReportId: number;
  readonly lastReceivedAt: number;
  /** Reports that changed the state, by sender, since the ids of each sender are independent. */
  readonly senders?: readonly SenderState[];
  /** The sender whose behaviors are kept under their plain names: the first that connected as the thing. */
  readonly owner?: string;
  /** The end of its last containment: earlier measurements are ignored, whenever they arrive. */
  readonly heldUntil?: number;
  readonly behaviors: Readonly<Record<string, BehaviorState>>;
  /** The time of the last event of behaviors that were forgotten: if one returns, its next event must be later. */
  readonly endedAt?: number;
  /**
   * By behavior: the ends in the alerts that are about to go out. If this is still set later, an invocation was killed
   * before it saved their effect, so alerts may have ended alarms that are open (disturbed.ts).
   */
  readonly ending?: Readonly<Record<string, number>>;
  /** The same of alarms that more than one datapoint decides: alerts may have raised alarms that are not open. */
  readonly raising?: Readonly<Record<string, readonly [violationId: string, at: number]>>;
  /** Profiles that do not target the thing, and since when that is known. */
  readonly outside?: Readonly<Record<string, number>>;
  /** Window of the fleet's distribution that the thing was last counted in, by metric and duration. */
  readonly counted?: Readonly<Record<string, number>>;
  /** The value retained last, by metric. */
  readonly retained?: Readonly<Record<string, RetainedPoint>>;
  readonly presence?: PresenceState;
  readonly agent?: AgentState;
  /** When time alone may change something here. */
  readonly dueAt?: number;
}

export interface SenderState {
  /** Its name (senders.ts). */
  readonly principal: string;
  /** Ids of its reports, the newest first. */
  readonly ids: readonly number[];
  /**
   * Checksums that distinguish reports with the same id, in the order of `ids`. States of earlier versions may have
   * none.
   */
  readonly sums?: readonly number[];
  /** Receipt of the newest. */
  readonly at: number;
  /** When the newest was made, by the device's clock. */
  readonly claimedAt?: number;
  /** The correction of a device's clock that is ahead or was set back. */
  readonly shiftMs?: number;
  /** The least that a report took from the device's clock to its receipt: how far that clock is behind. */
  readonly lagMs?: number;
}

export interface BehaviorState {
  /** Violating and conforming datapoints in a row. */
  readonly bad: number;
  readonly good: number;
  /** The open alarm, if any. */
  readonly violationId?: string;
  /** For an open alarm: its metric, the last recorded datapoint, and the last lookup of the targets. */
  readonly metric?: string;
  readonly heardAt?: number;
  readonly checkedAt?: number;
  /** For an open alarm that exceptions cover. */
  readonly excepted?: Excepted;
  /**
   * An alarm that was reset with its thing's case before the case knew it. Its alert is under way, so its end must be
   * sent as well.
   */
  readonly forgotten?: string;
  /** For an open alarm: when the datapoint was made that raised it. */
  readonly openedAt?: number;
  /** When the last announced alarm began and ended: a late datapoint of that time raises no alarm. */
  readonly told?: readonly [from: number, until: number];
  /** How many datapoints were out of bounds shortly before the last that conformed or was late, and when that was. */
  readonly passed?: readonly [count: number, at: number];
  /** Times of its last events. */
  readonly recent?: readonly number[];
  /** For a metric that is summed. */
  readonly window?: readonly Span[];
  /** The last five-minute boundary at which a cloud-side metric was evaluated. */
  readonly evaluatedAt?: number;
}

export interface RetainedPoint {
  readonly at: number;
  /** Absent if it is too long to be remembered: then each value is retained. */
  readonly value?: MetricValue;
}

/** A session of a client; a newer one with the same client id ended it. */
export interface OtherSession {
  readonly sessionId: string;
  readonly clientId: string;
  readonly connectedAt: number;
}

/** The connection of a thing, from the lifecycle events of AWS IoT. */
export interface PresenceState {
  /** Session of the last connect, and since when. */
  readonly sessionId?: string;
  readonly clientId?: string;
  readonly connectedAt?: number;
  /** Sessions of its other clients (the agent's, the application's): while one is open, the thing is connected. */
  readonly others?: readonly OtherSession[];
  /** While it is disconnected. */
  readonly disconnectedAt?: number;
  /** Certificate of the last event. */
  readonly principal?: string;
  /** The last events, newest first: each may come twice, and in any order. */
  readonly seen: readonly string[];
}

export type Profiles = readonly (readonly [string, SecurityProfile])[];

/** The registry entry of a thing. */
export interface Membership {
  readonly registered: boolean;
  readonly groups: readonly string[];
}

/** An alert to send, unless the behavior suppresses it (suppressAlerts). */
export interface DetectedEvent {
  readonly securityProfileName: string;
  /** If the behavior is no longer configured, only name and metric are known. */
  readonly behavior: Partial<Behavior> & Pick<Behavior, 'name' | 'metric'>;
  readonly eventType: ViolationEventType;
  readonly violationId: string;
  /** Always later than the last event of the behavior, since consumers order by it. */
  readonly at: number;
  /** Absent on alarm-invalidated. */
  readonly value?: MetricValue;
  /** The client that caused it, if a lifecycle event names it. */
  readonly principal?: string;
}

/** A value to be kept for charts. */
export interface Datapoint {
  readonly metric: string;
  readonly at: number;
  readonly value: MetricValue;
}

/** A request to count the thing in the fleet's distribution of a metric. */
export interface Contribution {
  readonly metric: string;
  readonly durationSeconds: number;
  /** Number of the window since the epoch. */
  readonly window: number;
  readonly bin: string;
}

export interface Judgement {
  /** The same object if nothing changed, so that nothing is written. */
  readonly state: DetectState;
  readonly events: readonly DetectedEvent[];
  readonly datapoints: readonly Datapoint[];
  readonly contributions: readonly Contribution[];
}

export function newDetectState(thingName: ThingKey): DetectState {
  return { schema: 1, thingName, lastReportId: 0, lastReceivedAt: 0, behaviors: {} };
}
