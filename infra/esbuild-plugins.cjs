// Puts the validated cordon.yml into the bundles that import `cordon:configuration`.
const { register } = require('tsx/cjs/api');

register();

const configurationPlugin = {
  name: 'cordon-configuration',
  setup(build) {
    build.onResolve({ filter: /^cordon:configuration$/ }, ({ path }) => ({ path, namespace: 'cordon' }));
    build.onLoad({ filter: /.*/, namespace: 'cordon' }, () => {
      const { loadConfiguration } = require('../shared/config/load.ts');
      const configuration = loadConfiguration(require('node:path').resolve(__dirname, '..', 'cordon.yml'));
      return { contents: `export const configuration = ${JSON.stringify(configuration)};`, loader: 'js' };
    });
  },
};

module.exports = [configurationPlugin];
