// Builds what the npm package has beside bin/ and docs/: node scripts/build-package.mjs [FOLDER] (npm pack runs it).
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { bundleCli } from './cli-bundle.mjs';
import { hashFiles } from './hash-files.mjs';
import { listBundled, writeBillOfMaterials, writeLicences } from './third-party.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = resolve(process.argv[2] ?? join(root, 'dist', 'package'));
const service = join(folder, 'service');
/** How everything that only osls loads is bundled. */
const forOsls = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  metafile: true,
};
const serverless = readFileSync(join(root, 'serverless.yml'), 'utf8');

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(service, 'infra'), { recursive: true });
const metafiles = [
  await bundleCli(join(folder, 'cli')),
  await bundleFunctions(),
  await bundleInfrastructure(),
  await bundleTypescript(),
];
writeFileSync(join(service, 'serverless.yml'), writeService());
const bundled = listBundled(metafiles, copyConsole(), root);
writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), writeLicences(bundled, root));
writeFileSync(join(folder, 'sbom.cdx.json'), writeBillOfMaterials(bundled, root));
writeFileSync(join(folder, 'SHA256SUMS'), hashFiles(folder));

/** As serverless-esbuild bundles them for `sls deploy`, with the same options. */
async function bundleFunctions() {
  const require = createRequire(import.meta.url);
  const { withoutConfiguration } = require('../infra/esbuild-plugins.cjs');
  const { custom, functions } = parse(serverless, { logLevel: 'error' });
  const { exclude, outputFileExtension, plugins: _, ...options } = custom.esbuild;
  const own = Object.values(functions[0]).map(({ handler }) => dirname(handler));
  const places = join('functions', 'notify', 'channels');
  const channels = readdirSync(join(root, places), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[^/]+\/index\.ts$/.test(file))
    .map((file) => join(places, dirname(file)));
  const { metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: [...own, ...channels].map((place) => join(place, 'index.ts')),
    outbase: '.',
    outdir: join(service, 'bundles'),
    outExtension: { '.js': outputFileExtension },
    external: exclude,
    plugins: withoutConfiguration(),
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** What serverless.yml names. Only osls loads it. */
async function bundleInfrastructure() {
  const named = [...serverless.matchAll(/\.\/(infra\/[\w-]+\.cjs)/g)].map(([, file]) => file);
  const { metafile } = await build({
    ...forOsls,
    entryPoints: [...new Set([...named, 'infra/artifacts-plugin.cjs'])].filter(
      (file) => !file.includes('esbuild'),
    ),
    outdir: join(service, 'infra'),
    outExtension: { '.js': '.cjs' },
    external: ['./load-typescript.cjs'],
    minify: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** All TypeScript that infra/*.cjs loads, in one file, under the names that it is loaded by. */
async function bundleTypescript() {
  const sources = readdirSync(join(root, 'infra')).filter((file) => file.endsWith('.cjs'));
  const loaded = sources.flatMap((file) =>
    [...readFileSync(join(root, 'infra', file), 'utf8').matchAll(/loadTypescript\('([^']+)'\)/g)].map(
      ([, name]) => name,
    ),
  );
  const names = [...new Set(loaded)].sort();
  const { metafile } = await build({
    ...forOsls,
    stdin: {
      contents: `module.exports = {${names.map((name) => `${JSON.stringify(name)}: require(${JSON.stringify(name)})`)}};`,
      resolveDir: join(root, 'infra'),
    },
    outfile: join(service, 'infra', 'typescript.cjs'),
    keepNames: true,
    minify: true,
    logLevel: 'warning',
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
  cpSync(made, join(folder, 'console'), { recursive: true });
  return JSON.parse(readFileSync(join(made, 'packages.json'), 'utf8'));
}

function writeService() {
  const bundler = '  - serverless-esbuild\n';
  const ofBundler = /\n {2}esbuild:\n[\s\S]*$/;
  if (!serverless.includes(bundler) || !ofBundler.test(serverless))
    throw new Error(
      'serverless.yml names serverless-esbuild, or its options, in another way: look at this script',
    );
  return serverless.replace(bundler, '  - ./infra/artifacts-plugin.cjs\n').replace(ofBundler, '\n');
}
