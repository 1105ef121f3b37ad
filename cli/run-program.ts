import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes';
import { sayAside } from './look/output';
import { buildProgram } from './program';

/** Runs a command line to its end, and gives the exit code; undefined where the command has set one, or it is 0. */
export async function runProgram(args: readonly string[]): Promise<number | undefined> {
  const { program, where } = buildProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    // Commander has printed what is wrong, or the help or version that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    const { readFault } = await import('./faults');
    const { text, exitCode } = readFault(error, where(), process.env);
    sayAside(`cordon: ${text}`);
    return exitCode;
  }
}
