import { spawnSync } from 'node:child_process';

/** The end-to-end tests run what would be deployed, so package first; nothing happens where no source changed. */
export default function packageOnce() {
  const { status } = spawnSync('node_modules/.bin/tsx', ['local/main.ts', '--package'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('packaging failed, see above');
}
