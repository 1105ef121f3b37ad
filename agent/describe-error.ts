/** An error as one line, with its code if the text lacks it. */
export function describeError(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  // A failed connect to several addresses carries its text in its parts.
  const message =
    error.message || (error instanceof AggregateError ? error.errors.map(String).join('; ') : error.name);
  const whole = code !== undefined && !message.includes(String(code)) ? `${message} (${code})` : message;
  return whole.replace(/\p{Cc}+/gu, ' ');
}
