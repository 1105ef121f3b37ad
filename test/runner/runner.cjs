const { default: JestRunner } = require('jest-runner');
const { isWaiting } = require('./sequencer.cjs');

/** How many of Jest's workers have the files that mostly compute. */
const computing = 2;

/**
 * Two pools of workers. Node loads and compiles a module once for each worker, so a few workers run the many files that
 * mostly compute. The others run the files that mostly wait, which leave the processor to the first.
 */
module.exports = class {
  static Runner = JestRunner;
  supportsEventEmitters = true;

  constructor(globalConfig, context) {
    const start = (maxWorkers) => new this.constructor.Runner({ ...globalConfig, maxWorkers }, context);
    const { maxWorkers } = globalConfig;
    this.all = start(maxWorkers);
    this.pools = maxWorkers > computing ? [start(maxWorkers - computing), start(computing)] : [];
  }

  async runTests(tests, watcher, options) {
    const [waiting, others] = this.pools;
    const groups = [tests.filter(isWaiting), tests.filter((test) => !isWaiting(test))];
    if (!waiting || options.serial || groups.some(({ length }) => length === 0))
      return this.all.runTests(tests, watcher, options);
    await Promise.all([
      waiting.runTests(groups[0], watcher, options),
      others.runTests(groups[1], watcher, options),
    ]);
  }

  on(event, listener) {
    const ends = [this.all, ...this.pools].map((runner) => runner.on(event, listener));
    return () => {
      for (const end of ends) end();
    };
  }
};
