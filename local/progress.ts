export interface Progress {
  /** Runs one step, and shows what it does, how long it took, and the text that it returns. */
  readonly step: <T>(what: string, run: () => Promise<T>) => Promise<T>;
  show(title: string, text: string): void;
  /** The step that runs, or ran last. */
  current(): string;
}

/** Progress on a terminal; plain lines elsewhere. */
export async function createProgress(stream: NodeJS.WriteStream): Promise<Progress> {
  let now = 'start';
  // If a terminal reports no width, the progress would be redrawn without end.
  const live = stream.isTTY && stream.columns > 0;
  // Loaded for a terminal only: it takes a third of the processor time of `--package` if nothing has changed.
  const spinner = live ? (await import('ora')).default({ stream, discardStdin: false }) : undefined;
  const print = (line: string) => stream.write(`${line}\n`);
  return {
    async step(what, run) {
      now = what;
      const startedAt = performance.now();
      spinner?.start(what);
      const printOutcome = (mark: 'succeed' | 'fail', text: string) => {
        const line = `${text} (${Math.round(performance.now() - startedAt)} ms)`;
        if (spinner) spinner[mark](line);
        else print(`${mark === 'succeed' ? 'ok  ' : 'FAIL'} ${line}`);
      };
      try {
        const outcome = await run();
        printOutcome(
          'succeed',
          typeof outcome === 'string' && outcome.length < 100 ? `${what}: ${outcome}` : what,
        );
        return outcome;
      } catch (error) {
        printOutcome('fail', what);
        throw error;
      }
    },
    show(title, text) {
      print(`\n--- ${title}\n${text}\n`);
    },
    current: () => now,
  };
}
