/** Everything started so far, to be ended in reverse order. */
export type Closers = (() => Promise<unknown> | unknown)[];

/** The last opened is closed first. One that can't be closed does not keep the others open. */
export async function closeAll(closers: Closers): Promise<void> {
  const faults: unknown[] = [];
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length === 1) throw faults[0];
  if (faults.length > 1)
    throw new AggregateError(
      faults,
      `${faults.length} parts of the stack could not be stopped: ${faults.map(String).join('; ')}`,
    );
}
