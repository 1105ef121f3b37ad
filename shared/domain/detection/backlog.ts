import type { Span } from './state';

/** Device Defender takes a report in five minutes. */
export const usualMs = 300_000;

/**
 * A device that was disconnected delivers all waiting reports at once. If reports have no time, a report that follows
 * the last one much sooner than usual belongs to the silence before it: each such report gets one usual interval of
 * that silence, while any is left. Returns the end of the last report's interval.
 */
export function findGap(window: readonly Span[], at: number, durationMs: number): number | undefined {
  const [since, until] = window.at(-1) ?? [at, at];
  const lengths = window.slice(0, -1).flatMap(([from, to]) => (to > from ? [to - from] : []));
  const usual = lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? usualMs;
  // Within one window, the exact place makes no difference.
  const isBurst = at - until < usual / 2 && until - since >= Math.max(usual * 1.5, durationMs);
  return isBurst ? since + usual : undefined;
}
