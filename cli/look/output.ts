/** The answer itself, on standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Everything but the answer, on standard error. */
export function sayAside(text: string): void {
  process.stderr.write(`${text}\n`);
}
