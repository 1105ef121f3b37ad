import type { Detail } from '../domain/case/details';
import { isRefusal } from '../errors';

/**
 * Handles every item, even if AWS refuses some, so that as many as possible are held or restored. Returns the refusals
 * of the others.
 */
export async function forEachItem<T>(
  items: readonly T[],
  act: (item: T) => Promise<Detail | undefined>,
): Promise<Detail[]> {
  const problems: Detail[] = [];
  for (const item of items) {
    try {
      const problem = await act(item);
      if (problem) problems.push(problem);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      problems.push({ code: 'aws-error', name: error.name, message: error.message });
    }
  }
  return problems;
}
