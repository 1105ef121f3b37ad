import { loadConfiguration, parseConfiguration } from '../../../shared/config/load';
import { minimalConfiguration } from '../../builders';

const faultsOf = (text: string): readonly string[] => {
  try {
    parseConfiguration(text, 'cordon.yml');
    return [];
  } catch (error) {
    return (error as { faults: readonly string[] }).faults;
  }
};

const changed = (from: string, to: string) => minimalConfiguration.replace(from, to);

describe('cordon.yml', () => {
  it('of the repository is the story', () => {
    const configuration = loadConfiguration('cordon.yml');

    expect(configuration.detector).toBe('cordon');
    expect(configuration.playbooks[0]).toMatchObject({
      mode: 'enforce',
      actions: ['quarantine', 'disconnect'],
    });
    expect(configuration.guards.fleetLimit).toEqual({ things: 10, within: 600_000 });
  });

  it('needs little: the rest has defaults that are safe', () => {
    const { guards, quarantine, notify } = parseConfiguration(minimalConfiguration, 'cordon.yml');

    expect(guards.fleetLimit).toEqual({ things: 10, within: 600_000 });
    expect(quarantine.keepTopics).toHaveLength(4);
    expect(notify).toEqual({ email: [] });
  });

  it.each([
    ['a key nobody knows', changed('mode: enforce', 'mod: enforce'), /cordon\.yml:12: playbooks\.0.*mod/],
    [
      'an unknown mode',
      changed('mode: enforce', 'mode: destroy'),
      /cordon\.yml:12: playbooks\.0\.mode: .*"observe"/,
    ],
    [
      'a metric that is not defined',
      changed('metric: num_child', 'metric: nom_child'),
      /cordon\.yml:9: .*nom_child_procs_myapp is not among customMetrics/,
    ],
    [
      'a value that does not fit the metric',
      changed('value: { number: 0 }', 'value: { count: 0 }'),
      /compared with value\.number/,
    ],
    ['an operator that does not fit', changed('less-than-equals', 'in-port-set'), /in-port-set does not fit/],
    [
      'a cloud-side metric with the cordon detector',
      changed('metric: num_child_procs_myapp', 'metric: aws:num-messages-sent'),
      /cordon detector doesn't know aws:num-messages-sent/,
    ],
    [
      'an action of a later version',
      changed('[quarantine, disconnect]', '[revoke]'),
      /playbooks\.0\.actions\.0/,
    ],
    ['enforcing nothing', changed(', actions: [quarantine, disconnect]', ''), /enforce needs actions/],
    ['disconnecting without a denial', changed('[quarantine, disconnect]', '[disconnect]'), /add quarantine/],
    [
      'a profile that does not exist',
      changed('mode: enforce', 'when: { securityProfile: nope }, mode: enforce'),
      /nope is not among securityProfiles/,
    ],
    [
      'a behavior that does not exist',
      changed('mode: enforce', 'when: { securityProfile: myapp-processes, behavior: nope }, mode: enforce'),
      /has no behavior nope/,
    ],
    ['broken YAML', 'playbooks: [', /cordon\.yml:1: /],
    ['an empty file', '', /cordon\.yml:1: the file: /],
    [
      'two exemptions in one',
      changed('{ thingGroup: life-support }', '{ thingGroup: a, attribute: { b: c } }'),
      /expected thingGroup or attribute/,
    ],
    [
      'a Slack operator by name',
      `${minimalConfiguration}notify: { slack: { channel: '#x', operators: ['@ada'] } }\n`,
      /notify\.slack\.operators\.0: expected the id of a Slack user/,
    ],
    [
      'more kept topics than a policy can hold',
      `${minimalConfiguration}quarantine:\n  keepTopics: [${Array.from({ length: 20 }, (_, i) => `topic${i}/abcdefghijklmnopqrstuvwxyz/*`).join(', ')}]\n`,
      /AWS takes 2048/,
    ],
  ])('refuses %s, naming file, line and what to write', (_what, text, fault) => {
    expect(faultsOf(text)).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  });

  it('lists every fault at once', () => {
    expect(faultsOf(changed('mode: enforce', 'mode: destroy').replace('critical', 'deadly')).length).toBe(2);
  });

  it('that is missing says so', () => {
    expect(() => loadConfiguration('/nowhere/cordon.yml')).toThrow(/can't be read \(ENOENT\)/);
  });
});
