// Builds what the npm package has beside bin/ and docs/: node scripts/build-package.mjs [--kept] [FOLDER] (npm pack runs it).
// --kept takes what the checkout has of the same sources: bundles, and npm's list of packages. Otherwise everything is made again.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleFunctions, bundleOnce } from '../infra/bundling/bundle-functions.cjs';
import bundleTypescript from '../infra/bundling/bundle-typescript.cjs';
import { listPackages } from '../infra/bundling/bundled-packages.cjs';
import { build } from '../infra/bundling/esbuild.cjs';
import { closeKept, hashSources, openKept } from '../infra/bundling/kept-bundles.cjs';
import { listBundled, listLocked, writeBillOfMaterials, writeLicences } from './bill-of-materials.mjs';
import { bundleCli } from './cli-bundle.mjs';
import { cliFolder } from './cli-folder.mjs';
import { hashFiles } from './hash-files.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: flags, positionals } = parseArgs({
  options: { kept: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const folder = resolve(positionals[0] ?? join(root, 'dist', 'package'));
const service = join(folder, 'service');
const serverless = readFileSync(join(root, 'serverless.yml'), 'utf8');

rmSync(folder, { recursive: true, force: true });
mkdirSync(service, { recursive: true });
const kept = flags.kept ? await keepOwn() : undefined;
const packages = [
  ...(kept ? copyCli() : await bundleCli(join(folder, 'cli'))),
  ...(kept ? await copyFunctions() : await bundleFunctions(root, join(service, 'bundles'))),
  ...(kept
    ? copyBundles(kept.infrastructure, join(service, 'infra'))
    : await bundleInfrastructure(join(service, 'infra'))),
  ...copyConsole(),
];
writeFileSync(join(service, 'serverless.yml'), serverless);
const bundled = listBundled(packages, root);
writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), writeLicences(bundled, root));
writeFileSync(
  join(folder, 'sbom.cdx.json'),
  writeBillOfMaterials(bundled, kept?.locked ?? listLocked(root), root),
);
writeFileSync(join(folder, 'SHA256SUMS'), hashFiles(folder));

/** Makes what only this package needs, once for the same sources and the same npm. */
async function keepOwn() {
  const { npm_config_user_agent: npm = '' } = process.env;
  const files = ['serverless.yml', 'package-lock.json', 'scripts'];
  const others = createHash('sha256')
    .update(`${npm}${hashSources(root, files)}`)
    .digest('hex')
    .slice(0, 16);
  const own = openKept(root, 'package', others);
  if (!own.isMade) {
    const infrastructure = join(own.making, 'infra');
    const bundled = await bundleInfrastructure(infrastructure);
    writeFileSync(join(infrastructure, 'packages.json'), JSON.stringify(bundled));
    writeFileSync(join(own.making, 'locked.json'), JSON.stringify(listLocked(root)));
    closeKept(own);
  }
  const locked = JSON.parse(readFileSync(join(own.folder, 'locked.json'), 'utf8'));
  return { infrastructure: join(own.folder, 'infra'), locked };
}

/** Bundles what osls loads, because osls loads no TypeScript. */
async function bundleInfrastructure(into) {
  return [...(await bundlePlugins(into)), ...(await bundleInfrastructureCode(into))];
}

/** Bundles the plugins that serverless.yml names. */
async function bundlePlugins(into) {
  const named = [...serverless.matchAll(/\.\/(infra\/[\w/-]+\.cjs)/g)].map(([, file]) => file);
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    metafile: true,
    entryPoints: [...new Set(named)],
    outbase: 'infra',
    outdir: into,
    outExtension: { '.js': '.cjs' },
    external: ['./bundling/*', '../bundling/*'],
    minify: true,
    logLevel: 'warning',
  });
  return listPackages(metafile);
}

async function bundleInfrastructureCode(into) {
  const { metafile } = await build({
    ...bundleTypescript(root, join(into, 'bundling', 'typescript.cjs')),
    minify: true,
    metafile: true,
  });
  writeFileSync(
    join(into, 'bundling', 'load-typescript.cjs'),
    "module.exports = (file) => require('./typescript.cjs')[file];\n",
  );
  return listPackages(metafile);
}

function copyCli() {
  run(join('bin', 'cordon.mjs'), '--version');
  return copyBundles(cliFolder(root), join(folder, 'cli'));
}

async function copyFunctions() {
  return copyBundles(await bundleOnce(root), join(service, 'bundles'));
}

/** The page of `cordon console`. */
function copyConsole() {
  run(join('scripts', 'build-console.mjs'));
  return copyBundles(join(root, 'dist', 'console'), join(folder, 'console'));
}

/** Returns the folders of the packages in them. */
function copyBundles(from, to) {
  // packed.json: what a function has in its bundle is not needed twice.
  const isWanted = (file) => !/[\\/]pack(ages|ed)\.json$/.test(file);
  cpSync(from, to, { recursive: true, filter: isWanted });
  return JSON.parse(readFileSync(join(from, 'packages.json'), 'utf8'));
}

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
}
