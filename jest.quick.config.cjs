const all = require('./jest.config.cjs');

// What needs no stack, no packaging and no program of its own: for the minutes between two edits.
module.exports = {
  ...all,
  globalSetup: undefined,
  testPathIgnorePatterns: [
    '/test/(bench|contract|deploy|e2e|local|scripts)/',
    '/test/docs/(commands|costs|runbooks|text)\\.',
    '/test/cli/(launcher|program|enroll/fleet-provisioning)\\.',
    '/test/infra/(adoption|collisions|deploy-parameters|packaging|roles|template|watching)\\.',
    '/test/agent/(cli/agent|errno-walk|hostile-machine|idle-connection|node-versions|program|real-networks|recorded-week|slow-network|week)\\.',
    '/test/functions/respond/crash',
    '/test/shared/domain/long-cases\\.',
    '\\.property\\.',
  ],
};
