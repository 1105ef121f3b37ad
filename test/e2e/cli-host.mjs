// Runs one `cordon` command after the other, as cli-hosts.ts asks: to load the program takes longer than most commands.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Ends the output of a command, on each of the two streams. */
const end = (code) => `\0${code}\0`;
const launcher = pathToFileURL(join(import.meta.dirname, '..', '..', 'bin', 'cordon.mjs')).href;
let runs = 0;

// Node evaluates a module once: each command gets the main module under a name of its own, and shares what that imports.
registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(
      specifier.startsWith('file:') && specifier.endsWith('/main.mjs') ? `${specifier}?${runs}` : specifier,
      context,
    ),
});

process.on('message', ({ args, folder, env }) => {
  runs += 1;
  process.chdir(folder);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv.splice(1, Number.POSITIVE_INFINITY, launcher, ...args);
  process.exitCode = undefined;
  // An error that it throws ends this process, as it would end a process of its own.
  void import(`${launcher}?${runs}`).then(() => {
    for (const stream of [process.stdout, process.stderr]) {
      stream.removeAllListeners('error');
      stream.write(end(Number(process.exitCode ?? 0)));
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  });
});
// Ends at once: otherwise Node's code cache would get an entry for each of the names.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
