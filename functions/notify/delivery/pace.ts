import type { Clock } from '../../../shared/ports/runtime';
import { ChannelBusyError, type Paced } from './channel';

/** The run ends before the service accepts the next call. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

interface PacePorts {
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
}

export interface Limits {
  /** Between two calls, once the service has said that it is busy. */
  readonly gapMs: number;
  /** A service that has not answered by then counts as unavailable. */
  readonly answerMs: number;
}

/** The waits if the service is busy and names no time, from the first answer to the last. */
const waitsMs = { first: 1_000, last: 32_000 };
/** The longest wait, whatever the service asks for: otherwise one wrong date would silence the channel. */
const longestWaitMs = 3_600_000;

interface Busy {
  /** Known from an earlier run: until then, epoch ms, the service accepts nothing. */
  readonly from?: number;
  /** Receives the end of the wait, for the runs that follow. */
  readonly onBusy?: (until: number) => void;
}

/**
 * Makes calls as fast as the service accepts them: at once until it says that it is busy, then after the time that it
 * names, and from then on at most one in `gapMs`. A call without an answer delays the others by `answerMs`.
 */
export function paceCalls(
  { clock, pause }: PacePorts,
  limits: Limits,
  deadline: number,
  { from = 0, onBusy }: Busy = {},
): Paced {
  let nextAt = from;
  let gap = 0;
  let refused = 0;
  return async (call) => {
    for (;;) {
      if (Math.max(clock(), nextAt) >= deadline) throw new OutOfTimeError('left for the next run');
      const waitMs = nextAt - clock();
      if (waitMs > 0) await pause(waitMs);
      const startedAt = clock();
      try {
        const answer = await answerWithin(limits.answerMs, call);
        nextAt = startedAt + gap;
        refused = 0;
        return answer;
      } catch (error) {
        if (!(error instanceof ChannelBusyError)) throw error;
        gap = limits.gapMs;
        const { retryAfterMs = Math.min(waitsMs.first * 2 ** refused, waitsMs.last) } = error;
        refused += 1;
        nextAt = clock() + Math.min(Math.max(retryAfterMs, gap), longestWaitMs);
        onBusy?.(nextAt);
      }
    }
  };
}

async function answerWithin<T>(ms: number, call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([call(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
