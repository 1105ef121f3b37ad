import { openScreen } from './style';
import { wrapWords } from './wrap';

/** The answer itself, on standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** An answer in words, as wide as the terminal. */
export function sayWords(text: string): void {
  say(wrapWords(text, openScreen().width));
}

/** Everything but the answer, on standard error. */
export function sayAside(text: string): void {
  process.stderr.write(`${wrapWords(text, openScreen(process.stderr).width)}\n`);
}
