/** Calculates the rest after each look, so that the agent uses no more than its share of one core. */
export interface CpuBudget {
  /** Milliseconds until the next look; at least `wantedMs`. */
  restAfter(now: number, wantedMs: number): number;
  /** The recent average of the time between two looks, in milliseconds. */
  everyMs(): number | undefined;
}

/** No half minute uses more than the share: nine tenths of it are granted evenly, a tenth is saved for an expensive sample. */
const withinMs = 30_000;
const evenly = 0.9;
/** Granted once, for the TLS handshake and code that runs for the first time. */
const startMs = 10_000;
/** The longest pause between two looks, however costly they are: ended children still show in their parent's counts. */
const longestRestMs = 60_000;
const weight = 0.2;

/**
 * `usedMs` is the processor time of the agent so far, with all its threads: work between two looks lengthens the pause
 * after the next one. The start is not counted.
 */
export function createCpuBudget(percent: number, usedMs: () => number): CpuBudget {
  const share = percent / 100;
  const income = share * evenly;
  const mostSaved = withinMs * (share - income);
  let first: number | undefined;
  let last: { readonly at: number; readonly used: number } | undefined;
  /** What it may use at once. */
  let credit = startMs * share;
  let every: number | undefined;
  let cost = 0;
  return {
    restAfter: (now, wantedMs) => {
      const used = usedMs();
      first ??= now;
      if (last) {
        const passed = now - last.at;
        const most = now - first < startMs ? startMs * share : mostSaved;
        credit = Math.min(most, credit + passed * income) - (used - last.used);
        every = every === undefined ? passed : every + (passed - every) * weight;
        cost += (used - last.used - cost) * weight;
      }
      last = { at: now, used };
      // The budget must cover the next look before it happens, because a rest after it is too late for the half minute
      // that ends with it.
      const dueMs = (Math.min(cost, mostSaved) - credit) / income;
      return Math.min(longestRestMs, Math.max(wantedMs, dueMs));
    },
    everyMs: () => every,
  };
}
