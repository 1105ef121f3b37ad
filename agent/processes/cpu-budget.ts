/** Says how long to rest after each look, so that the agent takes no more than its share of one core. */
export interface CpuBudget {
  /** Milliseconds until the next look; at least `wantedMs`. */
  restAfter(now: number, wantedMs: number): number;
  /** What a look came to lately, in milliseconds between two. */
  everyMs(): number | undefined;
}

/** A dear look now and then, such as a scan of all processes, is paid for by the cheap ones around it. */
const mostSavedMs = 10_000;
/** However dear it is, it is looked again after this: what a parent waited for meanwhile still shows. */
const longestRestMs = 10_000;
const weight = 0.2;

/**
 * `usedMs` is what the agent used of a processor so far, with all its threads. Starting up is not counted, and what
 * follows it (the TLS handshake, code that runs for the first time) is paid for by what could have been saved: a child
 * of the first second is found at once.
 */
export function createCpuBudget(percent: number, usedMs: () => number): CpuBudget {
  const share = percent / 100;
  let last: { readonly at: number; readonly used: number } | undefined;
  /** What it may use at once. */
  let credit = mostSavedMs * share;
  let every: number | undefined;
  return {
    restAfter: (now, wantedMs) => {
      const used = usedMs();
      if (last) {
        const passed = now - last.at;
        credit = Math.min(mostSavedMs * share, credit + passed * share - (used - last.used));
        every = every === undefined ? passed : every + (passed - every) * weight;
      }
      last = { at: now, used };
      return Math.min(longestRestMs, Math.max(wantedMs, -credit / share));
    },
    everyMs: () => every,
  };
}
