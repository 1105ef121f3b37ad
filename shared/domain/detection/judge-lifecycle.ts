import { readRemoteAddress } from '../findings/addresses';
import type { MetricValue } from '../findings/violation';
import { wasTold } from './alarm';
import { violates } from './criteria';
import type { Entry } from './entries';
import { type Draft, ignore, openJudgement, type Setting } from './judgement';
import { followPresence, type LifecycleEvent, nameEvent } from './lifecycle';
import { connectionAttempts, disconnectDuration, disconnects, isLifecycle, sourceAddress } from './metrics';
import { type Detecting, judgeWith } from './questions';
import { listRetained } from './retention';
import type { BehaviorState, Datapoint, Judgement, PresenceState, Profiles, Span } from './state';
import { insertCount, listChanged, several, sumWindow, trimWindow } from './window';

export interface LifecycleInput extends Setting {
  readonly event: LifecycleEvent;
}

/** Whether anything of cordon.yml depends on lifecycle events. */
export function needsLifecycle(profiles: Profiles): boolean {
  return [...listRetained(profiles)].some(isLifecycle);
}

/**
 * Judges one lifecycle event. Too many connects raise an alarm at once, while Detect waits for its next five-minute
 * boundary; consecutive datapoints and clears of a sum are evaluated at these boundaries, as in Detect.
 */
export function judgeLifecycle(input: LifecycleInput): Detecting<Judgement> {
  return judgeWith(input, judgeEvent);
}

// biome-ignore lint/correctness/useYield: a rule as the others are, though it asks nothing itself
function* judgeEvent(input: LifecycleInput): Detecting<Draft> {
  const { state, event, at } = input;
  if (state.presence?.seen.includes(nameEvent(event))) return ignore(state);
  const judgement = openJudgement(input);
  const presence = followPresence(state.presence, event);
  const isConnect = event.eventType === 'connected';
  const isLate = isBehind(state.presence, event);
  for (const entry of judgement.monitored()) {
    const { behavior, key } = entry;
    const before = judgement.before(key);
    if (countsFor(behavior.metric, event)) {
      // An effect of the containment.
      if (at < (state.heldUntil ?? 0)) continue;
      const { counted, verdict } = countEvent(before, entry, event, at);
      const isAtOnce =
        behavior.criteria.consecutiveDatapointsToAlarm === 1 && before.violationId === undefined;
      if (verdict.isBad && isAtOnce) judgement.recordDatapoint(key, entry, counted, verdict);
      else judgement.keep(key, counted);
    } else if (behavior.metric === sourceAddress && isConnect && event.ipAddress !== undefined) {
      const verdict = judgeAddress(event.ipAddress, entry, event, isLate);
      if (verdict.isBad ? !isLate || !wasTold(before, at) : !isLate)
        judgement.recordDatapoint(key, entry, before, verdict);
    } else if (behavior.metric === disconnectDuration && isConnect && judgement.isKnown(key)) {
      const value: MetricValue = { count: 0 };
      // The next scheduled check finds the effect of a late event.
      if (presence.disconnectedAt === undefined && !isLate)
        judgement.recordDatapoint(key, entry, before, { isBad: false, value, seed: nameEvent(event) });
    }
  }
  judgement.retain(listDatapoints(input));
  return judgement.conclude({ presence });
}

/** Whether the recorded connection is newer than the event. */
function isBehind(before: PresenceState | undefined, { timestamp }: LifecycleEvent): boolean {
  const { connectedAt = 0, disconnectedAt = 0, others = [] } = before ?? {};
  return timestamp < Math.max(connectedAt, disconnectedAt, ...others.map((other) => other.connectedAt));
}

function countsFor(metric: string, { eventType }: LifecycleEvent): boolean {
  // Attempts that succeed and those that fail (docs/facts.md#metrics-and-behaviors).
  if (metric === connectionAttempts) return eventType !== 'disconnected';
  return metric === disconnects && eventType === 'disconnected';
}

/** A principal as the window remembers it; enough to distinguish them. */
const shortOf = (principal: string | undefined) => principal?.slice(0, 16) ?? 'unknown';

/** A late event belongs to all windows that end after it, and each of them may be out of bounds now. */
function countEvent(before: BehaviorState, { behavior }: Entry, event: LifecycleEvent, at: number) {
  const { criteria } = behavior;
  const durationMs = (criteria.durationSeconds ?? 0) * 1_000;
  const by = shortOf(event.principalIdentifier);
  const { window: known = [] } = before;
  const window = insertCount(known, { at, value: 1, by, isDelta: false }, durationMs);
  const newest = window.at(-1)?.[1] ?? at;
  const sumAt = (end: number) => ({ count: sumWindow(window, end, durationMs) });
  const over = listChanged(known, window).filter(
    (end) => violates(sumAt(end), criteria) === true && (end === newest || !wasTold(before, end)),
  );
  const end = over.at(-1) ?? newest;
  return {
    counted: { ...before, window: trimWindow(window, durationMs) },
    verdict: {
      isBad: over.length > 0,
      value: sumAt(end),
      seed: nameEvent(event),
      principal: principalOf(
        window.filter(([, until]) => until > end - durationMs && until <= end),
        event.principalIdentifier,
      ),
    },
  };
}

/**
 * Names the client that caused the events of a window. Where several certificates did, none is named: a thing must not be
 * contained for what another certificate did under its client id.
 */
export function principalOf(window: readonly Span[], principal: string | undefined): string {
  if (principal === undefined) return 'unknown';
  return window.every(([, , , by]) => by === shortOf(principal)) ? principal : several;
}

function judgeAddress(ipAddress: string, { behavior }: Entry, event: LifecycleEvent, isLate: boolean) {
  const value = { cidrs: [readRemoteAddress(ipAddress)] };
  return {
    isBad: violates(value, behavior.criteria) === true,
    value,
    seed: nameEvent(event),
    principal: event.principalIdentifier ?? 'unknown',
    ...(isLate && { late: { count: 1, reachesNewest: false } }),
  };
}

/** For charts: each address, each attempt and disconnect as one, and how long it was away. */
function listDatapoints({ state, event, at, profiles }: LifecycleInput): Datapoint[] {
  const wanted = listRetained(profiles);
  const { eventType, ipAddress } = event;
  const away = state.presence?.disconnectedAt;
  const found: Record<string, MetricValue> = {
    [eventType === 'disconnected' ? disconnects : connectionAttempts]: { count: 1 },
    ...(eventType === 'connected' &&
      ipAddress && { [sourceAddress]: { cidrs: [readRemoteAddress(ipAddress)] } }),
    ...(eventType === 'connected' &&
      away !== undefined && {
        [disconnectDuration]: { count: Math.max(0, Math.floor((at - away) / 60_000)) },
      }),
  };
  return Object.entries(found).flatMap(([metric, value]) =>
    wanted.has(metric) ? [{ metric, at, value }] : [],
  );
}
