export interface ProgressLine {
  show(text: string): void;
  /** Leaves the last text standing. */
  end(): void;
}

/** Where nobody sees the line being rewritten, this often is enough. */
const plainEveryMs = 10_000;

/** One line that is rewritten on a terminal; elsewhere a line now and then. */
export function createProgressLine(stream: NodeJS.WriteStream): ProgressLine {
  let shownAt = Number.NEGATIVE_INFINITY;
  let latest = '';
  return {
    show(text) {
      latest = text;
      if (stream.isTTY) stream.write(`\r\x1b[2K${text.slice(0, stream.columns - 1)}`);
      else if (performance.now() - shownAt >= plainEveryMs) {
        stream.write(`${text}\n`);
        shownAt = performance.now();
      }
    },
    end() {
      stream.write(stream.isTTY ? '\n' : `${latest}\n`);
    },
  };
}
