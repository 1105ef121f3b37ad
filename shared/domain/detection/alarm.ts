import type { Criteria } from '../configuration';
import type { ViolationEventType } from '../findings/violation';
import { listRecentEvents } from './event-limit';
import { lateMs } from './report-time';
import type { BehaviorState } from './state';

interface AlarmEvent {
  readonly eventType: ViolationEventType;
  readonly violationId: string;
}

export interface Step {
  readonly state: BehaviorState;
  readonly event?: AlarmEvent;
}

/** The effect of a datapoint on its behavior. */
export interface Reading {
  readonly isBad: boolean;
  /** When it was made. */
  readonly madeAt: number;
  /** It arrived after a newer one. */
  readonly late?: Late;
}

export interface Late {
  /** How many datapoints in a row are out of bounds, with the late one. */
  readonly count: number;
  /** Whether the newest is among them, so that the next one continues their row. */
  readonly reachesNewest: boolean;
}

/**
 * Evaluates one datapoint of a behavior (docs/facts.md#alarms): an event occurs only on a change, after the number of
 * consecutive datapoints in the criteria. A late datapoint may raise an alarm, but never end one.
 */
export function stepAlarm(
  before: BehaviorState,
  reading: Reading,
  at: number,
  criteria: Criteria,
  newId: () => string,
): Step {
  const recent = listRecentEvents(before, at);
  if (!recent) return { state: before };
  const { state, event } = count(before, reading, criteria, newId);
  return event ? { state: { ...state, recent: [...recent, at] }, event } : { state };
}

/** Counters stop at the limit of the behavior, so that the state of a steady thing stays the same. */
function count(before: BehaviorState, reading: Reading, criteria: Criteria, newId: () => string): Step {
  const { isBad, madeAt, late } = reading;
  const { violationId } = before;
  const { consecutiveDatapointsToAlarm: toAlarm, consecutiveDatapointsToClear: toClear } = criteria;
  if (late) return isBad ? countLate(before, madeAt, late, toAlarm, newId) : { state: before };
  if (isBad) {
    const state = { ...before, bad: Math.min(before.bad + 1, toAlarm), good: 0 };
    return violationId || state.bad < toAlarm ? { state } : raise(state, madeAt, newId);
  }
  const good = Math.min(before.good + 1, toClear);
  const state = { ...before, ...passedBy(before, madeAt, toAlarm), bad: 0, good };
  const ended = violationId ?? before.forgotten;
  if (!ended || good < toClear) return { state };
  // A late datapoint from the time of an excepted alarm may have children that were not excepted, so that time stays
  // open for alarms.
  const told = before.excepted ? undefined : ([before.openedAt ?? madeAt, madeAt] as const);
  return {
    state: { ...close(state), ...(told && { told }) },
    event: { eventType: 'alarm-cleared', violationId: ended },
  };
}

/**
 * The place of a late datapoint among the others is no longer known, so it counts with all that were out of bounds shortly
 * before: no datapoint of a row is lost.
 */
function countLate(
  before: BehaviorState,
  madeAt: number,
  { count, reachesNewest }: Late,
  toAlarm: number,
  newId: () => string,
): Step {
  if (before.violationId) return { state: { ...before, good: 0 } };
  const { passed: _, ...rest } = before;
  const passed = countPassed(before, madeAt);
  const all = before.bad + passed + count;
  if (all >= toAlarm) return raise({ ...rest, bad: toAlarm, good: 0 }, madeAt, newId);
  if (reachesNewest) return { state: { ...rest, bad: all, good: 0 } };
  if (before.bad > 0) return { state: { ...before, bad: before.bad + count } };
  return { state: { ...rest, passed: [passed + count, Math.max(madeAt, before.passed?.[1] ?? 0)] } };
}

/** Where one datapoint is enough for an alarm, none is remembered. */
function passedBy(
  before: BehaviorState,
  madeAt: number,
  toAlarm: number,
): Pick<BehaviorState, 'passed'> | undefined {
  if (toAlarm === 1 || before.bad === 0 || before.violationId) return undefined;
  return { passed: [Math.min(countPassed(before, madeAt) + before.bad, toAlarm), madeAt] };
}

function countPassed({ passed: [count, until] = [0, 0] }: BehaviorState, madeAt: number): number {
  return madeAt - until < lateMs ? count : 0;
}

function raise(
  { passed: _, forgotten: _f, ...state }: BehaviorState,
  madeAt: number,
  newId: () => string,
): Step {
  const violationId = newId();
  return {
    state: { ...state, violationId, openedAt: madeAt },
    event: { eventType: 'in-alarm', violationId },
  };
}

/** Whether a datapoint of that time belongs to an alarm that was announced and has ended. */
export function wasTold({ told: [from, until] = [0, -1] }: BehaviorState, madeAt: number): boolean {
  return from <= madeAt && madeAt <= until;
}

/** Forgets the open alarm. */
export function close({
  violationId: _,
  openedAt: _o,
  metric: _m,
  heardAt: _h,
  checkedAt: _c,
  excepted: _e,
  forgotten: _f,
  ...rest
}: BehaviorState): BehaviorState {
  return rest;
}
