import { copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listPackages } from '../infra/bundling/bundled-packages.cjs';
import { build } from '../infra/bundling/esbuild.cjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Packages that are still CommonJS call require. */
export const requireBanner = {
  js: "import{createRequire as __cordonRequire}from'node:module';const require=__cordonRequire(import.meta.url);",
};

/**
 * Requires node:http instead of importing it: an `import` reads all that it exports, and three of these load undici, 18 ms of CPU of
 * each command that talks to AWS. What CommonJS requires is read where it is used.
 */
const requiredHttp = {
  name: 'required-http',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?http$/ }, ({ kind }) =>
      kind === 'require-call'
        ? { path: 'node:http', external: true }
        : { path: 'http', namespace: 'required' },
    );
    onLoad({ filter: /.*/, namespace: 'required' }, () => ({
      contents: "module.exports = require('node:http');",
    }));
  },
};

/** Bundles cli/ into a folder: main.mjs, and what it loads if a command needs it. Resolves to the folders of the packages in it. */
export async function bundleCli(folder) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['cli/main.ts'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    // A command loads only what it needs. In one file `--version` takes 267 ms of CPU on Node 20 and 132 on 24, with V8's code cache
    // of the file about 150 and 95, and in parts 105 and 57.
    splitting: true,
    bundle: true,
    minify: true,
    keepNames: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    banner: requireBanner,
    plugins: [requiredHttp],
    logLevel: 'warning',
  });
  // Read beside the bundle, as beside its source.
  copyFileSync(join(root, 'cli', 'enroll', 'provisioning-hook.cjs'), join(folder, 'provisioning-hook.cjs'));
  return listPackages(metafile);
}
