import { printable } from '../shared/domain/messages/announcement';

/** An error that the user can correct, shown as one or several lines. Their text is made printable. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(lines: string | readonly string[], cause?: unknown) {
    super([lines].flat().map(printable).join('\n'), { cause });
  }
}
