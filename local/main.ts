import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Closers } from './closers';
import { explain } from './explain';
import { readFlags } from './flags';
import { packageService } from './package-service';
import { createProgress } from './progress';

const root = join(fileURLToPath(import.meta.url), '..', '..');

/** Waits for a signal, or for a reader of the output that exits early, such as head. */
function waitForStop(): Promise<'stopped'> {
  return new Promise((resolve) => {
    const stop = () => resolve('stopped');
    // A terminal signals the whole group and npm passes it on again: the second must not cut the clean-up short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
    for (const stream of [process.stdout, process.stderr]) stream.on('error', stop);
  });
}

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), process.env);
  // With --json the last line of standard output is the result, so that the rest goes beside it.
  const progress = await createProgress(flags.json ? process.stderr : process.stdout);
  if (flags.packageOnly) return packageService(root, (what) => progress.show('Preparing', what));
  const closers = new Closers();
  const stopping = waitForStop();
  // Loaded only now, so that a mistyped flag is reported without delay.
  const { runUntilDone, printFailure } = await import('./run');
  try {
    const outcome = await Promise.race([runUntilDone(root, flags, progress, closers, stopping), stopping]);
    // Interrupted before the story was through: that is no success.
    if (outcome === 'stopped' && flags.once) process.exitCode = 130;
  } catch (error) {
    if (flags.json) printFailure(`${progress.current()}: ${explain(error)}`);
    throw error;
  } finally {
    await closers.closeAll();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`cordon: ${explain(error)}\n`);
  process.exitCode = 1;
}
// Everything is closed, but an interrupted story may still wait for something that never comes, so the process exits
// here.
process.exit();
