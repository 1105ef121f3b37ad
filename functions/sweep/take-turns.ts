/** Items of a list in one run: far more than a fleet limit, and few enough for the function's time. */
const mostInTurn = 1_000;
/** Skipping a page takes a quarter of a second. */
const mostPassed = 20_000;

/**
 * Yields a long list in parts. Each run continues where the previous one ended, at its limit or because its reader
 * stopped. So items that every run finds again can't hide the items after them. A new process begins at the start.
 */
export function takeTurns<T>(list: () => AsyncIterable<T>): () => AsyncIterable<T> {
  let passed = 0;
  return async function* () {
    const from = passed;
    let index = 0;
    // Unless the reader or the part ends before.
    let next = 0;
    try {
      for await (const item of list()) {
        index += 1;
        if (index <= from) continue;
        next = index < mostPassed ? index : 0;
        yield item;
        if (index === from + mostInTurn) return;
      }
      next = 0;
    } finally {
      passed = next;
    }
  };
}
