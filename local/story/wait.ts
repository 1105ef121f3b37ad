import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../start-error';

/** Looks until `find` gives something. Throws, saying what was awaited, when the time is up. */
export async function waitFor<T>(
  what: string,
  find: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadline)
      throw new StartError(`${what} did not come within ${timeoutMs / 1_000} s`);
    await delay(10);
  }
}
