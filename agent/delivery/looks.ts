interface LookingOptions {
  /** `now`: when it begins, by `clock`. */
  readonly look: (now: number) => void;
  /** Work that continues through a rest longer than this. */
  readonly meanwhile: () => void;
  readonly mostQuietMs: number;
  /**
   * How long to rest after a look that took this long and ended now. `now` excludes the time in which the process did
   * not run.
   */
  readonly restAfter: (now: number, tookMs: number) => number;
  /** Monotonic clock, in milliseconds. */
  readonly clock: () => number;
  /** Called before the next look. */
  readonly onStandstill: (ms: number) => void;
}

/**
 * A busy machine never delays the agent for so long: somebody stopped it (SIGSTOP), or nothing ran. A machine that
 * sleeps stops this clock too.
 */
const standstillMs = 5000;

/** Looks, rests and looks again, until stopped. */
export function startLooking(options: LookingOptions): () => void {
  const { look, meanwhile, mostQuietMs, restAfter, clock, onStandstill } = options;
  let timer: NodeJS.Timeout | undefined;
  let stoodStillMs = 0;
  /** By then the next step, a sample or other work, should have begun. */
  let dueAt = clock();

  const begin = (): number => {
    const now = clock();
    const lateMs = now - dueAt;
    if (lateMs >= standstillMs) {
      stoodStillMs += lateMs;
      onStandstill(lateMs);
    }
    return now;
  };
  const rest = (from: number, ms: number): void => {
    const isLong = ms > mostQuietMs;
    const partMs = isLong ? mostQuietMs : ms;
    dueAt = from + partMs;
    timer = setTimeout(() => (isLong ? goOn(ms - partMs) : tick()), partMs);
  };
  const goOn = (restMs: number): void => {
    const now = begin();
    meanwhile();
    rest(now, restMs);
  };
  const tick = (): void => {
    const now = begin();
    look(now);
    const tookMs = clock() - now;
    rest(now, restAfter(now + tookMs - stoodStillMs, tookMs));
  };
  tick();
  return () => clearTimeout(timer);
}
