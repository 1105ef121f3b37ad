import { findRefusal } from '../../../../local/aws/gateway/authorize';
import type { Caller, PolicyDocument } from '../../../../local/types';

const identity = { accountId: '000000000000', region: 'eu-west-1', partition: 'aws' } as const;
const topic = 'arn:aws:iot:eu-west-1:000000000000:topic/a';

function refusalWith(actions: readonly string[]) {
  const caller = { accessKeyId: 'ASIA', arn: 'arn:aws:sts::000000000000:role/x', functionName: 'respond' };
  const Statement = { Effect: 'Allow' as const, Action: [...actions], Resource: topic };
  const registration = { caller, documents: [{ Version: '2012-10-17' as const, Statement }] };
  const request = { action: 'iot:Publish', resources: [topic], alsoNeeds: ['iot:RetainPublish'] };
  return findRefusal(identity, registration, request)?.message;
}

describe('a role with a permissions boundary', () => {
  const under = (boundary: PolicyDocument) => {
    const caller = { accessKeyId: 'ASIA', arn: 'arn:aws:sts::000000000000:role/x', functionName: 'respond' };
    const documents = [
      {
        Version: '2012-10-17' as const,
        Statement: { Effect: 'Allow' as const, Action: 'iot:*', Resource: '*' },
      },
    ];
    const request = { action: 'iot:Publish', resources: [topic] };
    return findRefusal(identity, { caller, documents, boundary }, request)?.message;
  };

  it('may do what both the boundary and its policies allow', () => {
    expect(under({ Statement: { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' } })).toBeUndefined();
  });

  it('may not do what only its policies allow', () => {
    expect(under({ Statement: { Effect: 'Allow', Action: 'sqs:*', Resource: '*' } })).toMatch(
      /because no permissions boundary allows the iot:Publish action$/,
    );
  });

  it('may not do what the boundary denies', () => {
    const Statement = [
      { Effect: 'Allow' as const, Action: '*', Resource: '*' },
      { Effect: 'Deny' as const, Action: 'iot:*', Resource: '*' },
    ];
    expect(under({ Statement })).toMatch(/with an explicit deny in a permissions boundary$/);
  });
});

describe('a call that needs two rights', () => {
  it('is permitted with both', () => {
    expect(refusalWith(['iot:Publish', 'iot:RetainPublish'])).toBeUndefined();
  });

  it.each([
    ['iot:RetainPublish', 'iot:Publish'],
    ['iot:Publish', 'iot:RetainPublish'],
  ])('is refused without %s', (missing, given) => {
    expect(refusalWith([given])).toContain(`perform: ${missing} on resource: ${topic}`);
  });
});

describe('a call that asks another service as well, or has a key of its service', () => {
  const secret = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:a-AbCdEf';
  const caller = { accessKeyId: 'ASIA', arn: 'arn:aws:sts::000000000000:role/x', functionName: 'notify' };
  const ask = (statement: object, request: object) => {
    const Statement = { Effect: 'Allow' as const, Resource: '*', ...statement };
    const registration = { caller, documents: [{ Version: '2012-10-17' as const, Statement }] };
    return findRefusal(identity, registration, { action: 'ssm:GetParameter', resources: ['*'], ...request });
  };
  const alsoAsks = { action: 'secretsmanager:GetSecretValue', resources: [secret] };

  it('needs the rights in both', () => {
    expect(ask({ Action: 'ssm:GetParameter' }, { alsoAsks })?.resource).toBe(secret);
    expect(ask({ Action: ['ssm:GetParameter', alsoAsks.action] }, { alsoAsks })).toBeUndefined();
  });

  it('is held to the conditions of the role', () => {
    const key = 'securityhub:ASFFSyntaxPath/Workflow.Status';
    const statement = { Action: 'ssm:*', Condition: { StringEquals: { [key]: ['NEW'] } } };
    const keys = (status: string) => ({ keys: new Map([[key.toLowerCase(), status]]) });

    expect(ask(statement, keys('NEW'))).toBeUndefined();
    expect(ask(statement, keys('SUPPRESSED'))).toBeDefined();
    expect(ask(statement, {})).toBeDefined();
  });
});

describe('a resource with a policy of its own', () => {
  const arn = 'arn:aws:sns:eu-west-1:000000000000:findings';
  const siem = 'arn:aws:iam::000000000000:role/siem';
  const all = { Effect: 'Allow' as const, Action: '*', Resource: '*' };
  const letSiem = { ...all, Principal: { AWS: [siem] } };
  const denyOthers = {
    ...{ ...all, Effect: 'Deny' as const, Principal: '*' },
    Condition: {
      Bool: { 'aws:PrincipalIsAWSService': 'false' },
      ArnNotEquals: { 'aws:PrincipalArn': [siem] },
    },
  };
  const ask = (caller: object, rights: readonly object[], ...own: readonly object[]) =>
    findRefusal(
      identity,
      {
        caller: { accessKeyId: 'ASIA', functionName: 'x', ...caller } as Caller,
        documents: [{ Statement: rights } as PolicyDocument],
      },
      { action: 'sns:Publish', resources: [arn], ofResource: { Statement: own } as PolicyDocument },
    )?.decision;
  const session = (role: string) => ({ arn: `arn:aws:sts::000000000000:assumed-role/${role}/s` });
  const rule = { arn: 'arn:aws:events:eu-west-1:000000000000:rule/r', service: 'events.amazonaws.com' };
  const operator = { arn: 'arn:aws:iam::000000000000:user/local-operator', functionName: undefined };

  it.each<[string, object, readonly object[], readonly object[], string | undefined]>([
    ['lets in whom it names, without other rights', session('siem'), [], [letSiem, denyOthers], undefined],
    ['does not let in whom nobody names', session('other'), [], [letSiem], 'IMPLICIT_DENY'],
    ['lets in whom another policy lets in', session('other'), [all], [letSiem], undefined],
    [
      'keeps out whom it denies, whatever they may',
      session('other'),
      [all],
      [letSiem, denyOthers],
      'EXPLICIT_DENY',
    ],
    ['keeps out the operator too', operator, [], [letSiem, denyOthers], 'EXPLICIT_DENY'],
    ['leaves the operator the rest', operator, [], [letSiem], undefined],
    [
      'keeps out whom their own policy denies',
      session('siem'),
      [{ ...all, Effect: 'Deny' }],
      [letSiem],
      'EXPLICIT_DENY',
    ],
    ['keeps out a service that it does not name', rule, [], [letSiem, denyOthers], 'IMPLICIT_DENY'],
    [
      'lets in a service for one of its resources',
      rule,
      [],
      [
        {
          ...all,
          Principal: { Service: rule.service },
          Condition: { ArnEquals: { 'aws:SourceArn': rule.arn } },
        },
        denyOthers,
      ],
      undefined,
    ],
    [
      'keeps out a service for another resource',
      { ...rule, arn: `${rule.arn}-2` },
      [],
      [
        {
          ...all,
          Principal: { Service: rule.service },
          Condition: { ArnEquals: { 'aws:SourceArn': rule.arn } },
        },
      ],
      'IMPLICIT_DENY',
    ],
  ])('%s', (_, caller, rights, own, decision) => {
    expect(ask(caller, rights, ...own)).toBe(decision);
  });
});
