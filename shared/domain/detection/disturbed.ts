import { behaviorKey } from '../findings/violation';
import { findMetric } from './metrics';
import { isForeignSlot, readSlot } from './slots';
import type { DetectedEvent, DetectState, Profiles } from './state';

/** An event with what caused it. */
export type Caused<T> = readonly [event: DetectedEvent, cause: T];

/**
 * Alerts go out before the state is saved. If the invocation is killed in between, or another one saves first, an alert
 * may have ended an alarm that is in fact still open, and an open alarm is not raised again. So the ends are noted in
 * the state before they go out (`ending`), and so are alarms that other datapoints decide as well (`raising`): judged
 * after those of the other invocation, the same datapoint, or none, may raise no alarm, and nothing would end it. The
 * invocation that finds the notes raises what is still open once more, and ends what is not, at a time after the noted
 * event. `recalled`: these events. `saved`: the events of this judgement, of which `cause` is the last cause.
 */
export function settleRecalled<T>(
  state: DetectState,
  recalled: readonly Recalled[],
  saved: readonly Caused<T>[],
  cause: T,
): { readonly state: DetectState; readonly events: readonly Caused<T>[] } {
  const isSuperseded = ({ at, ...noted }: Recalled) =>
    saved.some(([event]) => keyOf(event) === keyOf(noted) && event.at > at);
  const raised = Object.entries(state.behaviors).flatMap(([slot, { violationId, excepted }]) => {
    const { key } = readSlot(slot);
    const end = recalled.findLast((event) => event.raised === undefined && keyOf(event) === key);
    // Only the thing's own reports end an alarm. Without its evidence, nothing would except it again.
    if (violationId === undefined || !end || isForeignSlot(slot) || excepted || isSuperseded(end)) return [];
    return [eventAfter(end, 'in-alarm', violationId)];
  });
  const openKeys = new Set(
    Object.entries(state.behaviors).flatMap(([slot, { violationId }]) =>
      violationId === undefined ? [] : readSlot(slot).key,
    ),
  );
  const ended = recalled.flatMap((event) =>
    event.raised === undefined || openKeys.has(keyOf(event)) || isSuperseded(event)
      ? []
      : [eventAfter(event, 'alarm-cleared', event.raised)],
  );
  const events = [...raised, ...ended].map((event) => [event, cause] as const);
  // The next events must be later than all that went out, whichever invocation raises them.
  const endedAt = Math.max(
    state.endedAt ?? 0,
    ...[...recalled, ...events.map(([event]) => event)].map(({ at }) => at),
  );
  return { state: { ...state, endedAt }, events };
}

function eventAfter(
  { securityProfileName, behavior, at }: Recalled,
  eventType: DetectedEvent['eventType'],
  violationId: string,
): DetectedEvent {
  return { securityProfileName, behavior, violationId, eventType, at: at + 1 };
}

/**
 * The state to save before the events go out: the earlier state with a note of the ends, and of the alarms that other
 * datapoints decide as well. Undefined if there are none, unless another invocation may be about to save an end. After
 * this save, an invocation that has read the earlier state can no longer save.
 */
export function noteEvents(
  before: DetectState,
  caused: readonly Caused<{ readonly kind: string }>[],
): DetectState | undefined {
  const events = caused.map(([event]) => event);
  const ending = events
    .filter(({ eventType }) => eventType !== 'in-alarm')
    .map((event) => [keyOf(event), event.at] as const);
  const known = new Set(Object.values(before.behaviors).map(({ violationId }) => violationId));
  const raising = caused
    .filter(([event, { kind }]) => !known.has(event.violationId) && isDecidedByOthers(event, kind))
    .map(([event]) => [keyOf(event), [event.violationId, event.at]] as const);
  const isFoundNoted = before.ending !== undefined || before.raising !== undefined;
  if (ending.length === 0 && raising.length === 0 && (!isFoundNoted || events.length === 0)) return undefined;
  return {
    ...before,
    ...withNotes({
      ending: { ...before.ending, ...Object.fromEntries(ending) },
      raising: { ...before.raising, ...Object.fromEntries(raising) },
    }),
    endedAt: Math.max(before.endedAt ?? 0, ...events.map(({ at }) => at)),
  };
}

/** Whether datapoints that arrive meanwhile may undo an alarm: it counts or sums several, or is raised because none came. */
function isDecidedByOthers({ eventType, behavior }: DetectedEvent, causedBy: string): boolean {
  const { criteria, suppressAlerts } = behavior;
  const { consecutiveDatapointsToAlarm = 1, durationSeconds } = criteria ?? {};
  const isOfSeveral = consecutiveDatapointsToAlarm > 1 || durationSeconds !== undefined;
  return eventType === 'in-alarm' && !suppressAlerts && (isOfSeveral || causedBy === 'time');
}

type Notes = Required<Pick<DetectState, 'ending' | 'raising'>>;

function withNotes({ ending, raising }: Notes): Partial<Notes> {
  return {
    ...(Object.keys(ending).length > 0 && { ending }),
    ...(Object.keys(raising).length > 0 && { raising }),
  };
}

/**
 * The events that an invocation may have announced wrongly, for the behaviors that the profiles have now, and the state
 * without their note. For behaviors of reports, only a new report (`isReported`) shows the present state, so without
 * one their note stays. Undefined if every note stays.
 */
export function recallEvents(
  { ending = {}, raising = {}, ...settled }: DetectState,
  profiles: Profiles,
  isReported: boolean,
): { readonly state: DetectState; readonly recalled: readonly Recalled[] } | undefined {
  const known = profiles.flatMap(([securityProfileName, { behaviors }]) =>
    behaviors.flatMap((behavior): Recalled[] => {
      const key = behaviorKey({ securityProfileName, behaviorName: behavior.name });
      const endedAt = ending[key];
      const [raised, at = 0] = raising[key] ?? [];
      return [
        ...(endedAt === undefined ? [] : [{ securityProfileName, behavior, at: endedAt }]),
        ...(raised === undefined ? [] : [{ securityProfileName, behavior, at, raised }]),
      ];
    }),
  );
  if (isReported) return { state: settled, recalled: known };
  const recalled = known.filter(({ behavior }) => !isOfReports(behavior.metric));
  if (recalled.length === 0) return undefined;
  const keys = new Set(recalled.map(keyOf));
  const keep = <T>(notes: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(notes).filter(([key]) => !keys.has(key)));
  const kept = withNotes({ ending: keep(ending), raising: keep(raising) });
  return { state: { ...settled, ...kept }, recalled };
}

function isOfReports(metric: string): boolean {
  return (findMetric(metric)?.source ?? 'report') === 'report';
}

interface Recalled extends Pick<DetectedEvent, 'securityProfileName' | 'behavior' | 'at'> {
  /** The alarm that may have been raised; absent for an end. */
  readonly raised?: string;
}

function keyOf({
  securityProfileName,
  behavior: { name },
}: Pick<DetectedEvent, 'securityProfileName' | 'behavior'>): string {
  return behaviorKey({ securityProfileName, behaviorName: name });
}
