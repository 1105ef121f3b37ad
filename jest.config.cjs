module.exports = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  runtime: '<rootDir>/test/runner/runtime.cjs',
  testEnvironment: '<rootDir>/test/runner/environment.cjs',
  runner: '<rootDir>/test/runner/runner.cjs',
  testSequencer: '<rootDir>/test/runner/sequencer.cjs',
  globalSetup: '<rootDir>/test/global-setup.mjs',
  testTimeout: 90_000,
  // Five for the files that mostly wait, and two for the others (runner.cjs): on two cores Jest would run one file at a time.
  maxWorkers: 7,
  // A worker that has had many stacks takes longer than Jest's half second to exit on a busy machine; one with an open handle never exits.
  workerGracefulExitTimeout: 5_000,
};
