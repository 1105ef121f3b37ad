import { say, sayAside } from '../look/output';
import { openScreen, type Screen } from '../look/style';

const everyMs = 2_000;

/** Clears the terminal and what scrolled off it, and begins at its top. */
const clear = '\u001b[2J\u001b[3J\u001b[H';

interface WatchPorts {
  readonly explain: (error: unknown) => Promise<{ readonly text: string }>;
  /** Opens the stack again after a failed read: a restarted local one has another address. */
  readonly reopen: () => Promise<void>;
}

/** Says each new line until Ctrl-C. A look that fails does not end it, except for the first. */
export async function follow(
  look: (now: number) => Promise<readonly string[]>,
  ports: WatchPorts,
): Promise<void> {
  await repeat(async () => {
    for (const line of await look(Date.now())) say(line);
  }, ports);
}

/**
 * Shows the answer until Ctrl-C: redrawn on a terminal, else each time it changes. A read that fails does not end it, except
 * for the first.
 */
export async function watch(read: (screen: Screen) => Promise<string>, ports: WatchPorts): Promise<void> {
  let shown: string | undefined;
  await repeat(async () => {
    const text = await read(openScreen());
    if (process.stdout.isTTY) process.stdout.write(`${clear}${text}\n`);
    else if (text !== shown) say(text);
    shown = text;
  }, ports);
}

async function repeat(look: () => Promise<void>, ports: WatchPorts): Promise<void> {
  listenForEnd();
  const attempt = createAttempt(look, ports);
  for (;;) {
    await attempt();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** One look. It prints once why looks fail, and once that they succeed again. */
export function createAttempt(look: () => Promise<void>, { explain, reopen }: WatchPorts) {
  let isFirst = true;
  let told: string | undefined;
  return async (): Promise<void> => {
    try {
      await look();
      if (told !== undefined) sayAside('cordon: it can be read again');
      told = undefined;
    } catch (error) {
      if (isFirst) throw error;
      const { text } = await explain(error);
      if (text !== told) sayAside(`cordon: can't be read now: ${text}`);
      told = text;
      await reopen();
    } finally {
      isFirst = false;
    }
  };
}

function listenForEnd(): void {
  const stop = () => process.exit(0);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // Nobody reads it any more, as after `| head`.
  process.stdout.on('error', stop);
}
