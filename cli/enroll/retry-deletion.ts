import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../cli-error';

/** How long a deletion is retried, and how often that is printed. */
export interface Patience {
  readonly say: (text: string) => void;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  readonly sayEveryMs: number;
  readonly patienceMs: number;
}

/** "It can take up to five minutes after a policy is detached before it's ready to be deleted" (API reference). */
export const patienceOfAnOperator: Patience = {
  say: (text) => process.stderr.write(`${text}\n`),
  firstPauseMs: 500,
  longestPauseMs: 5_000,
  sayEveryMs: 30_000,
  patienceMs: 6 * 60_000,
};

/**
 * Deletes an object that was just detached; AWS IoT refuses this until the detachment has spread. Prints that it waits, and
 * throws an error with what is left if the wait was too short.
 */
export async function deleteOnceDetached<T>(
  what: string,
  attempt: () => Promise<T>,
  isHeld: (error: unknown) => boolean | Promise<boolean>,
  { say, firstPauseMs, longestPauseMs, sayEveryMs, patienceMs }: Patience,
): Promise<T> {
  const startedAt = performance.now();
  let toldAt: number | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(await isHeld(error))) throw error;
      const now = performance.now();
      const waited = now - startedAt;
      if (waited + pauseMs > patienceMs)
        throw new CliError(
          `AWS IoT still refuses to delete ${what} after ${Math.round(waited / 1000)} s (${(error as Error).message}), so it remains: run the same command again later`,
          error,
        );
      if (toldAt === undefined) say(`waiting until AWS IoT can delete ${what}: up to five minutes`);
      else if (now - toldAt >= sayEveryMs) say(`still waiting for ${what}: ${Math.round(waited / 1000)} s`);
      if (toldAt === undefined || now - toldAt >= sayEveryMs) toldAt = now;
    }
    await delay(pauseMs);
  }
}
