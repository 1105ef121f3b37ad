// All TypeScript that the plugins and serverless.yml load, as one file of JavaScript: osls loads no TypeScript itself.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { listFiles } = require('./kept-bundles.cjs');

/** The options of esbuild for one file that gives each module under the name that it is loaded by. */
module.exports = (root, outfile) => {
  const loaded = listFiles(join(root, 'infra'))
    .filter((file) => file.endsWith('.cjs'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/loadTypescript\(\s*'([^']+)'/g)])
    .map(([, name]) => name);
  const names = [...new Set(loaded)].sort();
  return {
    absWorkingDir: root,
    stdin: {
      contents: `module.exports = {${names.map((name) => `get '${name}'() { return require('./${name}'); }`)}};`,
      resolveDir: root,
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    keepNames: true,
    logLevel: 'warning',
  };
};
