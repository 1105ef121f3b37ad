import { VersionConflictError } from './errors';

/**
 * Reads, changes and saves, and again if another writer came in between, `tries` times at most: then it throws the
 * VersionConflictError.
 */
export async function untilUndisturbed<T>(tries: number, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof VersionConflictError) || attempt >= tries) throw error;
    }
  }
}
