import type { Case } from '../case/case';
import { newCase } from '../case/lifecycle';
import type { OutOfOrderClear } from '../case/violation-record';
import { type Finding, findingKey } from '../findings/finding';
import type { Violation } from '../findings/violation';
import type { Context } from './decision';
import { notAsked } from './questions';

/**
 * Queues and topics may deliver the end of an alarm before the alarm (SNS and standard SQS keep no order). The end is
 * kept until its alarm arrives, and both are then handled as if in order: a clear releases nothing, so a clear that
 * overtook its alarm can't prevent the containment either.
 */

/** More than an honest device has in transit at once. */
const maxKeptClears = 20;

/** Keeps a clear that arrived before its alarm; undefined if a newer one is already kept. */
export function keepOutOfOrderClear(
  current: Case | undefined,
  violation: Violation,
  context: Context,
): Case | undefined {
  const key = findingKey(violation);
  const kept = current?.outOfOrderClears ?? {};
  if ((kept[key]?.occurredAt ?? 0) >= violation.occurredAt) return undefined;
  const { violationId, eventType, occurredAt, detector, value, reporter } = violation;
  const end: OutOfOrderClear = {
    violationId,
    eventType,
    occurredAt,
    detector,
    ...(value && { value }),
    ...(reporter && { reporter }),
  };
  const newest = Object.entries({ ...kept, [key]: end })
    .toSorted(([, a], [, b]) => b.occurredAt - a.occurredAt)
    .slice(0, maxKeptClears);
  return { ...(current ?? newMemory(violation, context)), outOfOrderClears: Object.fromEntries(newest) };
}

/** The memory of a thing without a case: a case that was never open. */
function newMemory({ detector }: Violation, context: Context): Case {
  return {
    ...newCase(undefined, detector, 'low', { ...context, facts: notAsked }),
    status: 'closed',
    closedAt: context.now,
    reason: { code: 'clear-without-alarm' },
    outbox: { announcements: [], timeline: [] },
  };
}

/** The kept end of an alarm that arrives only now, if there is one. */
export function findOutOfOrderClear(current: Case | undefined, alarm: Finding): Finding | undefined {
  const end = current?.outOfOrderClears?.[findingKey(alarm)];
  if (alarm.kind !== undefined || !end || end.occurredAt <= alarm.occurredAt) return undefined;
  const { thingName, securityProfileName, behaviorName, metric } = alarm;
  return { thingName, securityProfileName, behaviorName, metric, ...end };
}

/** Drops the kept end of a behavior: any alarm of the behavior makes it obsolete. */
export function dropOutOfOrderClear(current: Case | undefined, alarm: Finding): Case | undefined {
  if (!current?.outOfOrderClears) return current;
  const { [findingKey(alarm)]: _end, ...others } = current.outOfOrderClears;
  const { outOfOrderClears: _outOfOrderClears, ...rest } = current;
  return Object.keys(others).length > 0 ? { ...rest, outOfOrderClears: others } : rest;
}
