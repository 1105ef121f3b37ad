import { ConfigurationError, parseConfiguration } from '../../../shared/config/parse';

/** Two profiles: `p` with a number, and with a behavior that Device Defender learns; `q` with the same number. */
const written = (playbooks: readonly string[]) => `
detector: device-defender
customMetrics: { load: { type: number }, heat: { type: number } }
securityProfiles:
  p:
    targets: [all/things]
    behaviors:
      - { name: busy, metric: load, criteria: { comparisonOperator: less-than, value: { number: 9 } } }
      - { name: learned, metric: heat, criteria: { mlDetectionConfig: { confidenceLevel: MEDIUM } } }
  q:
    targets: [all/things]
    behaviors:
      - { name: idle, metric: load, criteria: { comparisonOperator: greater-than, value: { number: 1 } } }
playbooks:
${playbooks.map((when, index) => `  - { name: n${index}, ${when}mode: observe }`).join('\n')}
`;

function faultsOf(...playbooks: readonly string[]): string {
  try {
    parseConfiguration(written(playbooks), 'cordon.yml');
    return '';
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}

const any = '';

describe('check, on the order of playbooks,', () => {
  it.each([
    ['one without conditions before another', [any, any], /playbooks\.1\.when: .*n0 above it always matches/],
    [
      'all before it',
      [any, 'when: { behavior: busy }, '],
      /playbooks\.1\.when: .*n0 above it always matches/,
    ],
    ['the same conditions', ['when: { behavior: busy }, ', 'when: { behavior: busy }, ', any], /\.1\.when: /],
    [
      'a metric before the only behavior with it',
      ['when: { metric: heat }, ', 'when: { behavior: learned }, ', any],
      /playbooks\.1\.when: .*n0 above it/,
    ],
    [
      'less confidence before more',
      ['when: { confidence: MEDIUM }, ', 'when: { confidence: HIGH }, ', any],
      /playbooks\.1\.when: .*n0 above it/,
    ],
    [
      'several that share its alarms among them',
      ['when: { behavior: busy }, ', 'when: { securityProfile: q }, ', 'when: { metric: load }, ', any],
      /playbooks\.2\.when: .*n0, n1 above it always match first/,
    ],
    [
      'any thing before some',
      ['when: { metric: load }, ', 'when: { metric: load, thingGroup: g }, ', any],
      /playbooks\.1\.when: .*n0 above it/,
    ],
    ['a metric that no behavior has', ['when: { metric: laod }, ', any], /playbooks\.0\.when: .*no behavior/],
    ['a behavior that there is not', ['when: { behavior: bsy }, ', any], /playbooks\.0\.when: .*no behavior/],
    [
      'confidence of a behavior that nobody learns',
      ['when: { behavior: busy, confidence: LOW }, ', any],
      /playbooks\.0\.when: .*no behavior/,
    ],
  ])('refuses a playbook that never decides: %s', (_, playbooks, message) => {
    expect(faultsOf(...playbooks)).toMatch(message);
  });

  it.each([
    [
      'nothing that is left today for one without conditions',
      ['when: { securityProfile: p }, ', 'when: { securityProfile: q }, ', any],
    ],
    ['some things before others', ['when: { thingGroup: g }, ', 'when: { thingGroup: h }, ', any]],
    [
      'two conditions before one',
      ['when: { thingGroup: g, thingType: t }, ', 'when: { thingType: t }, ', any],
    ],
    ['more confidence before less', ['when: { confidence: HIGH }, ', 'when: { confidence: MEDIUM }, ', any]],
    ['some of its alarms before it', ['when: { behavior: busy }, ', 'when: { metric: load }, ', any]],
  ])('accepts %s', (_, playbooks) => {
    expect(faultsOf(...playbooks)).toBe('');
  });
});

describe('check, on behaviors without a playbook,', () => {
  it.each([
    ['no playbook', ['when: { securityProfile: p }, '], /q\.behaviors\.0\.name: no playbook always applies/],
    [
      'only playbooks for some things',
      ['when: { securityProfile: q, thingType: t }, ', 'when: { securityProfile: p }, '],
      /q\.behaviors\.0\.name: no playbook always applies/,
    ],
    [
      'only a playbook for much confidence',
      ['when: { confidence: HIGH }, ', 'when: { metric: load }, '],
      /p\.behaviors\.1\.name: no playbook always applies/,
    ],
  ])('refuses a behavior that no playbook always matches: %s', (_, playbooks, message) => {
    expect(faultsOf(...playbooks)).toMatch(message);
  });

  it('accepts a behavior that a playbook matches whatever the confidence', () => {
    expect(faultsOf('when: { confidence: MEDIUM }, ', 'when: { metric: load }, ')).toBe('');
  });
});
