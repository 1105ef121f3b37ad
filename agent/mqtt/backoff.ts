const baseMs = 500;
const mostMs = 60_000;
/** A connection that lasts less is counted with the failures: a broker closes it right after a publish that is denied. */
const stableMs = 5000;

export interface Backoff {
  /** Gives the wait before the next try, after a connection that lasted `connectedMs` (0: never came to be). */
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
