const all = require('./jest.config.cjs');
const leftOut = require('./test/runner/left-out-of-quick.cjs');

// What needs no stack, no packaging and no program of its own: for the minutes between two edits.
module.exports = {
  ...all,
  globalSetup: undefined,
  testPathIgnorePatterns: [
    '/test/(bench|contract|deploy|e2e|local|scripts)/',
    ...leftOut.map((name) => `/test/${name}\\.`),
    '\\.property\\.',
  ],
};
