import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Closers } from './closers';
import { explain } from './explain';
import { readFlags } from './flags';
import { packageService } from './package-service';
import { createProgress } from './progress';
import { ResultLine } from './story/result';

const root = join(fileURLToPath(import.meta.url), '..', '..');

/** Waits for a signal, or for a reader of the output that exits early, such as head. Returns what of it came. */
function waitForStop(): Promise<string> {
  return new Promise((resolve) => {
    // A terminal signals the whole group and npm passes it on again: the second must not cut the clean-up short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => resolve(`interrupted by ${signal}`));
    for (const stream of [process.stdout, process.stderr])
      stream.on('error', () => resolve('interrupted, since nobody reads the output any more'));
  });
}

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), process.env);
  // With --json the last line of standard output is the result, so that the rest goes beside it.
  const progress = await createProgress(flags.json ? process.stderr : process.stdout);
  if (flags.packageOnly) return packageService(root, (what) => progress.show('Preparing', what));
  const closers = new Closers();
  const stopping = waitForStop();
  const line = new ResultLine(flags.json ? process.stdout : undefined);
  // Loaded only now, so that a mistyped flag is reported without delay.
  const { runUntilDone } = await import('./run');
  try {
    const stop = await Promise.race([runUntilDone(root, flags, progress, line, closers, stopping), stopping]);
    if (stop && flags.story) line.write(`${progress.current()}: ${stop}`);
    // Interrupted before the story was through: that is no success.
    if (stop && flags.once) process.exitCode = 130;
  } catch (error) {
    line.write(`${progress.current()}: ${explain(error)}`);
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
