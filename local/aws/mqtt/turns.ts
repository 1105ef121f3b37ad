/** The number of acknowledgements in one write to the socket. */
const atOnce = 4;

/**
 * Handles only a few messages of each client in a turn of the event loop, in order. One read may bring thousands of
 * messages of one client, and the rest of the stack must not wait for all of them.
 */
export function createTurns(): (client: object, act: () => void) => void {
  const waiting = new Map<object, (() => void)[]>();

  function next(client: object, acts: (() => void)[]): void {
    if (acts.length === 0) {
      waiting.delete(client);
      return;
    }
    setImmediate(next, client, acts);
    for (const act of acts.splice(0, atOnce)) act();
  }

  return (client, act) => {
    const acts = waiting.get(client);
    if (acts) {
      acts.push(act);
      return;
    }
    const own: (() => void)[] = [];
    waiting.set(client, own);
    setImmediate(next, client, own);
    act();
  };
}
