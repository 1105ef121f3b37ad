const { join } = require('node:path');
const bundleTypescript = require('./bundle-typescript.cjs');
const { closeKept, openKept } = require('./kept-bundles.cjs');

let modules;

/** Requires a TypeScript file, named from the root of the checkout. */
module.exports = (file) => {
  modules ??= require(bundle(join(__dirname, '..', '..')));
  return modules[file];
};

function bundle(root) {
  const kept = openKept(root, 'infra');
  if (!kept.isMade) {
    require('./esbuild.cjs').buildSync(bundleTypescript(root, join(kept.making, 'typescript.cjs')));
    closeKept(kept);
  }
  return join(kept.folder, 'typescript.cjs');
}
