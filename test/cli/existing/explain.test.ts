import { explainExisting } from '../../../cli/existing/explain';
import { parseConfiguration } from '../../../shared/config/parse';
import { type Account, alertsTopic, bytesOut, learned, startAccount } from './account';

let account: Account;
afterEach(() => account?.close());

async function explain(text: string, stage = 'prod') {
  const profiles = await account.existing.listProfiles();
  const { text: explained, isWell } = explainExisting(
    parseConfiguration(text, 'cordon.yml'),
    profiles,
    stage,
  );
  return { lines: explained.split('\n'), isWell };
}

const existing = (playbooks: string) => `
sources: { deviceDefender: { profiles: existing, topics: ['${alertsTopic}'] } }
playbooks:
${playbooks}`;

describe('check of a file against the account', () => {
  it('says of each behavior which playbooks it meets, in order, and how its alerts arrive', async () => {
    account = await startAccount({ throttled: 2 });
    account.registry.groups.create('lab');
    await account.createProfile('fleet-network', [bytesOut, { ...learned, suppressAlerts: true }], {
      topic: alertsTopic,
      targets: ['all/registered-things', 'thinggroup/lab'],
    });
    await account.createProfile('forgotten', [{ ...learned, name: 'other' }], { targets: [] });
    await account.createProfile('ours', [learned], {
      topic: 'arn:aws:sns:eu-west-1:123456789012:cordon-prod-alerts',
    });

    expect(
      await explain(
        existing(`
  - { name: lab, when: { thingGroup: lab, behavior: many-bytes-out }, mode: observe }
  - { name: miners, when: { securityProfile: fleet-network }, mode: approve, actions: [quarantine] }
  - { name: strict, when: { confidence: HIGH }, mode: enforce, actions: [quarantine] }
  - { name: anything-else, mode: observe }`),
      ),
    ).toEqual({
      isWell: true,
      lines: [
        'Security profiles of the account: fleet-network, forgotten, ours',
        'fleet-network: the file does not define it',
        `  alerts: arrive from ${alertsTopic}`,
        'fleet-network/many-bytes-out (all/registered-things, thinggroup/lab)',
        '  normal: aws:all-bytes-out is less than 5000000 in 5 minutes',
        '  else, the first of these that applies:',
        '    1. playbook lab, for things in group lab, medium: recorded',
        '    2. playbook miners, medium: after approval quarantine; released by an operator',
        'fleet-network/learned (all/registered-things, thinggroup/lab)',
        '  normal: aws:all-bytes-out is within what Device Defender has learned, with MEDIUM confidence',
        '  else:   nothing, because suppressAlerts sends no alert',
        'forgotten: the file does not define it',
        '  it has no target, so Device Defender evaluates nothing',
        '  alerts: it has no alert target, so Cordon finds its violations only when it reads those in alarm, every 5 minutes',
        'forgotten/other (no target)',
        '  normal: aws:all-bytes-out is within what Device Defender has learned, with MEDIUM confidence',
        '  else, the first of these that applies:',
        '    1. playbook strict, for alarms of HIGH ML confidence, medium: at once quarantine; released by an operator',
        '    2. playbook anything-else, medium: recorded',
        'ours: the file does not define it',
        '  alerts: arrive from arn:aws:sns:eu-west-1:123456789012:cordon-prod-alerts',
        'ours/learned (all/registered-things)',
        '  normal: aws:all-bytes-out is within what Device Defender has learned, with MEDIUM confidence',
        '  else, the first of these that applies:',
        '    1. playbook strict, for alarms of HIGH ML confidence, medium: at once quarantine; released by an operator',
        '    2. playbook anything-else, medium: recorded',
        'Every playbook fits them.',
      ],
    });
  });

  it('names each playbook that no behavior of the file or the account can meet, and why', async () => {
    account = await startAccount();
    await account.createProfile('fleet-network', [bytesOut], { topic: alertsTopic });

    const { lines, isWell } = await explain(
      existing(`
  - { name: no-profile, when: { securityProfile: fleet-netwrk }, mode: observe }
  - { name: no-behavior, when: { securityProfile: fleet-network, behavior: bytes }, mode: observe }
  - { name: nowhere, when: { behavior: elsewhere }, mode: observe }
  - { name: no-metric, when: { metric: 'aws:num-disconnects' }, mode: observe }
  - { name: no-learning, when: { securityProfile: fleet-network, confidence: LOW }, mode: observe }
  - { name: by-metric, when: { metric: 'aws:all-bytes-out' }, mode: observe }
  - { name: shadowed, when: { behavior: many-bytes-out }, mode: observe }
  - { name: anything-else, mode: observe }`),
    );

    expect(isWell).toBe(false);
    expect(lines.slice(lines.indexOf('What does not fit:') + 1)).toEqual([
      '  playbook no-profile: there is no security profile fleet-netwrk, neither in the file nor in the account, only fleet-network',
      '  playbook no-behavior: among the behaviors of security profile fleet-network is no bytes, only many-bytes-out',
      '  playbook nowhere: among the behaviors of the security profiles is no elsewhere, only many-bytes-out',
      '  playbook no-metric: no behavior of the security profiles is of metric aws:num-disconnects',
      '  playbook no-learning: no behavior that it names has machine learning with that confidence',
      '  playbook shadowed: by-metric above it always matches first: move this one up, or remove it',
    ]);
  });

  it('distinguishes profiles of the file and of the account, and names alerts that never arrive', async () => {
    account = await startAccount();
    await account.createProfile('network', [bytesOut], { topic: 'arn:aws:sns:eu-west-1:123456789012:other' });
    await account.createProfile('bare', [{ name: 'kept', metric: 'aws:all-bytes-in' }]);
    await account.createProfile('empty', []);

    const { lines } = await explain(`
securityProfiles:
  network:
    targets: [all/registered-things]
    behaviors:
      - { name: out, metric: 'aws:all-bytes-out', criteria: { comparisonOperator: less-than, value: { count: 1 }, durationSeconds: 300 } }
playbooks: [{ name: everything, mode: observe }]`);

    expect(lines).toEqual(
      expect.arrayContaining([
        'network: the file defines a profile of this name too: Cordon evaluates the one in the file, and Device Defender this one',
        '  alerts: sources does not name arn:aws:sns:eu-west-1:123456789012:other, so Cordon never learns of them',
        'bare: the file does not define it',
        '  alerts: it has no alert target, so Cordon never learns of them',
        '  normal: aws:all-bytes-in has no criteria',
        '  it has no behaviors, so it raises no alert',
      ]),
    );
  });

  it.each([
    ['device-defender', false],
    ['cordon', true],
  ])(
    'counts the profiles of a target, those of the file and of the account: %s',
    async (detector, isEnough) => {
      account = await startAccount();
      for (const name of ['one', 'two', 'three', 'four', 'five'])
        await account.createProfile(name, [bytesOut]);

      const { lines, isWell } = await explain(`
detector: ${detector}
securityProfiles:
  six:
    targets: [all/registered-things]
    behaviors:
      - { name: out, metric: 'aws:all-bytes-out', criteria: { comparisonOperator: less-than, value: { count: 1 }, durationSeconds: 300 } }
playbooks: [{ name: everything, mode: observe }]`);

      const told =
        '  all/registered-things would have 6 security profiles, 5 of them of the account alone; AWS allows 5, so a deploy fails';
      expect([isWell, lines.includes(told)]).toEqual([isEnough, !isEnough]);
    },
  );

  it('says that an account without security profiles has none', async () => {
    account = await startAccount();

    expect((await explain(existing('  - { name: everything, mode: observe }'))).lines).toEqual([
      'Security profiles of the account: none',
      'Every playbook fits them.',
    ]);
  });
});
