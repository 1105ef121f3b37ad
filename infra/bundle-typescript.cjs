// All TypeScript that the plugins and serverless.yml load, as one file of JavaScript: osls loads no TypeScript itself.
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** The options of esbuild for one file that gives each module under the name that it is loaded by. */
module.exports = (root, outfile) => {
  const infra = join(root, 'infra');
  const loaded = readdirSync(infra)
    .filter((file) => file.endsWith('.cjs'))
    .flatMap((file) => [...readFileSync(join(infra, file), 'utf8').matchAll(/loadTypescript\('([^']+)'\)/g)])
    .map(([, name]) => JSON.stringify(name));
  const names = [...new Set(loaded)].sort();
  return {
    absWorkingDir: root,
    stdin: {
      contents: `module.exports = {${names.map((name) => `get ${name}() { return require(${name}); }`)}};`,
      resolveDir: infra,
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
