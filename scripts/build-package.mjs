// Builds what the npm package has beside bin/ and docs/: node scripts/build-package.mjs [FOLDER] (npm pack runs it).
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleFunctions } from '../infra/bundle-functions.cjs';
import bundleTypescript from '../infra/bundle-typescript.cjs';
import { bundleCli } from './cli-bundle.mjs';
import { hashFiles } from './hash-files.mjs';
import { listBundled, writeBillOfMaterials, writeLicences } from './third-party.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = resolve(process.argv[2] ?? join(root, 'dist', 'package'));
const service = join(folder, 'service');
const serverless = readFileSync(join(root, 'serverless.yml'), 'utf8');

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(service, 'infra'), { recursive: true });
const metafiles = [
  await bundleCli(join(folder, 'cli')),
  await bundleFunctions(root, join(service, 'bundles')),
  await bundleInfrastructure(),
  await bundleInfrastructureCode(),
];
writeFileSync(join(service, 'serverless.yml'), serverless);
const bundled = listBundled(metafiles, copyConsole(), root);
writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), writeLicences(bundled, root));
writeFileSync(join(folder, 'sbom.cdx.json'), writeBillOfMaterials(bundled, root));
writeFileSync(join(folder, 'SHA256SUMS'), hashFiles(folder));

/** What serverless.yml names. Only osls loads it. */
async function bundleInfrastructure() {
  const named = [...serverless.matchAll(/\.\/(infra\/[\w-]+\.cjs)/g)].map(([, file]) => file);
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    metafile: true,
    entryPoints: [...new Set(named)],
    outdir: join(service, 'infra'),
    outExtension: { '.js': '.cjs' },
    external: ['./load-typescript.cjs', './bundle-functions.cjs'],
    minify: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** For osls, which loads no TypeScript. */
async function bundleInfrastructureCode() {
  const { metafile } = await build({
    ...bundleTypescript(root, join(service, 'infra', 'typescript.cjs')),
    minify: true,
    metafile: true,
  });
  writeFileSync(
    join(service, 'infra', 'load-typescript.cjs'),
    "module.exports = (file) => require('./typescript.cjs')[file];\n",
  );
  return metafile;
}

/** The page of `cordon console`. Returns the folders of the packages in it. */
function copyConsole() {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build-console.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
  const made = join(root, 'dist', 'console');
  // What the function has in its bundle is not needed twice.
  const isWanted = (file) => !file.endsWith('packed.json');
  cpSync(made, join(folder, 'console'), { recursive: true, filter: isWanted });
  return JSON.parse(readFileSync(join(made, 'packages.json'), 'utf8'));
}
