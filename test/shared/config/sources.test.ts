import { explainConfiguration } from '../../../shared/config/explain';
import { ConfigurationError, parseConfiguration } from '../../../shared/config/parse';

const topic = 'arn:aws:sns:eu-west-1:123456789012:iot-alerts';

const written = (sources: string, playbooks: readonly string[] = ['{ name: rest, mode: observe }']) =>
  `sources: { deviceDefender: ${sources} }\nplaybooks:\n${playbooks.map((line) => `  - ${line}\n`).join('')}`;

function faultOf(text: string): string {
  try {
    parseConfiguration(text, 'cordon.yml');
    return '';
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}

describe('a topic that exists beside Cordon', () => {
  it.each([
    ['a name', 'iot-alerts'],
    ['a FIFO topic', `${topic}.fifo`],
    ['a queue', 'arn:aws:sqs:eu-west-1:123456789012:iot-alerts'],
    ['an account that is none', 'arn:aws:sns:eu-west-1:1234:iot-alerts'],
    ['no region', 'arn:aws:sns::123456789012:iot-alerts'],
    ['a pattern', 'arn:aws:sns:eu-west-1:123456789012:*'],
    ['a subscription', `${topic}:b6b9f8f4-0f5c-4d8b-8a7f-0d1c2b3a4e5f`],
    ['another word for whose alerts', `{ arn: ${topic}, alertsOf: all }`],
  ])('is refused if it is %s', (_, given) => {
    expect(faultOf(written(`{ topics: ['${given}'] }`.replace(/'(\{.*\})'/, '$1')))).toMatch(
      /^cordon\.yml:1: sources\.deviceDefender\.topics\.0: expected the ARN of a standard topic, such as arn:aws:sns:/,
    );
  });

  it.each([
    ['is listed twice', [topic, topic], /topics\.1: this topic is already in the list/],
    [
      'is listed twice, in two forms',
      [topic, `{ arn: ${topic}, alertsOf: this-account }`],
      /topics\.1: this topic is already in the list/,
    ],
    [
      'is one of Cordon',
      ['arn:aws:sns:eu-west-1:123456789012:cordon-eu-prod-alerts'],
      /topics\.0: a topic of Cordon itself/,
    ],
    [
      'is in another partition',
      [topic, 'arn:aws-cn:sns:cn-north-1:123456789012:iot-alerts'],
      /topics\.1: AWS delivers nothing from partition aws-cn/,
    ],
    [
      'would be one too many for a queue policy',
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${topic}-${name}`),
      /topics: .*5/,
    ],
  ])('is refused if it %s', (_, topics, fault) => {
    expect(faultOf(written(`{ profiles: existing, topics: [${topics.join(', ')}] }`))).toMatch(fault);
  });

  it.each([
    ['profiles of another word', '{ profiles: all }', /deviceDefender\.profiles: expected existing/],
    [
      'nothing',
      '{}',
      /deviceDefender: expected topics: \[ARN\], profiles: existing, audit: true, or several/,
    ],
  ])('is refused with %s', (_, sources, fault) => {
    expect(faultOf(written(sources))).toMatch(fault);
  });

  it('is explained with the exact statements for the policy of its owner', () => {
    const text = explainConfiguration(
      parseConfiguration(written(`{ profiles: existing, topics: [${topic}] }`), 'cordon.yml'),
      { account: '210987654321', region: 'us-east-1', stage: 'prod' },
    );
    const statements = text.split('\n').filter((line) => line.startsWith('    {'));

    expect(statements.map((line) => JSON.parse(line))).toEqual([
      {
        Sid: 'CordonSubscribes',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::210987654321:root' },
        Action: 'sns:Subscribe',
        Resource: topic,
        Condition: {
          StringEquals: {
            'sns:Protocol': 'sqs',
            'sns:Endpoint': 'arn:aws:sqs:us-east-1:210987654321:cordon-prod-alerts',
          },
        },
      },
      {
        Sid: 'CordonLooksForTheTopic',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::210987654321:root' },
        Action: 'sns:GetTopicAttributes',
        Resource: topic,
      },
    ]);
  });

  it('needs no statement of its owner if that is the account of Cordon', () => {
    const text = explainConfiguration(
      parseConfiguration(written(`{ profiles: existing, topics: [${topic}] }`), 'cordon.yml'),
      { account: '123456789012', region: 'eu-west-1', stage: 'prod' },
    );

    expect(text).toContain(`${topic}: the stack subscribes its alerts queue`);
    expect(text).not.toContain('CordonSubscribes');
  });
});

describe('playbooks for profiles that the account has', () => {
  const existing = (...playbooks: readonly string[]) => written('{ profiles: existing }', playbooks);
  const strict = (when: string) =>
    `{ name: strict, when: ${when}, mode: enforce, actions: [quarantine, disconnect] }`;
  const rest = '{ name: rest, mode: observe }';

  it.each([
    '{ securityProfile: theirs }',
    '{ securityProfile: theirs, behavior: busy }',
    '{ behavior: busy }',
    '{ metric: aws:num-messages-sent }',
    '{ securityProfile: theirs, confidence: HIGH }',
  ])('may name what the file does not define: %s', (when) => {
    expect(faultOf(existing(strict(when), rest))).toBe('');
  });

  it('may not, without profiles: existing', () => {
    expect(faultOf(written(`{ topics: [${topic}] }`, [strict('{ securityProfile: theirs }'), rest]))).toMatch(
      /securityProfiles: missing: expected security profiles, or sources: /,
    );
  });

  it.each([
    ['one without conditions', [rest, strict('{ securityProfile: theirs }')]],
    [
      'one for the whole profile',
      [
        strict('{ securityProfile: theirs }').replace('strict', 'first'),
        strict('{ securityProfile: theirs, behavior: busy }'),
      ],
    ],
    ['the same one', [strict('{ behavior: busy }').replace('strict', 'first'), strict('{ behavior: busy }')]],
  ])('are refused after %s, because they never apply', (_, playbooks) => {
    expect(faultOf(existing(...playbooks, '{ name: last, when: { thingGroup: g }, mode: observe }'))).toMatch(
      /playbooks\.1\.when: never applies: \w+ above it always matches first/,
    );
  });

  it('still must name behaviors that a profile of the file has', () => {
    const own = `securityProfiles:
  mine:
    targets: [all/things]
    behaviors: [{ name: quiet, metric: aws:num-listening-tcp-ports, criteria: { comparisonOperator: less-than, value: { count: 9 } } }]
`;
    expect(faultOf(own + existing(strict('{ securityProfile: mine, behavior: bsy }'), rest))).toMatch(
      /mine has no behavior bsy, only quiet/,
    );
  });

  it('may not have exceptions, as these alerts have no evidence', () => {
    const playbook =
      '{ name: strict, when: { securityProfile: theirs }, mode: enforce, actions: [quarantine], unless: [{ executable: /usr/bin/curl }] }';

    expect(faultOf(existing(playbook, rest))).toMatch(/unless: .*the exception would never apply/);
  });

  it('are explained in order, with what each is for', () => {
    const text = explainConfiguration(
      parseConfiguration(existing(strict('{ securityProfile: theirs, behavior: busy }')), 'cordon.yml'),
    );

    expect(text).toContain(
      '    1. profile theirs, behavior busy: playbook strict, medium: at once quarantine + disconnect',
    );
    expect(text).toContain('    else recorded only, because no playbook matches');
  });
});
