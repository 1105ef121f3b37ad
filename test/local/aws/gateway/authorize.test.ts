import { findRefusal } from '../../../../local/aws/gateway/authorize';
import type { PolicyDocument } from '../../../../local/types';

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
