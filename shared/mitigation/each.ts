import { isRefusal } from '../errors';

/**
 * Goes through all items, though AWS refuses some: what can be held is held, what can be restored is restored.
 * Returns what stands against the others, in words.
 */
export async function forEachItem<T>(
  items: readonly T[],
  act: (item: T) => Promise<string | undefined>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const item of items) {
    try {
      const problem = await act(item);
      if (problem) problems.push(problem);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      problems.push(`${error.name}: ${error.message}`);
    }
  }
  return problems;
}
