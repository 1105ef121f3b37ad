// Bundles all functions, as serverless.yml and the npm package ship them. The code depends on no cordon.yml and on no
// parameter (infra/deploy/artifacts-plugin.cjs adds those), so one bundling serves them all.
const { writeFileSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');
const { build } = require('./esbuild.cjs');
const { listPackages } = require('./bundled-packages.cjs');
const { closeKept, listFiles, openKept } = require('./kept-bundles.cjs');

/** Returns the folder with the bundles of this checkout, and in packages.json the folders of the packages in them. */
async function bundleOnce(root) {
  const kept = openKept(root, 'functions');
  if (!kept.isMade) {
    const packages = await bundleFunctions(root, kept.making);
    writeFileSync(join(kept.making, 'packages.json'), JSON.stringify(packages));
    closeKept(kept);
  }
  return kept.folder;
}

/** Bundles functions/NAME/index.ts into FOLDER/functions/NAME/index.mjs. Returns the folders of the packages in them. */
async function bundleFunctions(root, folder) {
  const { metafile } = await build({
    absWorkingDir: resolve(root),
    entryPoints: listFiles(join(root, 'functions'))
      .map((file) => relative(root, file))
      .filter((file) => /[\\/]index\.ts$/.test(file)),
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
  return listPackages(metafile);
}

module.exports = { bundleOnce, bundleFunctions };
