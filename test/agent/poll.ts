import { setTimeout as wait } from 'node:timers/promises';

const pollEveryMs = 10;
/** On a busy machine, a process may take ten times as long as alone. */
const usualPatienceMs = 40_000;

/** Waits until `look` returns something, and fails with `what` if it never does. */
export async function waitFor<T>(
  what: string | (() => string),
  look: () => T | undefined | false,
  patienceMs = usualPatienceMs,
): Promise<T> {
  const until = Date.now() + patienceMs;
  while (Date.now() < until) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    await wait(pollEveryMs);
  }
  throw new Error(`never happened: ${typeof what === 'string' ? what : what()}`);
}
