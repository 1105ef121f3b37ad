// Bundles cli/ into one folder of dist/cli: node scripts/build-cli.mjs FOLDER (bin/cordon.mjs runs it).
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleCli } from './cli-bundle.mjs';

const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('build-cli: usage: node scripts/build-cli.mjs FOLDER\n');
  process.exit(1);
}
/** Bundles of earlier sources that stay: one may still be in use. */
const kept = 2;

const bundles = dirname(folder);
mkdirSync(bundles, { recursive: true });
// Whole or not at all: another command may look for it at the same time.
const work = mkdtempSync(join(bundles, 'building-'));
try {
  const packages = await bundleCli(work);
  // For the licenses and the bill of materials of the npm package.
  writeFileSync(join(work, 'packages.json'), JSON.stringify(packages));
  try {
    renameSync(work, folder);
  } catch (error) {
    // Another command was quicker.
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
const old = readdirSync(bundles)
  .filter((name) => /^[0-9a-f]{32}$/.test(name))
  .map((name) => join(bundles, name))
  .filter((path) => path !== folder)
  .map((path) => ({ path, madeAt: statSync(path).mtimeMs }))
  .sort((a, b) => b.madeAt - a.madeAt)
  .slice(kept);
for (const { path } of old) rmSync(path, { recursive: true, force: true });
