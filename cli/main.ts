import { runProgram } from './run-program';

// A reader that exits early, such as head, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const exitCode = await runProgram(process.argv.slice(2));
if (exitCode !== undefined) process.exitCode = exitCode;
