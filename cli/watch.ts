import { say, sayAside } from './look/output';
import { openScreen, type Screen } from './look/style';

const everyMs = 2_000;

/** Clears the terminal and what scrolled off it, and begins at its top. */
const clear = '\u001b[2J\u001b[3J\u001b[H';

/**
 * Shows the answer until Ctrl-C: anew on a terminal, else each time it changes. A read that fails does not end it, except
 * for the first.
 */
export async function watch(
  read: (screen: Screen) => Promise<string>,
  explain: (error: unknown) => Promise<{ readonly text: string }>,
): Promise<void> {
  const stop = () => process.exit(0);
  process.on('SIGINT', stop).on('SIGTERM', stop);
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
