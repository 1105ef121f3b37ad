import { exitCodes } from './exit-codes';
import { runProgram } from './run-program';

// A reader that exits early, such as head, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`cordon: standard output can’t be written: ${error.code}\n`);
  process.exit(exitCodes.failed);
});
// The command is still carried out, and its exit code says how it ended.
process.stderr.on('error', () => undefined);

const exitCode = await runProgram(process.argv.slice(2));
if (exitCode !== undefined) process.exitCode = exitCode;
