/**
 * What was counted between two instants, epoch ms; both are the same for a single event. `by`: who caused it, where
 * that is known.
 */
export type Span = readonly [since: number, until: number, sum: number, by?: string];

/** A flood must not make the state large: the window is kept in at most so many parts. */
const maxSpans = 60;

/** Several had a part in a span. */
export const several = 'several';

interface Count {
  readonly at: number;
  readonly value: number;
  readonly by?: string;
  /** Counted since the last count (a delta), not at the instant (an event). */
  readonly isDelta: boolean;
}

/** Adds a count to a sliding window and drops what has left it. */
export function addToWindow(window: readonly Span[], count: Count, durationMs: number): Span[] {
  const last = window.at(-1);
  const at = Math.max(count.at, last?.[1] ?? 0);
  // A delta after a long silence happened somewhere in it: it belongs to this window as if it were fresh, as in Detect.
  const since = count.isDelta && last ? Math.max(last[1], at - durationMs) : at;
  const kept = window.filter(([, until]) => until > at - durationMs);
  const newest = kept.at(-1);
  const joins = newest && newest[3] === count.by && at - newest[0] <= durationMs / maxSpans;
  if (joins) return [...kept.slice(0, -1), span(newest[0], at, newest[2] + count.value, count.by)];
  return shorten([...kept, span(since, at, count.value, count.by)]);
}

/**
 * The sum over the last `durationMs`. A delta belongs to the window in which the greater part of its time lies: a device
 * that reports every 300 s, give or take a second, would otherwise count twice in every other window of 300 s.
 */
export function sumWindow(window: readonly Span[], now: number, durationMs: number): number {
  const start = now - durationMs;
  const isInside = ([since, until]: Span) => until > start && until - start >= start - since;
  return window.reduce((sum, span) => sum + (isInside(span) ? span[2] : 0), 0);
}

function shorten(spans: Span[]): Span[] {
  const [first, second, ...rest] = spans;
  if (spans.length <= maxSpans + 1 || !first || !second) return spans;
  const by = first[3] === second[3] ? first[3] : several;
  return [span(first[0], second[1], first[2] + second[2], by), ...rest];
}

function span(since: number, until: number, sum: number, by: string | undefined): Span {
  return by === undefined ? [since, until, sum] : [since, until, sum, by];
}
