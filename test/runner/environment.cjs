const module_ = require('node:module');
const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

/** The real global object of Jest's worker process; what a test file changes there is put back after it. */
class NativeEnvironment {
  constructor({ projectConfig }) {
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimers = null;
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    /** What undoes the changes of a test file, see after-file.ts. */
    this.atEnd = [];
    this.before = {
      env: { ...process.env },
      exit: process.exit,
      exitCode: process.exitCode,
      console: globalThis.console,
      directory: process.cwd(),
    };
    globalThis[Symbol.for('cordon.jest-environment')] = this;
  }

  async setup() {
    // Jest's own maps each frame of a stack to a source; Node runs the sources as they are, and formats a stack only if it is read.
    Error.prepareStackTrace = undefined;
  }

  async teardown() {
    for (const undo of this.atEnd.toReversed()) await undo();
    this.fakeTimersModern.dispose();
    this.moduleMocker.restoreAllMocks();
    const { env, exit, exitCode, directory } = this.before;
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    process.exit = exit;
    process.exitCode = exitCode;
    process.chdir(directory);
    globalThis.console = this.before.console;
    // Otherwise, Node writes all that it compiled when the process ends, and Jest waits half a second for that before
    // it kills the process.
    module_.flushCompileCache();
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** No context: Jest runs no script of its own here. */
  getVmContext() {
    return null;
  }
}

module.exports = NativeEnvironment;
