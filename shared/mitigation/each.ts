import type { Detail } from '../domain/case/details';
import { isRefusal } from '../errors';

/**
 * Goes through all items, though AWS refuses some: what can be held is held, what can be restored is restored.
 * Returns what stands against the others.
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
