import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes';
import { sayAside } from './look/output';
import { buildProgram } from './program';

// A reader that exits early, such as head, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const { program, where } = buildProgram();
try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed what is wrong, or the help or version that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  else {
    const { readFault } = await import('./faults');
    const { text, exitCode } = readFault(error, where(), process.env);
    sayAside(`cordon: ${text}`);
    process.exitCode = exitCode;
  }
}
