/** The results of the story; `null` for a step that it did not reach. */
export interface StoryResult {
  contained: boolean;
  verified: boolean;
  controlUndisturbed: boolean;
  slack: number;
  email: number;
  released: boolean;
  restored: boolean;
  childToDeniedMs: number | null;
  alertToAppliedMs: number | null;
  coldStartMs: Readonly<Record<string, number>>;
  /** The step that did not happen, and why. */
  failed?: string;
}

/** A result that proves nothing yet. */
function emptyResult(): StoryResult {
  return {
    contained: false,
    verified: false,
    controlUndisturbed: false,
    slack: 0,
    email: 0,
    released: false,
    restored: false,
    childToDeniedMs: null,
    alertToAppliedMs: null,
    coldStartMs: {},
  };
}

/** The result as one line of JSON: written once, by whatever ends the run first. */
export class ResultLine {
  /** What the story has proved so far. */
  readonly result = emptyResult();
  readonly #stream: Pick<NodeJS.WriteStream, 'write'> | undefined;
  #isWritten = false;

  /** Without a stream, writes nothing. */
  constructor(stream?: Pick<NodeJS.WriteStream, 'write'>) {
    this.#stream = stream;
  }

  /** `failed`: the step that did not happen, and why, unless the result has it. */
  write(failed = this.result.failed): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    this.#stream?.write(`${JSON.stringify({ ...this.result, failed })}\n`);
  }
}
