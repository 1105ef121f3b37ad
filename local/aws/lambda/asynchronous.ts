import type { LocalLog } from '../../types';
import type { InvocationOutcome } from './definitions';

/** An asynchronous invocation is tried again after one minute and after two (lambda/latest/dg/invocation-async-error-handling.html). */
const RETRY_DELAYS_MS: readonly number[] = [60_000, 120_000];

interface AsynchronousInvoker {
  /** Runs an invocation, and again if it failed. */
  invoke(functionName: string, requestId: string, run: () => Promise<InvocationOutcome>): void;
  /** Stops all retries. */
  close(): void;
}

export function createAsynchronousInvoker(
  log: LocalLog,
  delaysMs: readonly number[] = RETRY_DELAYS_MS,
): AsynchronousInvoker {
  const timers = new Set<NodeJS.Timeout>();
  let isClosed = false;

  function attempt(
    functionName: string,
    requestId: string,
    run: () => Promise<InvocationOutcome>,
    [delayMs, ...later]: readonly number[],
  ): void {
    void run().then((outcome) => {
      if (isClosed || outcome.status === 'succeeded') return;
      const what = delayMs === undefined ? 'given up' : 'failed';
      log.warn(`asynchronous invocation ${what}`, { functionName, requestId, ...outcome.error });
      if (delayMs === undefined) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        attempt(functionName, requestId, run, later);
      }, delayMs);
      timers.add(timer);
    });
  }

  return {
    invoke: (functionName, requestId, run) => attempt(functionName, requestId, run, delaysMs),
    close() {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
