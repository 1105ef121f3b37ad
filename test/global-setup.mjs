import { spawnSync } from 'node:child_process';

/** Many tests run what would be deployed and the `cordon` command, so make both first; nothing happens if no source changed. */
export default function packageOnce() {
  run(process.execPath, ['local/start.mjs', '--package']);
  run(process.execPath, ['bin/cordon.mjs', '--version']);
}

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed, see above`);
}
