// Bundles all functions, as serverless.yml and the npm package ship them. The code depends on no cordon.yml and on no
// parameter (infra/artifacts-plugin.cjs adds those), so the bundles of the same sources are kept and used again.
const { createHash } = require('node:crypto');
const {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} = require('node:fs');
const { join, resolve } = require('node:path');
const { build } = require('esbuild');

/** Whatever goes into the bundles, and how they are made. */
const sources = ['functions', 'shared', 'infra', 'tsconfig.json', join('node_modules', '.package-lock.json')];
const keptVersions = 4;

/** Returns the folder with the bundles of this checkout, which the next run finds again. */
async function bundleOnce(root) {
  const cache = join(root, 'node_modules', '.cache', 'cordon-bundles');
  const folder = join(cache, hashSources(root));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, 'making-'));
  try {
    await bundleFunctions(root, made);
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    // Another run of the same sources was faster.
    if (!existsSync(folder)) throw error;
  }
  forgetOldest(cache);
  return folder;
}

/** Bundles functions/NAME/index.ts into FOLDER/functions/NAME/index.mjs. Returns what esbuild tells of each file. */
async function bundleFunctions(root, folder) {
  const { metafile } = await build({
    absWorkingDir: resolve(root),
    entryPoints: listFiles(join(root, 'functions'))
      .filter((file) => /[\\/]index\.ts$/.test(file))
      .map((file) => join('functions', file.slice(join(root, 'functions').length + 1))),
    outbase: '.',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Packages that are still CommonJS call require.
    banner: {
      js: "import{createRequire as __cordonRequire}from'node:module';const require=__cordonRequire(import.meta.url);",
    },
    plugins: require('./esbuild-plugins.cjs'),
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

function hashSources(root) {
  const hash = createHash('sha256');
  for (const source of sources)
    for (const file of listFiles(join(root, source)))
      hash
        .update(`${file.slice(root.length)}\0`)
        .update(readFileSync(file))
        .update('\0');
  return hash.digest('hex').slice(0, 16);
}

function listFiles(path) {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

function forgetOldest(cache) {
  const versions = readdirSync(cache)
    .filter((name) => !name.startsWith('making-'))
    .map((name) => ({ folder: join(cache, name), at: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { folder } of versions.slice(keptVersions)) rmSync(folder, { recursive: true, force: true });
}

module.exports = { bundleOnce, bundleFunctions };
