import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Many tests run what would be deployed and the `cordon` command, so make both first; nothing happens if no source changed. */
export default function packageOnce() {
  run(process.execPath, ['local/start.mjs', '--package']);
  run(process.execPath, ['bin/cordon.mjs', '--version']);
  // Jest's workers begin at once, and in a new checkout each of them would compile the stack and all its packages for itself.
  if (!existsSync(join('dist', 'functions', 'compiled')))
    run(process.execPath, ['--import', './scripts/native-typescript.mjs', 'test/runner/compile-once.ts']);
}

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed, see above`);
}
