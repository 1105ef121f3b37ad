/** Retry-After in seconds or as a date, in seconds; undefined if it is neither. */
export function readRetryAfter(retryAfter: string | null | undefined): number | undefined {
  const seconds = Number(retryAfter);
  if (seconds > 0) return seconds;
  const until = (Date.parse(retryAfter ?? '') - Date.now()) / 1_000;
  return until > 0 ? Math.ceil(until) : undefined;
}
