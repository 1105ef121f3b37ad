// Jest's runtime gives each test file a world of its own: it compiles every module anew, in a new context. Loading the AWS clients
// and the local stack then takes over a second a file. Here Node itself loads the modules, once for each of Jest's worker processes;
// only the test file is evaluated for each run. Tests therefore don't mock modules, and undo what they change outside of themselves.
const module_ = require('node:module');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { runTypeScript } = require('../../local/native-typescript.mjs');

runTypeScript();
module_.registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === '@jest/globals' ? { url: globalsUrl, shortCircuit: true } : nextResolve(specifier, context),
});
const globalsUrl = pathToFileURL(join(__dirname, 'globals.mjs')).href;

/** What jest-runner and jest-circus ask of a runtime, and nothing else. */
class NativeRuntime {
  constructor(_config, environment) {
    this.environment = environment;
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  /**
   * A different query makes Node evaluate a test file again, for instance in watch mode. It is the same in each run of
   * Jest, for Node to find there what it compiled before.
   */
  async unstable_importModule(path) {
    const times = (imported.get(path) ?? 0) + 1;
    imported.set(path, times);
    await import(`${pathToFileURL(path).href}?run=${times}`);
  }

  requireModule(path) {
    return require(path);
  }

  /** The test framework keeps the tests of a file in its module and on the global object, so each file gets a new one. */
  requireInternalModule(path) {
    delete require.cache[require.resolve(path)];
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    return require(path);
  }

  setGlobalsForRuntime() {}
  enterTestCode() {}
  leaveTestCode() {}
  getSourceMaps() {
    return new Map();
  }
  getAllCoverageInfoCopy() {}
  teardown() {}
}

/** How often each test file was imported here. */
const imported = new Map();

module.exports = { default: NativeRuntime, __esModule: true };
