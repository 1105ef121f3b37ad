import { findGap, usualMs } from './backlog';
import { lateMs } from './report-time';
import type { Span } from './state';

/** A flood must not make the state large, so the window has at most this many spans. */
const maxSpans = 60;
/** The limit for a sender other than the thing's first; there may be several of them. */
export const fewSpans = 20;
/** These last spans are kept however old they are, because they show the usual interval of the device. */
const keptSpans = 4;

/** Several clients took part in a span. */
export const several = 'several';

export interface Count {
  readonly at: number;
  readonly value: number;
  readonly by?: string;
  /** Counted since the last count (a delta), not at the instant (an event). */
  readonly isDelta: boolean;
  /** It is not known when the delta was made, only when it was received. */
  readonly isUntimed?: boolean;
}

/** Adds a count to a sliding window, at its time, whatever came before. Nothing is dropped. */
export function insertCount(window: readonly Span[], count: Count, durationMs: number): Span[] {
  const { at, value, by, isDelta } = count;
  const index = window.findIndex(([, until]) => until >= at);
  const isNewest = index < 0 || (index === window.length - 1 && window[index]?.[1] === at);
  const gap = isNewest && count.isUntimed ? findGap(window, at, durationMs) : undefined;
  if (index < 0 || gap !== undefined) return append(window, count, durationMs, gap);
  const next = window[index];
  if (!next) return [...window];
  const [since, until, sum] = next;
  // A count joins a span of the same cause that ends at the same time. Otherwise an event gets a span of its own, and a
  // delta splits the span.
  if (until === at && next[3] === by) return window.with(index, span(since, until, sum + value, by));
  if (!isDelta) return window.toSpliced(index, 0, span(at, at, value, by));
  return window.toSpliced(index, 1, span(Math.min(since, at), at, value, by), span(at, until, sum, next[3]));
}

/**
 * Adds a delta that a device without room for several intervals reported as one: an equal part in each of them, since the
 * last count.
 */
export function insertDelta(
  window: readonly Span[],
  delta: Count & { readonly isDelta: true },
  intervals: number,
  durationMs: number,
): Span[] {
  const since = window.findLast(([, until]) => until < delta.at)?.[1] ?? delta.at - intervals * usualMs;
  const partOf = (whole: number, index: number) => Math.round((whole * index) / intervals);
  let spans = [...window];
  for (let index = 1; index <= intervals; index += 1) {
    const value = partOf(delta.value, index) - partOf(delta.value, index - 1);
    spans = insertCount(spans, { ...delta, value, at: since + partOf(delta.at - since, index) }, durationMs);
  }
  return spans;
}

function append(
  window: readonly Span[],
  { at, value, by, isDelta }: Count,
  durationMs: number,
  gap: number | undefined,
): Span[] {
  const newest = window.at(-1);
  if (!newest) return [span(at, at, value, by)];
  if (gap !== undefined)
    return [...window.slice(0, -1), span(newest[0], gap, newest[2], newest[3]), span(gap, at, value, by)];
  const joins = newest[3] === by && at - newest[0] <= durationMs / maxSpans;
  if (joins) return [...window.slice(0, -1), span(newest[0], at, newest[2] + value, by)];
  return [...window, span(isDelta ? newest[1] : at, at, value, by)];
}

/** Drops spans that have left the window and that no late report can bring back. */
export function trimWindow(window: readonly Span[], durationMs: number, most = maxSpans): Span[] {
  const newest = window.at(-1)?.[1] ?? 0;
  const kept = window.filter(
    ([, until], index) => until > newest - durationMs - lateMs || index >= window.length - keptSpans,
  );
  while (kept.length > most + 1) kept.splice(0, 2, ...join(kept));
  return kept;
}

function join([first, second]: readonly Span[]): Span[] {
  if (!first || !second) return [];
  return [span(first[0], second[1], first[2] + second[2], first[3] === second[3] ? first[3] : several)];
}

/** Adds a count and trims the window, for callers that need nothing in between. */
export function addToWindow(window: readonly Span[], count: Count, durationMs: number): Span[] {
  return trimWindow(insertCount(window, count, durationMs), durationMs);
}

/**
 * The sum over the last `durationMs`. A delta belongs to the window in which the greater part of its time lies: a device
 * that reports every 300 s, give or take a second, would otherwise count twice in every other window of 300 s. One after
 * a long silence happened somewhere in it, and belongs to the window of its end, as in Detect.
 */
export function sumWindow(window: readonly Span[], now: number, durationMs: number): number {
  const start = now - durationMs;
  const isInside = ([since, until]: Span) =>
    until > start && until <= now && until - start >= start - Math.max(since, until - durationMs);
  return window.reduce((sum, one) => sum + (isInside(one) ? one[2] : 0), 0);
}

/** The ends of the windows whose sums in `after` and `before` differ. */
export function listChanged(before: readonly Span[], after: readonly Span[]): number[] {
  const known = new Set(before.map(String));
  const first = after.findIndex((one) => !known.has(String(one)));
  return first < 0 ? [] : after.slice(first).map(([, until]) => until);
}

function span(since: number, until: number, sum: number, by: string | undefined): Span {
  return by === undefined ? [since, until, sum] : [since, until, sum, by];
}
