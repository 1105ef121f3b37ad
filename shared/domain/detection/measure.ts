import type { Behavior } from '../configuration';
import type { MetricValue } from '../findings/violation';
import { type Late, wasTold } from './alarm';
import { numberOf, violates } from './criteria';
import { isSummed } from './metrics';
import type { Distribution } from './percentiles';
import type { Placed } from './report-time';
import type { BehaviorState, Span } from './state';
import { insertCount, insertDelta, listChanged, sumWindow, trimWindow } from './window';

export interface Measured {
  /** The state with what is summed. */
  readonly before: BehaviorState;
  readonly value: MetricValue;
  /** Undefined if value and behavior can't be compared. */
  readonly isBad: boolean | undefined;
  readonly late?: Late;
}

interface Circumstances {
  readonly placed: Placed;
  /** What the fleet's values are. */
  readonly others: Distribution | undefined;
  /** The number of intervals in which a delta was counted. */
  readonly intervals: number;
  /** Parts that a window may have. */
  readonly most: number | undefined;
}

/** The number that a behavior compares: the last value of a gauge, or the sum of a delta over the behavior's window. */
export function measure(
  reported: MetricValue,
  before: BehaviorState,
  behavior: Behavior,
  circumstances: Circumstances,
): Measured {
  const added = numberOf(reported);
  const { durationSeconds } = behavior.criteria;
  if (isSummed(behavior.metric) && durationSeconds !== undefined && added !== undefined)
    return measureSum(added, durationSeconds * 1_000, before, behavior, circumstances);
  const { placed, others } = circumstances;
  const isBad = violates(reported, behavior.criteria, others);
  if (!placed.isLate) return { before, value: reported, isBad };
  const isNews = isBad === true && !wasTold(before, placed.madeAt);
  return { before, value: reported, isBad: isNews, late: { count: 1, reachesNewest: false } };
}

/** A count changes the sums of all windows that end after it: each of them may be out of bounds now. */
function measureSum(
  value: number,
  durationMs: number,
  before: BehaviorState,
  { criteria }: Behavior,
  { placed, others, most, intervals }: Circumstances,
): Measured {
  const { window = [] } = before;
  const { madeAt: at, isTimed, isLate } = placed;
  const delta = { at, value, isDelta: true, isUntimed: !isTimed } as const;
  const after =
    intervals > 1
      ? insertDelta(window, { ...delta, isUntimed: false }, intervals, durationMs)
      : insertCount(window, delta, durationMs);
  const newest = after.at(-1)?.[1] ?? at;
  const sumAt = (spans: readonly Span[], end: number) => ({ count: sumWindow(spans, end, durationMs) });
  const isOver = (spans: readonly Span[], end: number) =>
    violates(sumAt(spans, end), criteria, others) === true &&
    ((end === newest && !isLate) || !wasTold(before, end));
  const ends = listChanged(window, after);
  const over = ends.filter((end) => isOver(after, end));
  const measured = {
    before: { ...before, window: trimWindow(after, durationMs, most) },
    value: sumAt(after, over.at(-1) ?? newest),
  };
  if (violates(measured.value, criteria, others) === undefined) return { ...measured, isBad: undefined };
  if (!isLate) return { ...measured, isBad: over.length > 0 };
  const overBefore = window.filter(([, end]) => ends.includes(end) && isOver(window, end));
  const count = over.length - overBefore.length;
  return { ...measured, isBad: count > 0, late: { count, reachesNewest: over.includes(newest) } };
}
