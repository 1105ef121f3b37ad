const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Files that mostly wait, for their processes, for timeouts or for each other, in the order in which they start. Files
 * that use test/take-turn.ts are not listed here.
 */
const waiting = [
  'agent/slow-network',
  'e2e/drill',
  'docs/commands',
  'e2e/channels',
  'e2e/console',
  'e2e/shipped',
  'e2e/storm',
  'e2e/dead-letters',
  'deploy/deploy',
  'agent/idle-connection',
  'e2e/slack',
  'e2e/policy-cache',
  'e2e/recovery',
  'e2e/story',
  'e2e/agents',
  'agent/errno-walk',
  'cli/launcher',
  'e2e/cli',
  'e2e/operate-tokens',
  'e2e/actions',
  'e2e/ways-out',
  'deploy/package',
  'e2e/kill-switch',
  'agent/hostile-machine',
  'agent/same-user',
  'agent/real-networks',
  'agent/cli/agent',
  'e2e/enroll',
  'contract/ports',
  'contract/channels',
  'shared/aws/retry',
  'local/aws/lambda/function',
  'local/aws/mqtt/broker-sessions',
  'local/aws/messaging/quiet-queues',
  'cli/calls',
  'functions/respond/crash',
  'functions/respond/crash-actions',
  'e2e/quarantine-broken',
  'e2e/hostile-device',
];

const rankOf = ({ path }) => waiting.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));

/** The other files keep the order of Jest. */
module.exports = class extends Sequencer {
  static waiting = waiting;
  static isWaiting = (test) => rankOf(test) !== -1;

  async sort(tests) {
    const others = (await super.sort(tests)).filter((test) => rankOf(test) === -1);
    const first = tests.filter((test) => rankOf(test) !== -1);
    return [...first.sort((one, other) => rankOf(one) - rankOf(other)), ...others];
  }
};
