const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Files that mostly wait begin first, so that none is left for the end while the cores are idle. The three that take turns
 * (test/take-turn.ts) are apart, as one that waits for its turn holds a worker. The rest follows as Jest orders it.
 */
const first = [
  'e2e/drill',
  'e2e/console',
  'e2e/shipped',
  'docs/commands',
  'deploy/deploy',
  'e2e/slack',
  'e2e/channels',
  'e2e/policy-cache',
  'e2e/recovery',
  'e2e/story',
  'e2e/storm',
  'e2e/dead-letters',
  'e2e/agents',
  'agent/slow-network',
  'agent/idle-connection',
  'agent/errno-walk',
  'e2e/cli',
  'e2e/actions',
  'e2e/ways-out',
  'e2e/enroll',
  'e2e/kill-switch',
  'e2e/operate-tokens',
  'agent/hostile-machine',
  'cli/launcher',
  'deploy/package',
];

module.exports = class extends Sequencer {
  static first = first;

  async sort(tests) {
    const rank = ({ path }) => {
      const index = first.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return index === -1 ? first.length : index;
    };
    return [...(await super.sort(tests))].sort((one, other) => rank(one) - rank(other));
  }
};
