import { CliError } from './cli-error';
import type { CommandPorts } from './command-ports';
import { exitCodes } from './exit-codes';

interface EachPorts extends Pick<CommandPorts, 'explain'> {
  readonly say: (text: string) => void;
  readonly sayAside: (text: string) => void;
}

/** Several things of a command failed. */
class SomeFailedError extends CliError {
  override readonly exitCode: number;

  constructor(text: string, exitCode: number) {
    super(text);
    this.exitCode = exitCode;
  }
}

/** Acts on one thing after the other, and continues if one fails. */
export async function actOnEach(
  things: readonly string[],
  actOn: (thing: string) => Promise<string>,
  { explain, say, sayAside }: EachPorts,
): Promise<void> {
  const codes: number[] = [];
  for (const thing of things) {
    try {
      say(await actOn(thing));
    } catch (error) {
      if (things.length === 1) throw error;
      const { text, exitCode } = await explain(error);
      sayAside(text);
      codes.push(exitCode);
    }
  }
  const [first] = codes;
  if (first === undefined) return;
  const isOne = codes.every((code) => code === first);
  throw new SomeFailedError(
    `${codes.length} of ${things.length} things failed`,
    isOne ? first : exitCodes.failed,
  );
}
