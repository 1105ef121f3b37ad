module.exports = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  runtime: '<rootDir>/test/runner/runtime.cjs',
  testEnvironment: '<rootDir>/test/runner/environment.cjs',
  testSequencer: '<rootDir>/test/runner/sequencer.cjs',
  globalSetup: '<rootDir>/test/global-setup.mjs',
  testTimeout: 90_000,
  // The end-to-end tests mostly wait: on two cores Jest would run one file at a time, and six still leave the cores idle for seconds.
  maxWorkers: 7,
  // A worker that has had many stacks takes longer than Jest's half second to exit on a busy machine; one with an open handle never exits.
  workerGracefulExitTimeout: 5_000,
};
