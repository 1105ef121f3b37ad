/** Why the local stack can't start or a step of the story did not happen, as one line that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
