/** Has some workers go through all items. */
export async function inParallel<T>(
  items: readonly T[],
  workers: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const actOnEach = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: workers }, actOnEach));
}
