import { CommanderError } from 'commander';
import { describeFault, exitCodes, type Fault } from './exit-codes';
import type { Where } from './faults';
import { writeJsonLine } from './json';
import { say, sayAside } from './look/output';
import { buildProgram } from './program';

/** Runs a command line to its end, and gives the exit code; undefined if the command has set one, or it is 0. */
export async function runProgram(args: readonly string[]): Promise<number | undefined> {
  const { program, where } = buildProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const fault = await readFault(error, where());
    // Commander has printed what is wrong.
    if (!(error instanceof CommanderError)) sayAside(`cordon: ${fault.text}`);
    if (wantsJson(args)) say(writeJsonLine({ error: describeFault(fault) }));
    return fault.exitCode;
  }
}

async function readFault(error: unknown, where: Where): Promise<Fault> {
  if (error instanceof CommanderError) {
    const [said = ''] = error.message.split('\n');
    return { text: said.replace(/^error: /, ''), exitCode: exitCodes.usage };
  }
  const faults = await import('./faults');
  return faults.readFault(error, where, process.env);
}

/** A program that asks for JSON gets some, even if the command line is wrong. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end).includes('--json');
}
