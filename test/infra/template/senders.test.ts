import { writeMessaging } from '../../../infra/template/messaging';
import { writeRoles } from '../../../infra/template/roles';
import { parseConfiguration } from '../../../shared/config/parse';

const role = 'arn:aws:iam::123456789012:role/siem';

const configure = (...senders: readonly string[]) =>
  parseConfiguration(
    `sources: { deviceDefender: { profiles: existing }, external: [${senders.join(', ')}] }\nplaybooks: [{ name: rest, mode: observe }]\n`,
    'cordon.yml',
  );

const siem = `{ name: siem, publishers: ['${role}'] }`;
const events = '{ name: hub, eventPattern: { source: [acme] } }';

const ofType = (type: string, ...senders: readonly string[]) =>
  Object.entries(writeMessaging('cordon-dev', configure(...senders))).filter(
    ([id, { Type }]) => Type === type && /^(Sender|Findings)/.test(id),
  );

const statementsOf = (...senders: readonly string[]): unknown[] =>
  ofType('AWS::SNS::TopicPolicy', ...senders).flatMap(
    ([, { Properties }]) => (Properties.PolicyDocument as { readonly Statement: unknown[] }).Statement,
  );

describe('the topic of a sender', () => {
  it('is a topic of its own, whose envelope reaches the queue of findings', () => {
    expect(ofType('AWS::SNS::Topic', siem, events).map(([, { Properties }]) => Properties.TopicName)).toEqual(
      ['cordon-dev-findings-siem', 'cordon-dev-findings-hub'],
    );
    for (const [, { Properties }] of ofType('AWS::SNS::Subscription', siem, events))
      expect(Properties).toMatchObject({ Protocol: 'sqs', RawMessageDelivery: false });
  });

  it('takes messages from its publishers alone, and denies every other role and user', () => {
    const topic = { Ref: expect.stringMatching(/^Sender[0-9a-f]{16}Topic$/) };

    expect(statementsOf(siem)).toEqual([
      { Effect: 'Allow', Principal: { AWS: [role] }, Action: 'sns:Publish', Resource: topic },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'sns:Publish',
        Resource: topic,
        Condition: {
          Bool: { 'aws:PrincipalIsAWSService': 'false' },
          ArnNotEquals: { 'aws:PrincipalArn': [role] },
        },
      },
    ]);
  });

  it('takes events from its own rule alone, and denies every role and user', () => {
    const [allowed, denied] = statementsOf(events) as Record<string, unknown>[];

    expect(allowed).toMatchObject({
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: {
        ArnEquals: {
          'aws:SourceArn': { 'Fn::Join': ['', expect.arrayContaining(['rule/cordon-dev-findings-hub'])] },
        },
      },
    });
    expect(denied).toMatchObject({
      Effect: 'Deny',
      Principal: '*',
      Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } },
    });
    expect(denied?.Condition).not.toHaveProperty('ArnNotEquals');
    expect(ofType('AWS::Events::Rule', events).map(([, { Properties }]) => Properties)).toEqual([
      expect.objectContaining({
        EventPattern: { source: ['acme'] },
        Targets: [{ Arn: { Ref: expect.any(String) }, Id: 'topic' }],
      }),
    ]);
  });

  it('has a rule whose name EventBridge takes, and no other sender has, however long stage and sender are', () => {
    const prefix = `cordon-${'s'.repeat(24)}`;
    const senders = ['a', 'b'].map(
      (end) => `{ name: ${'n'.repeat(31)}${end}, eventPattern: { source: [acme] } }`,
    );
    const resources = writeMessaging(prefix, configure(...senders));
    const names = Object.values(resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::Events::Rule' ? [String(Properties.Name)] : [],
    );

    expect(new Set(names).size).toBe(2);
    for (const name of names) {
      expect(name).toMatch(/^[\w.-]{1,64}$/);
      expect(JSON.stringify(resources)).toContain(`rule/${name}"`);
    }
  });

  it('is alone in sending to the queue of findings, since a role could forge the envelope that names the sender', () => {
    const Statement = ofType('AWS::SQS::QueuePolicy', siem, events).flatMap(
      ([, { Properties }]) => (Properties.PolicyDocument as { readonly Statement: object[] }).Statement,
    );
    const queue = { 'Fn::GetAtt': ['FindingsQueue', 'Arn'] };

    expect(Statement.filter((one) => 'Effect' in one && one.Effect === 'Deny')).toEqual([
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:SendMessage',
        Resource: queue,
        Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } },
      },
    ]);
    const allowed = Statement.filter((one) => 'Effect' in one && one.Effect === 'Allow');
    expect(allowed).toHaveLength(4);
    for (const one of allowed)
      expect(one).toMatchObject({
        Principal: { Service: 'sns.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': { Ref: expect.stringMatching(/^Sender/) } } },
      });
  });

  it('keeps its logical id when another sender comes', () => {
    const [[id] = ['']] = ofType('AWS::SNS::Topic', siem);

    expect(ofType('AWS::SNS::Topic', events, siem).map(([each]) => each)).toContain(id);
  });
});

it('without a sender, there is no queue of findings and no right to read it', () => {
  expect(ofType('AWS::SQS::Queue')).toEqual([]);
  expect(ofType('AWS::SQS::Queue', siem)).toHaveLength(2);
  expect(JSON.stringify(writeRoles('cordon-dev', configure()))).not.toContain('FindingsQueue');
  expect(JSON.stringify(writeRoles('cordon-dev', configure(siem)).IntakeRole)).toContain('FindingsQueue');
});
