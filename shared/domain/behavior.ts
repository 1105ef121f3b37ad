import type { Behavior, Criteria, SecurityProfile } from './configuration';
import type { DeviceReport } from './report';
import { behaviorKey, type MetricValue, type ViolationEventType } from './violation';

/** The rules detector's memory of one thing. */
export interface DetectState {
  readonly schema: 1;
  readonly thingName: string;
  /**
   * Of the last report that changed this state. Order is by time of receipt, not by report id: some agents' ids
   * fall back at a reboot, and a forged one would make every later report look old.
   */
  readonly lastReportId: number;
  readonly lastReceivedAt: number;
  readonly behaviors: Readonly<Record<string, BehaviorState>>;
}

interface BehaviorState {
  /** Violating and conforming datapoints in a row. */
  readonly bad: number;
  readonly good: number;
  /** The open alarm, if any. */
  readonly violationId?: string;
  /** Times of its last events. */
  readonly recent?: readonly number[];
}

export interface DetectedEvent {
  readonly securityProfileName: string;
  readonly behavior: Behavior;
  readonly eventType: ViolationEventType;
  readonly violationId: string;
  readonly value: MetricValue;
}

/** The key under which a metric value and a behavior's bound are compared. */
const comparisons = {
  'less-than': (value: number, bound: number) => value < bound,
  'less-than-equals': (value: number, bound: number) => value <= bound,
  'greater-than': (value: number, bound: number) => value > bound,
  'greater-than-equals': (value: number, bound: number) => value >= bound,
} as const;

/**
 * Whether a value is out of the behavior's bounds; criteria describe what is normal (Detect: a datapoint violates
 * when NOT (value OP bound)). Undefined where the two can't be compared.
 */
export function violates(value: MetricValue, criteria: Criteria): boolean | undefined {
  const operator = criteria.comparisonOperator;
  const bound = criteria.value;
  if (operator in comparisons) {
    const measured = value.number ?? value.count;
    const limit = bound.number ?? bound.count;
    if (typeof measured !== 'number' || limit === undefined) return undefined;
    return !comparisons[operator as keyof typeof comparisons](measured, limit);
  }
  const allowed = bound.ports ?? bound.numbers ?? bound.strings;
  const present = value.ports ?? value.numbers ?? value.strings;
  if (!allowed || !Array.isArray(present)) return undefined;
  const set = new Set<unknown>(allowed);
  // in-*-set: every element must be in the set; not-in-*-set: none may be.
  return operator.startsWith('not-')
    ? present.some((item) => set.has(item))
    : present.some((item) => !set.has(item));
}

export function newDetectState(thingName: string): DetectState {
  return { schema: 1, thingName, lastReportId: 0, lastReceivedAt: 0, behaviors: {} };
}

export interface DetectInput {
  readonly state: DetectState;
  readonly report: DeviceReport;
  /** Time of receipt at IoT Core, epoch ms. */
  readonly receivedAt: number;
  readonly profiles: readonly (readonly [string, SecurityProfile])[];
  /** False where another client reported for the thing: such a report can raise an alarm, never end one. */
  readonly reportedByItself: boolean;
  /** Names a new violation; the same arguments give the same id, so a repeated report repeats no alarm. */
  readonly nameViolation: (key: string, reportId: number) => string;
}

/** Judges one report. Returns the same state object where nothing changed. */
export function detect(input: DetectInput): { state: DetectState; events: DetectedEvent[] } {
  const { state, report, receivedAt, profiles } = input;
  if (receivedAt < state.lastReceivedAt || report.reportId === state.lastReportId)
    return { state, events: [] };
  const events: DetectedEvent[] = [];
  const behaviors: Record<string, BehaviorState> = { ...state.behaviors };
  for (const [securityProfileName, profile] of profiles) {
    for (const behavior of profile.behaviors) {
      const value = report.metrics[behavior.metric];
      const bad = value && violates(value, behavior.criteria);
      if (value === undefined || bad === undefined || (!bad && !input.reportedByItself)) continue;
      const key = behaviorKey({ securityProfileName, behaviorName: behavior.name });
      // What others say of the thing is kept apart: it must not hide what the thing says itself.
      const slot = input.reportedByItself ? key : `${key}|foreign`;
      const before = behaviors[slot] ?? { bad: 0, good: 0 };
      const recent = (before.recent ?? []).filter((at) => receivedAt - at < flapWindowMs);
      if (recent.length >= maxFlaps) continue;
      const after = step(before, bad, behavior.criteria, () => input.nameViolation(key, report.reportId));
      const told = after.event ? [...recent, receivedAt] : before.recent;
      behaviors[slot] = { ...after.state, ...(told && { recent: told }) };
      if (after.event) events.push({ securityProfileName, behavior, value, ...after.event });
    }
  }
  if (JSON.stringify(behaviors) === JSON.stringify(state.behaviors)) return { state, events };
  const lastReportId = input.reportedByItself ? report.reportId : state.lastReportId;
  return { state: { ...state, lastReportId, lastReceivedAt: receivedAt, behaviors }, events };
}

/**
 * A device can make a value flap many times a second, and each event costs a place in its mailbox. A behavior with this
 * many events within the window is looked at again when the window is over.
 */
const maxFlaps = 10;
const flapWindowMs = 60_000;

type StepEvent = Pick<DetectedEvent, 'eventType' | 'violationId'>;

/** One datapoint (device-defender.md, 3.6). Counters stop at 10, the most a behavior can ask for. */
function step(
  state: BehaviorState,
  bad: boolean,
  criteria: Criteria,
  newId: () => string,
): { state: BehaviorState; event?: StepEvent } {
  const { violationId } = state;
  if (bad) {
    const count = Math.min(state.bad + 1, criteria.consecutiveDatapointsToAlarm);
    if (violationId || count < criteria.consecutiveDatapointsToAlarm)
      return { state: { bad: count, good: 0, ...(violationId && { violationId }) } };
    const id = newId();
    return {
      state: { bad: count, good: 0, violationId: id },
      event: { eventType: 'in-alarm', violationId: id },
    };
  }
  const count = Math.min(state.good + 1, criteria.consecutiveDatapointsToClear);
  if (!violationId) return { state: { bad: 0, good: count } };
  if (count < criteria.consecutiveDatapointsToClear) return { state: { bad: 0, good: count, violationId } };
  return { state: { bad: 0, good: count }, event: { eventType: 'alarm-cleared', violationId } };
}
