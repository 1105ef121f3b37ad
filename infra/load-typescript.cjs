const { resolve } = require('node:path');
const { register } = require('tsx/cjs/api');

/** Requires a TypeScript file of this folder. tsx is registered only meanwhile, as it slows down every file that osls loads. */
module.exports = (file) => {
  const unregister = register();
  try {
    return require(resolve(__dirname, file));
  } finally {
    unregister();
  }
};
