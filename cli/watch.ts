import { say, sayAside } from './look/output';
import { openScreen, type Screen } from './look/style';

const everyMs = 2_000;

/** Clears the terminal and what scrolled off it, and begins at its top. */
const clear = '\u001b[2J\u001b[3J\u001b[H';

/** Says each new line until Ctrl-C. A look that fails does not end it, except for the first. */
export async function follow(
  look: (now: number) => Promise<readonly string[]>,
  explain: (error: unknown) => Promise<{ readonly text: string }>,
): Promise<void> {
  listenForEnd();
  for (let isFirst = true; ; isFirst = false) {
    try {
      for (const line of await look(Date.now())) say(line);
    } catch (error) {
      if (isFirst) throw error;
      sayAside(`cordon: can't be read now: ${(await explain(error)).text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function listenForEnd(): void {
  const stop = () => process.exit(0);
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

/**
 * Shows the answer until Ctrl-C: redrawn on a terminal, else each time it changes. A read that fails does not end it, except
 * for the first.
 */
export async function watch(
  read: (screen: Screen) => Promise<string>,
  explain: (error: unknown) => Promise<{ readonly text: string }>,
): Promise<void> {
  listenForEnd();
  let shown: string | undefined;
  for (;;) {
    let text: string;
    try {
      text = await read(openScreen());
      if (process.stdout.isTTY) process.stdout.write(`${clear}${text}\n`);
      else if (text !== shown) say(text);
      shown = text;
    } catch (error) {
      if (shown === undefined) throw error;
      sayAside(`cordon: can't be read now: ${(await explain(error)).text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
