import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Many tests run what would be deployed and the `cordon` command, so make both first; nothing happens if no source changed. */
export default function packageOnce() {
  runOrFail('local/start.mjs', '--package');
  runOrFail('bin/cordon.mjs', '--version');
  // Jest's workers begin at once, and in a new checkout each of them would compile the stack and all its packages for
  // itself. If something fails here, a test fails too and says why.
  if (!existsSync(join('dist', 'functions', 'compiled')))
    run('--import', './scripts/native-typescript.mjs', 'test/runner/compile-once.ts');
}

function runOrFail(...args) {
  if (run(...args) !== 0) throw new Error(`${args.join(' ')} failed, see above`);
}

function run(...args) {
  // Only what tests do proves that a role needs its rights.
  const { CORDON_ROLE_USE: _, ...env } = process.env;
  const stdio = ['ignore', 2, 'inherit'];
  return spawnSync(process.execPath, args, { env, stdio }).status;
}
