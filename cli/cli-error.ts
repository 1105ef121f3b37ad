import { printable } from '../shared/domain/messages/announcement';

/** A fault the user can mend; shown as one line, or as several where they are given. What is in a line is made printable. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(lines: string | readonly string[], cause?: unknown) {
    super([lines].flat().map(printable).join('\n'), { cause });
  }
}
