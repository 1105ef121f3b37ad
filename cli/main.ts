import { exitCodes } from './exit-codes';
import { runProgram } from './run-program';

// The command goes on: it may have acted on one thing of several. A reader that exits early, such as head, is not an error.
let isLost = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isLost) return;
  isLost = true;
  // Also if the command has ended.
  process.exitCode ||= exitCodes.failed;
  process.stderr.write(`cordon: standard output can’t be written: ${error.code}\n`);
});
process.stderr.on('error', () => undefined);

const exitCode = await runProgram(process.argv.slice(2));
if (exitCode !== undefined) process.exitCode = exitCode;
if (isLost) process.exitCode ||= exitCodes.failed;
