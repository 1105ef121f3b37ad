import type { Clock } from '../../../../shared/ports';
import { SlackBusyError } from './client';

/** The run has no time left for what Slack would take only later. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

/** Slack takes about one message a second per channel, with short bursts (Slack, "Rate limits"). */
const gapMs = 1_050;

export type Paced = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * Makes calls as fast as Slack takes them: at once until it says that it is busy, then after the time that it names,
 * and no faster than one in `gapMs` from there on.
 */
export function paceCalls(
  { clock, pause }: { readonly clock: Clock; readonly pause: (ms: number) => Promise<void> },
  deadline: number,
): Paced {
  let nextAt = 0;
  let gap = 0;
  return async (call) => {
    for (;;) {
      if (Math.max(clock(), nextAt) >= deadline) throw new OutOfTimeError('left for the next run');
      const waitMs = nextAt - clock();
      if (waitMs > 0) await pause(waitMs);
      const startedAt = clock();
      try {
        const answer = await call();
        nextAt = startedAt + gap;
        return answer;
      } catch (error) {
        if (!(error instanceof SlackBusyError)) throw error;
        gap = gapMs;
        nextAt = clock() + error.retryAfterMs;
      }
    }
  };
}
