import { explainConfiguration } from '../../../shared/config/explain';
import { ConfigurationError, parseConfiguration } from '../../../shared/config/parse';

const role = 'arn:aws:iam::123456789012:role/siem';

const written = (sender: string, playbook = '{ name: siem, when: { source: siem }, mode: observe }') =>
  `sources:\n  external:\n    - ${sender}\nplaybooks:\n  - ${playbook}\n`;

const valid = `{ name: siem, publishers: ['${role}'] }`;

function faultOf(text: string): string {
  try {
    parseConfiguration(text, 'cordon.yml');
    return '';
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}

describe('a sender of findings', () => {
  it('may be the only source, and has a small limit of its own', () => {
    expect(parseConfiguration(written(valid), 'cordon.yml').sources.external).toEqual([
      {
        name: 'siem',
        publishers: [role],
        limit: { things: 3, within: 3_600_000 },
        maxAge: 900_000,
      },
    ]);
  });

  it.each([
    ['everybody', '*'],
    ['an account', '123456789012'],
    ['the root of an account', 'arn:aws:iam::123456789012:root'],
    ['a pattern', 'arn:aws:iam::123456789012:role/*'],
    ['a session', 'arn:aws:sts::123456789012:assumed-role/siem/x'],
  ])('can’t be %s', (_, publisher) => {
    expect(faultOf(written(`{ name: siem, publishers: ['${publisher}'] }`))).toMatch(
      /^cordon\.yml:3: sources\.external\.0\.publishers\.0: expected the ARN of one role or user/,
    );
  });

  it.each([
    ['nobody sends as it', '{ name: siem }', 'expected publishers: [ARN], eventPattern, or both'],
    ['its pattern matches all events', '{ name: siem, eventPattern: {} }', 'it would match every event'],
    [
      'a condition of its pattern is no list',
      '{ name: siem, eventPattern: { source: acme } }',
      'cordon.yml:3: sources.external.0.eventPattern.source: EventBridge takes no single value here: write a list, such as [acme]',
    ],
    [
      'a condition deep in its pattern is no list',
      '{ name: siem, eventPattern: { source: [acme], detail: { $or: [{ a: [1] }, { b: 2 }] } } }',
      'eventPattern.detail.$or.1.b: EventBridge takes no single value here: write a list, such as [2]',
    ],
    [
      'a condition of its pattern is empty',
      '{ name: siem, eventPattern: { source: [acme], detail: {}, account: [] } }',
      'eventPattern.detail: it is empty, which EventBridge refuses: leave it out',
    ],
    [
      'its pattern is too long',
      `{ name: siem, eventPattern: { source: [${'a'.repeat(4_090)}] } }`,
      'it has 4105 characters as JSON, and EventBridge takes 4,096 at most: shorten it',
    ],
    ['its name fits no topic', `{ name: SIEM, publishers: ['${role}'] }`, 'expected 1 to 32 of a-z 0-9 -'],
    ['another has its name', `${valid}\n    - ${valid}`, 'another sender has this name'],
  ])('is refused if %s', (_, sender, fault) => {
    expect(faultOf(written(sender))).toContain(fault);
  });
});

describe('a sender that names things by its devices', () => {
  const check = (device: string, mode: string) =>
    explainConfiguration(
      parseConfiguration(
        written(
          `{ name: edr, device: ${device}, publishers: ['${role}'] }`,
          `{ name: edr, when: { source: edr }, mode: ${mode}, ${mode === 'observe' ? '' : 'actions: [quarantine]'} }`,
        ),
        'cordon.yml',
      ),
    );
  const warning = /Warning: sources\.external: edr names things by device\.\w+, .* let edr ask/;

  it.each([
    ['hostname', 'enforce', true],
    ['name', 'enforce', true],
    ['uid', 'enforce', false],
    ['hostname', 'approve', false],
    ['hostname', 'observe', false],
  ])('by %s, under a playbook to %s: warned of is %s', (device, mode, isWarned) => {
    const text = check(device, mode);

    expect(text).toContain(
      `  thing:  by ARN or type AWS::IoT::Thing, or the one that device.${device} names\n`,
    );
    expect(warning.test(text)).toBe(isWarned);
  });

  it('can’t name them by another text', () => {
    expect(faultOf(written(`{ name: edr, device: ip, publishers: ['${role}'] }`))).toContain(
      'sources.external.0.device',
    );
  });
});

describe('a playbook for a sender', () => {
  it.each([
    [
      'it names a sender that is none',
      '{ source: ndr }',
      '',
      'ndr is not among sources.external, which has siem',
    ],
    ['it also names a behavior', '{ source: siem, behavior: b }', '', 'a finding of siem has none'],
    ['it also names a metric', '{ source: siem, metric: m }', '', 'a finding of siem has none'],
    [
      'it has a severity and no sender',
      '{ severity: high }',
      '',
      'only findings of a source have a severity',
    ],
    [
      'it excepts children',
      '{ source: siem }',
      'unless: [{ executable: /bin/a }], ',
      'has no children to except',
    ],
    [
      'it waits for a clear',
      '{ source: siem }',
      'release: { clearedFor: 30m }, ',
      "siem can't clear its findings: expected { by: operator } or { after: 24h }",
    ],
    [
      'it has every severity that one above it has',
      '{ source: siem }',
      '',
      'first above it always matches first',
    ],
  ])('is refused if %s', (_, when, more, fault) => {
    const first = '{ name: first, when: { source: siem }, mode: observe }';
    const text = written(
      valid,
      `${first}\n  - { name: p, when: ${when}, ${more}mode: enforce, actions: [quarantine] }`,
    );
    expect(faultOf(text)).toContain(fault);
  });

  it('is explained below its sender, in order, with who may publish, the limit and the age', () => {
    const text = written(
      valid,
      '{ name: grave, when: { source: siem, severity: high }, mode: enforce, actions: [quarantine] }\n  - { name: rest, mode: observe }',
    );

    expect(explainConfiguration(parseConfiguration(text, 'cordon.yml'))).toContain(
      [
        'findings of siem (OCSF Detection Findings)',
        `  from:   only ${role}, to topic cordon-STAGE-findings-siem`,
        "  a publisher of another account than Cordon's also needs this statement in its own policy:",
        '    {"Sid":"CordonFindings","Effect":"Allow","Action":"sns:Publish","Resource":"arn:aws:sns:REGION:ACCOUNT:cordon-STAGE-findings-siem"}',
        '  thing:  by ARN or type AWS::IoT::Thing; one that only a device names is contained after approval',
        '  limit:  3 things within 1 hour; then Cordon asks',
        '  age:    a finding older than 15 minutes is set aside',
        '    1. playbook grave, for findings of severity high or higher, medium: at once quarantine; released by an operator',
        '    else recorded only, because no other playbook is for it',
      ].join('\n'),
    );
  });
});
