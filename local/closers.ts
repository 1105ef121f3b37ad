type Close = () => Promise<unknown> | unknown;

/** Everything started so far, to be ended in reverse order. */
export class Closers {
  readonly #open: Close[] = [];
  #isClosed = false;

  /** If something is started after everything was closed, for example by an interrupted step, it is ended at once. */
  push(close: Close): void {
    if (this.#isClosed) void close();
    else this.#open.push(close);
  }

  /** The last opened is closed first. One that can't be closed does not keep the others open. */
  async closeAll(): Promise<void> {
    const faults: unknown[] = [];
    for (let close = this.#open.pop(); close; close = this.#open.pop()) {
      try {
        await close();
      } catch (error) {
        faults.push(error);
      }
    }
    this.#isClosed = true;
    if (faults.length === 1) throw faults[0];
    if (faults.length > 1)
      throw new AggregateError(
        faults,
        `${faults.length} parts of the stack could not be stopped: ${faults.map(String).join('; ')}`,
      );
  }
}
