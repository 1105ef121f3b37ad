const baseMs = 500;
const mostMs = 60_000;
/** A shorter connection counts as a failure: a broker closes it right after a denied publish. */
const stableMs = 5000;

export interface Backoff {
  /** The wait before the next attempt, after a connection of `connectedMs` (0: none was established). */
  next(connectedMs: number): number;
}

/** Full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog): a fleet that lost its broker comes back spread out. */
export function createBackoff(random: () => number): Backoff {
  let failures = 0;
  return {
    next: (connectedMs) => {
      if (connectedMs >= stableMs) failures = 0;
      const ceiling = Math.min(mostMs, baseMs * 2 ** Math.min(failures, 16));
      failures += 1;
      return Math.round(random() * ceiling);
    },
  };
}
