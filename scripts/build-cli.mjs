// Bundles cli/ into one folder of dist/cli: node scripts/build-cli.mjs FOLDER (bin/cordon.mjs runs it).
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('build-cli: usage: node scripts/build-cli.mjs FOLDER\n');
  process.exit(1);
}
/** Of earlier sources: one may still be in use. */
const kept = 2;

const bundles = dirname(folder);
mkdirSync(bundles, { recursive: true });
// Whole or not at all: another command may look for it at the same time.
const work = mkdtempSync(join(bundles, 'building-'));
try {
  await build({
    absWorkingDir: root,
    entryPoints: ['cli/main.ts'],
    outdir: work,
    outExtension: { '.js': '.mjs' },
    // A command loads only what it needs.
    splitting: true,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    banner: {
      // Packages that are still CommonJS call require.
      js: "import{createRequire as __cordonRequire}from'node:module';const require=__cordonRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  // Read beside the bundle, as beside its source.
  copyFileSync(join(root, 'cli', 'enroll', 'provisioning-hook.cjs'), join(work, 'provisioning-hook.cjs'));
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
