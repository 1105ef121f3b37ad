import { printable } from '../shared/domain/messages/announcement';
import { exitCodes } from './exit-codes';

/** An error that the user can correct, shown as one or several lines. Their text is made printable. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number = exitCodes.failed;

  constructor(lines: string | readonly string[], cause?: unknown) {
    super([lines].flat().map(printable).join('\n'), { cause });
  }
}

/** The command line is wrong. */
export class UsageError extends CliError {
  override readonly exitCode = exitCodes.usage;
}

/** Cordon refused the command: the case, a guard or a right is against it. */
export class RefusedError extends CliError {
  override readonly exitCode = exitCodes.refused;
}

export class TimedOutError extends CliError {
  override readonly exitCode = exitCodes.timedOut;
}

/** There is no stack to ask. */
export class UnreachableError extends CliError {
  override readonly exitCode = exitCodes.unreachable;
}

/** The command checked, and found a problem. */
export class UnwellError extends CliError {
  override readonly exitCode = exitCodes.unwell;
}
