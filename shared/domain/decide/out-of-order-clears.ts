import type { Case, EarlyEnd } from '../case/case';
import { newCase } from '../case/lifecycle';
import { behaviorKey, type Violation } from '../findings/violation';
import type { Context } from './decision';
import { notAsked } from './questions';

/**
 * Queues and topics may deliver the end of an alarm before the alarm (SNS and standard SQS keep no order). The end is
 * kept until its alarm comes, which is then treated as if both had come in order: a clear releases nothing, so one that
 * overtook its alarm can't spare the thing either.
 */

/** As many as a device that is not out for mischief can have on their way at once. */
const maxEarlyEnds = 20;

/** Keeps a clear that arrived before its alarm; undefined if a newer one is already kept. */
export function keepEarlyEnd(
  current: Case | undefined,
  violation: Violation,
  context: Context,
): Case | undefined {
  const key = behaviorKey(violation);
  const kept = current?.earlyEnds ?? {};
  if ((kept[key]?.occurredAt ?? 0) >= violation.occurredAt) return undefined;
  const { violationId, eventType, occurredAt, detector, value, reporter } = violation;
  const end: EarlyEnd = {
    violationId,
    eventType,
    occurredAt,
    detector,
    ...(value && { value }),
    ...(reporter && { reporter }),
  };
  const newest = Object.entries({ ...kept, [key]: end })
    .toSorted(([, a], [, b]) => b.occurredAt - a.occurredAt)
    .slice(0, maxEarlyEnds);
  return { ...(current ?? newMemory(violation, context)), earlyEnds: Object.fromEntries(newest) };
}

/** What a thing without any case is remembered by: a case that never was open. */
function newMemory({ detector }: Violation, context: Context): Case {
  return {
    ...newCase(undefined, detector, 'low', { ...context, facts: notAsked }),
    status: 'closed',
    closedAt: context.now,
    reason: { code: 'clear-without-alarm' },
    outbox: { announcements: [], timeline: [] },
  };
}

/** The end of an alarm that arrives only now, if it came before. */
export function findEarlyEnd(current: Case | undefined, alarm: Violation): Violation | undefined {
  const end = current?.earlyEnds?.[behaviorKey(alarm)];
  if (!end || end.occurredAt <= alarm.occurredAt) return undefined;
  const { thingName, securityProfileName, behaviorName, metric } = alarm;
  return { thingName, securityProfileName, behaviorName, metric, ...end };
}

/** Any alarm makes the end that was kept for its behavior a thing of the past. */
export function dropEarlyEnd(current: Case | undefined, alarm: Violation): Case | undefined {
  if (!current?.earlyEnds) return current;
  const { [behaviorKey(alarm)]: _end, ...others } = current.earlyEnds;
  const { earlyEnds: _earlyEnds, ...rest } = current;
  return Object.keys(others).length > 0 ? { ...rest, earlyEnds: others } : rest;
}
