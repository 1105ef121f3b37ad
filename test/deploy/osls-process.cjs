// Runs one osls command after the other, each as in a process of its own: with its arguments, folder and environment, with modules
// of its own if they have a state, until nothing is left to wait for. Loading osls takes longer than most of its commands.
const { createRequire } = require('node:module');
const { sep } = require('node:path');
const { decycle } = require('./decycle.cjs');

const osls = `${sep}node_modules${sep}osls${sep}`;
/**
 * Modules of osls that commands may share: they have no state (the schema validator) or are set up once a process (the
 * log).
 */
const kept = ['serverless-utils', 'resolve-ajv-validate', 'resolve-process-tmp-dir', 'config-schema'];

const [node, program] = process.argv;
const ends = ['exit', 'uncaughtException', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'];
const listeners = new Map(ends.map((event) => [event, process.listeners(event)]));
let said;

for (const stream of [process.stdout, process.stderr])
  stream.write = (chunk, ...rest) => {
    said += chunk;
    rest.find((given) => typeof given === 'function')?.();
    return true;
  };

process.on('message', ({ script, args, cwd, env }) => {
  // The process would otherwise wait for the next message for ever.
  process.channel.unref();
  said = '';
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv = [node, script, ...args];
  process.chdir(cwd);
  // The same in a hundredth of the time (decycle.test.ts).
  createRequire(script)('json-cycle').stringify = (value, ...rest) => JSON.stringify(decycle(value), ...rest);
  require(script);
});

process.on('beforeExit', () => {
  if (said === undefined) return;
  process.channel.ref();
  process.send({ code: process.exitCode ?? 0, said });
  said = undefined;
  process.exitCode = 0;
  process.argv = [node, program];
  forgetState();
});

function forgetState() {
  for (const event of ends)
    for (const listener of process.listeners(event))
      if (!listeners.get(event).includes(listener)) process.off(event, listener);
  for (const file of Object.keys(require.cache)) {
    const isKept = file.includes(osls)
      ? kept.some((name) => file.includes(name))
      : /[\\/]node_modules[\\/](?!\.cache)/.test(file);
    if (!isKept && file !== __filename) delete require.cache[file];
  }
}
