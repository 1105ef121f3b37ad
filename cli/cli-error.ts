/** A fault the user can mend; shown as one line. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
