import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder for the bundle of cli/ as its sources are now. */
export const cliFolder = (root) => join(root, 'dist', 'cli', hashSources(root));

/** The hash of all that goes into the bundle, and of how it is made. */
function hashSources(root) {
  const hash = createHash('sha256');
  const files = [
    'package.json',
    'package-lock.json',
    join('scripts', 'build-cli.mjs'),
    join('scripts', 'cli-bundle.mjs'),
    join('scripts', 'cli-folder.mjs'),
    join('infra', 'bundling', 'bundled-packages.cjs'),
  ];
  // functions/notify has what the channels say of themselves, and how `doctor --send-test` sends.
  for (const room of ['cli', 'proof', 'shared', join('functions', 'notify')])
    for (const file of readdirSync(join(root, room), { recursive: true }))
      if (/\.(ts|cjs)$/.test(file)) files.push(join(room, file));
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex').slice(0, 32);
}
