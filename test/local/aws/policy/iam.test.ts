import { evaluateIam, validateIamDocument } from '../../../../local/aws/policy/iam';
import type { PolicyStatement } from '../../../../local/types';

const queue = 'arn:aws:sqs:eu-west-1:000000000000:alerts';

/** A policy variable as documents spell it. */
const variable = (key: string) => `\${${key}}`;

function anAllow(overrides: Partial<PolicyStatement> = {}): PolicyStatement {
  return { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queue, ...overrides };
}

function decide(
  statements: PolicyStatement | PolicyStatement[],
  request = { action: 'sqs:SendMessage', resources: [queue] },
  context: Record<string, string | string[]> = {},
) {
  return evaluateIam(
    [{ Version: '2012-10-17', Statement: statements }],
    request,
    new Map(Object.entries(context)),
  );
}

describe('evaluateIam', () => {
  it.each([
    ['the very action and resource', anAllow(), 'ALLOWED'],
    ['an action in another case', anAllow({ Action: 'SQS:sendmessage' }), 'ALLOWED'],
    ['an action with wildcards', anAllow({ Action: ['sqs:Get*', 'sqs:Send?essage'] }), 'ALLOWED'],
    ['another action', anAllow({ Action: 'sqs:SendMessageBatch' }), 'IMPLICIT_DENY'],
    ['a resource with wildcards', anAllow({ Resource: 'arn:aws:sqs:*:alert?' }), 'ALLOWED'],
    ['a prefix without wildcard', anAllow({ Resource: queue.slice(0, -1) }), 'IMPLICIT_DENY'],
    ['a resource in another case', anAllow({ Resource: queue.toUpperCase() }), 'IMPLICIT_DENY'],
    ['a NotAction that leaves it', { Effect: 'Allow', NotAction: 'sqs:Delete*', Resource: '*' }, 'ALLOWED'],
    ['a NotAction that names it', { Effect: 'Allow', NotAction: 'sqs:*', Resource: '*' }, 'IMPLICIT_DENY'],
    [
      'a NotResource that leaves it',
      { Effect: 'Allow', Action: '*', NotResource: `${queue}-dlq` },
      'ALLOWED',
    ],
    ['a NotResource that names it', { Effect: 'Allow', Action: '*', NotResource: queue }, 'IMPLICIT_DENY'],
    ['no statement about it', { Effect: 'Deny', Action: 'iot:*', Resource: '*' }, 'IMPLICIT_DENY'],
  ] satisfies [string, PolicyStatement, string][])('decides on %s', (_rule, statement, expected) => {
    expect(decide(statement)).toBe(expected);
  });

  it('gives an explicit deny precedence over any allow', () => {
    const deny: PolicyStatement = { Effect: 'Deny', Action: 'sqs:*', Resource: '*' };

    expect(decide([anAllow(), deny])).toBe('EXPLICIT_DENY');
  });

  it('requires every resource of an operation to be allowed', () => {
    const both = { action: 'sqs:SendMessage', resources: [queue, `${queue}-dlq`] };

    expect(decide(anAllow(), both)).toBe('IMPLICIT_DENY');
    expect(decide(anAllow({ Resource: [queue, `${queue}-dlq`] }), both)).toBe('ALLOWED');
    expect(decide(anAllow(), { action: 'sqs:SendMessage', resources: [] })).toBe('IMPLICIT_DENY');
  });

  it.each([
    ['StringEquals', { 'aws:RequestedRegion': 'eu-west-1' }, true],
    ['StringEquals', { 'aws:RequestedRegion': ['us-east-1', 'eu-west-1'] }, true],
    ['StringEquals', { 'aws:RequestedRegion': 'eu-*' }, false],
    ['StringLike', { 'aws:RequestedRegion': 'eu-*' }, true],
    ['StringNotEquals', { 'aws:RequestedRegion': 'eu-west-1' }, false],
    ['StringNotEquals', { 'aws:SourceIp': 'absent' }, true],
    ['StringEqualsIfExists', { 'aws:SourceIp': 'absent' }, true],
    ['StringEquals', { 'aws:SourceIp': 'absent' }, false],
    ['ArnLike', { 'aws:PrincipalArn': 'arn:aws:sts::*:assumed-role/role/*' }, true],
    ['ArnLike', { 'aws:PrincipalArn': 'arn:aws:*:assumed-role/role/fn' }, false],
    ['Bool', { 'aws:SecureTransport': 'true' }, true],
    ['Bool', { 'aws:SecureTransport': false }, false],
    ['Null', { 'aws:SourceIp': 'true' }, true],
    ['Null', { 'aws:SecureTransport': 'true' }, false],
    ['ForAllValues:StringEquals', { 'aws:Keys': ['a', 'b', 'c'] }, true],
    ['ForAllValues:StringEquals', { 'aws:Keys': ['a'] }, false],
    ['ForAnyValue:StringEquals', { 'aws:Keys': ['a'] }, true],
    ['ForAnyValue:StringEquals', { 'aws:SourceIp': 'absent' }, false],
    ['NumericEquals', { 'aws:RequestedRegion': '1' }, false],
  ] as const)('applies the condition %s %j: %s', (operator, keys, holds) => {
    const context = {
      'aws:requestedregion': 'eu-west-1',
      'aws:principalarn': 'arn:aws:sts::000000000000:assumed-role/role/fn',
      'aws:securetransport': 'true',
      'aws:keys': ['a', 'b'],
    };

    const decision = decide(anAllow({ Condition: { [operator]: keys } }), undefined, context);

    expect(decision).toBe(holds ? 'ALLOWED' : 'IMPLICIT_DENY');
  });

  it('matches a wildcard inside a variable literally', () => {
    const statement = anAllow({ Resource: `arn:aws:sqs:eu-west-1:000000000000:${variable('aws:SourceIp')}` });

    expect(decide(statement, undefined, { 'aws:sourceip': '*' })).toBe('IMPLICIT_DENY');
    expect(decide(statement, undefined, { 'aws:sourceip': 'alerts' })).toBe('ALLOWED');
    expect(decide(statement, undefined, {})).toBe('IMPLICIT_DENY');
  });

  it.each([
    ['2012-10-17', 'ALLOWED'],
    ['2008-10-17', 'IMPLICIT_DENY'],
    [undefined, 'IMPLICIT_DENY'],
  ])('reads variables in conditions and resources under the version %s: %s', (Version, decision) => {
    const statement = anAllow({
      Resource: `arn:aws:sqs:eu-west-1:${variable('aws:PrincipalAccount')}:alerts`,
      Condition: { StringEquals: { 'aws:ResourceAccount': variable('aws:PrincipalAccount') } },
    });
    const account = '000000000000';
    const context = new Map([
      ['aws:principalaccount', account],
      ['aws:resourceaccount', account],
    ]);
    const document = { ...(Version !== undefined && { Version }), Statement: statement };

    expect(evaluateIam([document], { action: 'sqs:SendMessage', resources: [queue] }, context)).toBe(
      decision,
    );
  });

  it('decides on a hostile pattern in linear time', () => {
    const statement = anAllow({ Resource: `${'*a'.repeat(2_000)}b` });

    expect(decide(statement, { action: 'sqs:SendMessage', resources: ['a'.repeat(5_000)] })).toBe(
      'IMPLICIT_DENY',
    );
  });
});

describe('validateIamDocument', () => {
  it('accepts a document it can enforce', () => {
    const statement = anAllow({ Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } } });

    expect(validateIamDocument({ Version: '2012-10-17', Statement: [statement] })).toEqual([]);
    expect(validateIamDocument({ Statement: statement })).toEqual([]);
  });

  it.each([
    ['no object', 'x', ['the policy document is not an object']],
    ['no statement', {}, ['Statement is missing']],
    [
      'an old version',
      { Version: '2008-10-17', Statement: [] },
      ['Version "2008-10-17" is not supported, write 2012-10-17'],
    ],
    [
      'an unknown element',
      { Statement: { ...anAllow(), Principal: '*' } },
      ['statement 0: the element Principal is not supported here'],
    ],
    [
      'a wrong effect',
      { Statement: anAllow({ Effect: 'allow' as 'Allow' }) },
      ['statement 0: Effect must be Allow or Deny'],
    ],
    [
      'both forms',
      { Statement: { ...anAllow({ Sid: 'Both' }), NotAction: 'a:B' } },
      ['statement Both: needs either Action or NotAction'],
    ],
    [
      'an unresolved intrinsic',
      { Statement: { ...anAllow(), Resource: [{ Ref: 'Queue' }] } },
      ['statement 0: Resource {"Ref":"Queue"} is not a string'],
    ],
    [
      'an action without service',
      { Statement: anAllow({ Action: 'SendMessage' }) },
      ['statement 0: Action "SendMessage" has the wrong form'],
    ],
    [
      'an unsupported operator',
      { Statement: anAllow({ Condition: { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } } }) },
      ['statement 0: the condition operator DateLessThan is not supported'],
    ],
    [
      'a condition key nobody fills in',
      { Statement: anAllow({ Condition: { StringEquals: { 'kms:ViaService': 'x' } } }) },
      ['statement 0: the condition key kms:ViaService is not supported'],
    ],
    [
      'a variable of a condition nobody fills in',
      {
        Statement: anAllow({ Condition: { StringEquals: { 'aws:SourceIp': variable('aws:username') } } }),
      },
      ['statement 0: the policy variable aws:username is not supported'],
    ],
    [
      'a variable nobody fills in',
      { Statement: anAllow({ Resource: `arn:aws:sqs:::${variable('aws:username')}` }) },
      ['statement 0: the policy variable aws:username is not supported'],
    ],
  ])('names %s', (_case, document, problems) => {
    expect(validateIamDocument(document)).toEqual(problems);
  });
});
