import { loadConfiguration } from '../../../shared/config/load';
import { parseConfiguration } from '../../../shared/config/parse';
import { minimalConfiguration } from '../../builders';
import { measureProcessorSeconds } from '../../processor-time';

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
  it('in the repository is the one of the story', () => {
    const configuration = loadConfiguration('cordon.yml');

    expect(configuration.detector).toBe('cordon');
    expect(configuration.playbooks[0]).toMatchObject({
      mode: 'enforce',
      actions: ['quarantine', 'disconnect'],
    });
    expect(configuration.guards.fleetLimit).toEqual({ things: 10, within: 600_000 });
  });

  it('can be short: everything else has safe defaults', () => {
    const { guards, quarantine, notify } = parseConfiguration(minimalConfiguration, 'cordon.yml');

    expect(guards.fleetLimit).toEqual({ things: 10, within: 600_000 });
    expect(quarantine.keepTopics).toHaveLength(4);
    expect(notify).toEqual({});
  });

  it.each([
    ['lists', `a: ${'['.repeat(400_000)}`],
    ['closed lists', `a: ${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['objects', `a: ${'{a: '.repeat(100_000)}`],
    ['list items', `a:\n ${'- '.repeat(200_000)}`],
    ['keys', `${'? '.repeat(300)}a`],
    ['lists as keys', `a: ${'{['.repeat(150)}1${']: 1}'.repeat(150)}`],
  ])('refuses deep nesting of %s at once', (_, text) => {
    const seconds = measureProcessorSeconds(() => {
      expect(faultsOf(`# a comment\n${text}`)).toEqual([
        expect.stringMatching(/^cordon\.yml:[23]: the file nests more than 50 levels deep$/),
      ]);
    });

    expect(seconds).toBeLessThan(1);
  });

  it('is refused at once, however many keys it has', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}`);
    const text = keys.map((key) => `${key}: 1`).join('\n');

    const seconds = measureProcessorSeconds(() => {
      expect(faultsOf(`${text}\nk9: 1`)).toEqual(['cordon.yml:20001: Map keys must be unique']);
      expect(faultsOf(text)).toEqual(
        expect.arrayContaining([expect.stringMatching(/^cordon\.yml:20000: .*k19999/)]),
      );
    });

    expect(seconds).toBeLessThan(5);
  });

  it.each([
    ['# one\nguards:\n  exempt: []\n  "exempt": []', 4],
    ['playbooks:\n  - { name: a, name: b }', 2],
    ['1: a\n0x1: b', 2],
    ['? [a]\n: { b: 1, b: 2 }', 2],
  ])('is refused if a key stands there twice, however deep: %j', (text, line) => {
    expect(faultsOf(text)).toEqual([`cordon.yml:${line}: Map keys must be unique`]);
  });

  it.each([
    ['aliases of nothing', '- *absent\n'.repeat(20_000), /^cordon\.yml:1: .* Unresolved alias/],
    [
      'aliases',
      `a: &a [1]\nb: [${'*a, '.repeat(20_000)}]`,
      /^cordon\.yml:2: the file: more than 1000 aliases$/,
    ],
    [
      'anchors with an alias each',
      Array.from({ length: 20_000 }, (_, index) => `a${index}: &a${index} [1]\nb${index}: *a${index}`).join(
        '\n',
      ),
      /^cordon\.yml:2002: the file: more than 1000 aliases$/,
    ],
    ['errors in one line', `{${'"a": "\\q", '.repeat(20_000)}}`, /^cordon\.yml:1: /],
    [
      'wrong profiles',
      `securityProfiles:\n${Array.from({ length: 20_000 }, (_, index) => `  k${index}: { a: 1 }`).join('\n')}`,
      /^cordon\.yml:2: securityProfiles\.k0/,
    ],
  ])('is refused at once, however many %s it has', (_, text, fault) => {
    const seconds = measureProcessorSeconds(() => {
      expect(faultsOf(text)[0]).toMatch(fault);
    });

    expect(seconds).toBeLessThan(5);
  });

  it.each([
    ['of nothing', 'securityProfiles: *absent', /^cordon\.yml:2: the file: Unresolved alias .*: absent$/],
    [
      'that multiplies',
      Array.from({ length: 9 }, (_, index) => {
        const inner =
          index === 0
            ? '1'
            : Array(9)
                .fill(`*a${index - 1}`)
                .join();
        return `a${index}: &a${index} [${inner}]`;
      }).join('\n'),
      /^cordon\.yml:3: the file: Excessive alias count/,
    ],
  ])('refuses an alias %s', (_, text, fault) => {
    expect(faultsOf(`# a comment\n${text}`)).toEqual([expect.stringMatching(fault)]);
  });

  it('refuses a merge of what is no map, which YAML 1.1 knows', () => {
    expect(faultsOf('%YAML 1.1\n---\nguards: { <<: 5 }')).toEqual([
      'cordon.yml:1: the file: Merge sources must be maps or map aliases',
    ]);
  });

  it('refuses the name __proto__, which JavaScript would drop without a word, wherever it is', () => {
    const other = 'securityProfiles:\n  __proto__:\n    targets: [all/things]';

    expect(faultsOf(minimalConfiguration.replace('securityProfiles:', other))).toEqual([
      expect.stringMatching(/^cordon\.yml:\d+: __proto__: this file can't have this name$/),
    ]);
    expect(
      faultsOf(`${minimalConfiguration}\ncustomMetrics: { "__proto__": { type: number } }\n`),
    ).toHaveLength(1);
  });

  it.each([
    ['a key nobody knows', changed('mode: enforce', 'mod: enforce'), /cordon\.yml:12: playbooks\.0.*mod/],
    [
      'an attribute of a playbook that AWS can not store',
      changed('severity: critical', "when: { attribute: { site: 'a b' } }, severity: critical"),
      /playbooks\.0\.when\.attribute.*no attribute has this value/,
    ],
    [
      'the quarantine group as an exemption',
      changed('life-support', 'cordon-quarantine'),
      /guards\.exempt\.0: cordon-quarantine is the quarantine group/,
    ],
    [
      'closed cases that are forgotten before they count no more',
      `${changed(
        'severity: critical',
        'escalate: { afterContainments: 1, within: 60d, actions: [disconnect] }, severity: critical',
      )}history: { keepClosed: 59d }\n`,
      /history\.keepClosed: 59 days is too short: expected at least 60 days, /,
    ],
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
      /only Device Defender sees aws:num-messages-sent, the cordon detector does not/,
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
      'a fleet limit whose places the table could not hold',
      `${minimalConfiguration}  fleetLimit: { things: 1001, within: 10m }\n`,
      /guards\.fleetLimit\.things: expected at most 1000/,
    ],
    [
      'a description that AWS IoT refuses',
      `detector: both${changed('targets:', 'description: Geräte\n    targets:')}`,
      /securityProfiles\.myapp-processes\.description: .*only ASCII/,
    ],
    [
      'a display name that AWS IoT refuses',
      `detector: both${changed('type: number', 'type: number, displayName: "two\\nlines"')}`,
      /customMetrics\.num_child_procs_myapp\.displayName: .*only ASCII/,
    ],
    [
      'a job document that AWS IoT refuses',
      `${minimalConfiguration}job: { document: { text: ${'x'.repeat(32_768)} } }\n`,
      /job\.document: .*32,768/,
    ],
    [
      'more kept topics than a policy can hold',
      `${minimalConfiguration}quarantine:\n  keepTopics: [${Array.from({ length: 20 }, (_, i) => `topic${i}/abcdefghijklmnopqrstuvwxyz/*`).join(', ')}]\n`,
      /the limit of AWS is 2048/,
    ],
    [
      'a deny policy of the account for a group of the stack',
      `${minimalConfiguration}quarantine: { policy: mine }\n`,
      /quarantine\.policy: a policy of the account needs a thing group of the account: add adopt: true/,
    ],
    [
      'a deny policy by a name that no policy has',
      `${minimalConfiguration}quarantine: { adopt: true, policy: 'a/b' }\n`,
      /quarantine\.policy: expected the name of an IoT policy/,
    ],
    [
      'an exception that is a bare name',
      changed('mode: enforce', 'unless: [curl], mode: enforce'),
      /unless\.0: expected \{ executable.*not the name curl, which a process can give itself/,
    ],
    [
      'an exception by the name of a program',
      changed('mode: enforce', 'unless: [{ executable: curl }], mode: enforce'),
      /unless\.0\.executable: .*absolute path.*a process can give itself any name/,
    ],
    [
      'an exception by another name',
      changed('mode: enforce', 'unless: [{ name: curl, executable: /usr/bin/curl }], mode: enforce'),
      /unless\.0\.name: unknown; expected one of executable, arguments; a process can give itself any name/,
    ],
    [
      'an exception of a shell with any arguments',
      changed('mode: enforce', 'unless: [{ executable: /bin/dash }], mode: enforce'),
      /unless\.0\.arguments: needed: \/bin\/dash runs other programs by its arguments/,
    ],
    [
      'an exception of an interpreter with one open argument',
      changed(
        'mode: enforce',
        "unless: [{ executable: /usr/bin/python3.12, arguments: ['*'] }], mode: enforce",
      ),
      /unless\.0\.arguments: no \* for \/usr\/bin\/python3\.12/,
    ],
    [
      'an exception by an argument with a space',
      changed('mode: enforce', 'unless: [{ executable: /usr/bin/curl, arguments: ["a b"] }], mode: enforce'),
      /unless\.0\.arguments\.0: expected an argument without spaces/,
    ],
    [
      'an exception by what the agent hides',
      changed('mode: enforce', 'unless: [{ executable: /usr/bin/curl, arguments: ["***"] }], mode: enforce'),
      /the agent hides what looks like a secret/,
    ],
    [
      'an exception from what is only observed',
      changed(
        'mode: enforce, actions: [quarantine, disconnect]',
        'unless: [{ executable: /usr/bin/curl }], mode: observe',
      ),
      /unless: spawned-child only observes/,
    ],
    [
      'an exception if Device Defender alerts, without evidence',
      `detector: both\n${changed('mode: enforce', 'unless: [{ executable: /usr/bin/curl }], mode: enforce')}`,
      /unless: needs detector cordon/,
    ],
    [
      'an exception of an alarm that comes after the evidence',
      changed('mode: enforce', 'unless: [{ executable: /usr/bin/curl }], mode: enforce').replace(
        'value: { number: 0 }',
        'value: { number: 0 }, consecutiveDatapointsToAlarm: 2',
      ),
      /unless: no-child-processes waits for consecutiveDatapointsToAlarm/,
    ],
  ])('with a fault is refused, naming file, line and what to write: %s', (_what, text, fault) => {
    expect(faultsOf(text)).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
  });

  const withBehavior = (metric: string, criteria: string, detector = 'cordon') =>
    `detector: ${detector}
customMetrics: { load: { type: number }, names: { type: string-list } }
securityProfiles:
  p:
    targets: [all/things]
    behaviors:
      - name: b
        metric: ${metric}
        criteria: { ${criteria} }
playbooks: [{ name: any, mode: observe }]
`;
  const ml = 'mlDetectionConfig: { confidenceLevel: HIGH }';
  const p90 = 'comparisonOperator: less-than, statisticalThreshold: { statistic: p90 }';
  const less = 'comparisonOperator: less-than, value: { count: 9 }';
  const inNetwork = (cidr: string) => `comparisonOperator: in-cidr-set, value: { cidrs: ['${cidr}'] }`;

  it.each([
    ['a sum without a time', 'aws:all-bytes-in', less, /durationSeconds: .* a sum over a period/],
    ['a percentile without a time', 'load', p90, /durationSeconds: a percentile needs a period/],
    [
      'a list with a time',
      'names',
      'comparisonOperator: in-set, value: { strings: [a] }, durationSeconds: 300',
      /leave durationSeconds out/,
    ],
    [
      'a percentile of a list',
      'names',
      `${p90.replace('less-than', 'in-set')}, durationSeconds: 300`,
      /has no percentiles/,
    ],
    [
      'an unknown percentile',
      'load',
      'comparisonOperator: less-than, statisticalThreshold: { statistic: p95 }, durationSeconds: 300',
      /statistic/,
    ],
    [
      'value and percentile',
      'load',
      `${p90}, value: { number: 1 }, durationSeconds: 300`,
      /exactly one of value, statisticalThreshold/,
    ],
    [
      'machine learning',
      'load',
      ml,
      /only Device Defender detects by machine learning: use detector device-defender or both/,
    ],
    [
      'messages sent',
      'aws:num-messages-sent',
      `${less}, durationSeconds: 300`,
      /only Device Defender sees aws:num-messages-sent/,
    ],
    [
      'authorization failures',
      'aws:num-authorization-failures',
      `${less}, durationSeconds: 300`,
      /only Device Defender sees/,
    ],
    [
      'a percentile of connects',
      'aws:num-connection-attempts',
      `${p90}, durationSeconds: 300`,
      /only Device Defender has percentiles/,
    ],
    ['a metric nobody has', 'aws:num-messages-published', less, /Device Defender has no metric/],
    ['no operator', 'load', 'value: { number: 1 }', /expected a comparisonOperator/],
    [
      'a disconnect that is too short',
      'aws:disconnect-duration',
      'comparisonOperator: greater-than, value: { count: 1 }',
      /greater-than does not fit/,
    ],
    [
      'a network that is none',
      'aws:source-ip-address',
      inNetwork('10.0.0.0/33'),
      /cidrs\.0: 10\.0\.0\.0\/33 is not a network/,
    ],
    [
      'an interface of one host, which AWS refuses',
      'aws:destination-ip-addresses',
      inNetwork('fe80::%eth0/10'),
      /cidrs\.0: fe80::%eth0\/10 is not a network/,
    ],
    ['an address in octal', 'aws:destination-ip-addresses', inNetwork('010.0.0.1'), /is not a network/],
  ])('is refused for %s', (_what, metric, criteria, fault) => {
    expect(faultsOf(withBehavior(metric, criteria))).toEqual([expect.stringMatching(fault)]);
  });

  it.each([
    ['a sum', 'aws:all-bytes-in', `${less}, durationSeconds: 300`, 'cordon'],
    ['a gauge over a time', 'aws:num-listening-tcp-ports', `${less}, durationSeconds: 300`, 'cordon'],
    ['a percentile', 'load', `${p90}, durationSeconds: 900`, 'cordon'],
    ['networks', 'aws:source-ip-address', inNetwork('2001:db8::/32'), 'cordon'],
    ['a duration', 'aws:disconnect-duration', 'comparisonOperator: less-than, value: { count: 9 }', 'cordon'],
    ['machine learning if Device Defender does it', 'load', ml, 'both'],
    [
      'messages if Device Defender sees them',
      'aws:num-messages-sent',
      `${less}, durationSeconds: 300`,
      'device-defender',
    ],
    [
      'a dimension if Device Defender filters by it',
      'aws:num-messages-sent',
      `${less}, durationSeconds: 300 }\n        metricDimension: { dimensionName: d`,
      'both',
    ],
  ])('is accepted with %s', (_what, metric, criteria, detector) => {
    expect(faultsOf(withBehavior(metric, criteria, detector))).toEqual([]);
  });

  it.each([
    [
      'aws:source-ip-address',
      inNetwork('10.0.0.0/8'),
      'cordon',
      /only Device Defender filters by a dimension/,
    ],
    [
      'aws:all-bytes-in',
      `${less}, durationSeconds: 300`,
      'both',
      /aws:all-bytes-in has no dimensions, only /,
    ],
    ['load', ml, 'device-defender', /load has no dimensions, only /],
  ])('of %s is refused with a dimension: %s, detector %s', (metric, criteria, detector, fault) => {
    expect(
      faultsOf(withBehavior(metric, `${criteria} }\n        metricDimension: { dimensionName: d`, detector)),
    ).toEqual([expect.stringMatching(fault)]);
  });

  it('is refused if machine learning has an operator, or a metric that is a list', () => {
    expect(faultsOf(withBehavior('names', `${ml}, comparisonOperator: in-set`, 'both'))).toEqual([
      expect.stringMatching(/no machine learning for names/),
      expect.stringMatching(/no comparisonOperator and no durationSeconds/),
    ]);
  });

  it('is refused if it retains a metric that does not exist', () => {
    const text = minimalConfiguration.replace(
      '    behaviors:',
      '    additionalMetricsToRetain: [nope]\n    behaviors:',
    );

    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/additionalMetricsToRetain\.0: there is no metric nope/),
    ]);
  });

  it('is refused beyond the limits of AWS: 1,000 elements of values, five profiles of a target', () => {
    const ports = Array.from({ length: 1_001 }, (_, index) => index + 1).join(', ');
    const many = withBehavior(
      'aws:listening-tcp-ports',
      `comparisonOperator: in-port-set, value: { ports: [${ports}] }`,
    );
    const six = minimalConfiguration.replace(
      'securityProfiles:',
      `securityProfiles:\n${[1, 2, 3, 4, 5].map((n) => `  p${n}: { targets: [all/registered-things], behaviors: [{ name: b, metric: num_child_procs_myapp, criteria: { comparisonOperator: less-than, value: { number: 1 } } }] }`).join('\n')}`,
    );

    expect(faultsOf(many)).toEqual([expect.stringMatching(/1001 elements, the limit of AWS is 1000/)]);
    expect(faultsOf(six)).toEqual([expect.stringMatching(/all\/registered-things already has 5 profiles/)]);
  });

  it.each([
    [
      'at the top',
      `${minimalConfiguration}playbook: []\n`,
      'cordon.yml:15: playbook: unknown; expected one of detector, customMetrics, securityProfiles, sources, playbooks, guards, quarantine, history, job, notify',
    ],
    [
      'of an item of a list',
      changed('severity: critical', 'severety: critical'),
      'cordon.yml:12: playbooks.0.severety: unknown; expected one of name, when, severity, mode, actions, escalate, release, unless',
    ],
    [
      'of what has a name of its own, on the line of the key',
      changed('    behaviors:', '    descripton: x\n    behaviors:'),
      'cordon.yml:7: securityProfiles.myapp-processes.descripton: unknown; expected one of description, targets, behaviors, additionalMetricsToRetain',
    ],
    [
      'with a name that every object has',
      changed('severity: critical', 'constructor: critical'),
      'cordon.yml:12: playbooks.0.constructor: unknown; expected one of name, when, severity, mode, actions, escalate, release, unless',
    ],
  ])('with an unknown key %s is refused with the list of known keys', (_, text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('without a required key is refused, naming the key', () => {
    expect(faultsOf(changed('targets: [all/registered-things]', 'description: x'))).toEqual([
      'cordon.yml:5: securityProfiles.myapp-processes.targets: missing: expected array',
    ]);
  });

  it('with an unknown behavior or profile is refused with the list of those that exist', () => {
    const when = (text: string) => changed('severity:', `when: { securityProfile: ${text} }, severity:`);

    expect(faultsOf(when('myapp-processes, behavior: nope'))).toContain(
      'cordon.yml:12: playbooks.0.when.behavior: myapp-processes has no behavior nope, only no-child-processes',
    );
    for (const name of ['nope', 'constructor'])
      expect(faultsOf(when(name))).toContain(
        `cordon.yml:12: playbooks.0.when.securityProfile: ${name} is not among securityProfiles, which has myapp-processes`,
      );
  });

  it('is refused with all its faults at once', () => {
    expect(faultsOf(changed('mode: enforce', 'mode: destroy').replace('critical', 'deadly')).length).toBe(2);
  });

  it('that is missing is reported as missing', () => {
    expect(() => loadConfiguration('/nowhere/cordon.yml')).toThrow(/can't be read \(ENOENT\)/);
  });

  it('says what is wrong with the syntax in a whole sentence', () => {
    expect(() => parseConfiguration('detector: [\n', 'cordon.yml')).toThrow(
      /^cordon\.yml:2: Flow sequence in block collection must be sufficiently indented and end with a \]$/,
    );
  });
});
