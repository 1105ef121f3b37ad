// biome-ignore-all lint/suspicious/noTemplateCurlyInString: IoT policy variables are written ${so}.
import { connectionContext } from '../../../../local/aws/iot/connection-context';
import { effectiveStatements } from '../../../../local/aws/iot/effective-policies';
import { evaluateIotPolicy, iotDialect } from '../../../../local/aws/iot/evaluate-iot-policy';
import { evaluate } from '../../../../local/aws/policy/evaluate';
import type { PolicyStatement } from '../../../../local/types';
import {
  allow,
  aRegistry,
  aRegistryWithDevice,
  attachPolicy,
  decide,
  deny,
  pemOne,
  prefix,
} from './builders';

/** Decides one request with these statements on the device's certificate. */
function decideWith(
  statements: readonly PolicyStatement[],
  resource: string,
  connection: { clientId?: string; sourceIp?: string } = {},
  action = 'iot:Publish',
) {
  const { registry, certificate } = aRegistryWithDevice();
  attachPolicy(registry, certificate.arn, 'policy', ...statements);
  return decide(registry, action, resource, connection);
}

describe('evaluateIotPolicy', () => {
  it('denies a request that no statement allows', () => {
    expect(decideWith([allow('iot:Publish', `${prefix}topic/a`)], 'topic/b')).toBe('IMPLICIT_DENY');
  });

  it('gives an explicit deny precedence over any allow, and names both policies', () => {
    const { registry, certificate } = aRegistryWithDevice();
    attachPolicy(registry, certificate.arn, 'open', allow('iot:*', '*'));
    attachPolicy(registry, certificate.arn, 'shut', deny('iot:Publish', `${prefix}topic/a`));
    const connection = { certificateId: certificate.certificateId, clientId: 'mything1' };

    const result = evaluateIotPolicy(effectiveStatements(registry, connection), {
      action: 'iot:Publish',
      resource: `${prefix}topic/a`,
      context: connectionContext(registry, connection),
    });

    expect(result).toEqual({
      decision: 'EXPLICIT_DENY',
      allowedBy: [{ policyName: 'open', policyArn: `${prefix}policy/open` }],
      deniedBy: [{ policyName: 'shut', policyArn: `${prefix}policy/shut` }],
    });
  });

  it.each([
    ['iot:*', 'ALLOWED'],
    ['*', 'ALLOWED'],
    ['iot:Pub*', 'ALLOWED'],
    ['iot:publish', 'ALLOWED'],
    ['iot:Publis?', 'ALLOWED'],
    ['iot:Subscribe', 'IMPLICIT_DENY'],
    ['sqs:*', 'IMPLICIT_DENY'],
  ])('accepts the action %s', (action, decision) => {
    expect(decideWith([allow(action, '*')], 'topic/a')).toBe(decision);
  });

  it.each([
    ['topic/a/*', 'topic/a/b/c', 'ALLOWED'],
    ['topic/a?c', 'topic/a/c', 'ALLOWED'],
    ['topic/a?c', 'topic/ac', 'IMPLICIT_DENY'],
    ['topic/mything1*', 'topic/mything10', 'ALLOWED'],
    ['topicfilter/a/+', 'topicfilter/a/b', 'IMPLICIT_DENY'],
    ['topicfilter/a/+', 'topicfilter/a/+', 'ALLOWED'],
    ['topicfilter/a/#', 'topicfilter/a/b/c', 'IMPLICIT_DENY'],
    ['topicfilter/a/*', 'topicfilter/a/#', 'ALLOWED'],
    ['topic/A', 'topic/a', 'IMPLICIT_DENY'],
    ['topic/a.c', 'topic/abc', 'IMPLICIT_DENY'],
  ])('matches the resource %s with %s as %s', (pattern, resource, decision) => {
    expect(decideWith([allow('iot:*', `${prefix}${pattern}`)], resource)).toBe(decision);
  });

  it('allows everything except NotAction', () => {
    const statement: PolicyStatement = { Effect: 'Allow', NotAction: 'iot:Connect', Resource: '*' };

    expect(decideWith([statement], 'topic/a')).toBe('ALLOWED');
    expect(decideWith([statement], 'client/mything1', {}, 'iot:Connect')).toBe('IMPLICIT_DENY');
  });

  it('denies everything except NotResource, as the quarantine policy does', () => {
    const quarantine: PolicyStatement = {
      Effect: 'Deny',
      Action: ['iot:Publish', 'iot:Receive'],
      NotResource: [`${prefix}topic/$aws/things/\${iot:ClientId}/defender/*`],
    };
    const statements = [allow('iot:*', '*'), quarantine];

    expect(decideWith(statements, 'topic/telemetry')).toBe('EXPLICIT_DENY');
    expect(decideWith(statements, 'topic/$aws/things/mything1/defender/metrics/json')).toBe('ALLOWED');
    expect(decideWith(statements, 'topic/$aws/things/mything2/defender/metrics/json')).toBe('EXPLICIT_DENY');
  });

  it('resolves thing variables for the attached thing whose name is the client id', () => {
    const statements = [
      allow(
        'iot:Publish',
        `${prefix}topic/\${iot:Connection.Thing.ThingTypeName}/\${iot:Connection.Thing.Attributes[site]}/\${iot:Connection.Thing.ThingName}`,
      ),
    ];

    expect(decideWith(statements, 'topic/gateway/north/mything1')).toBe('ALLOWED');
    expect(decideWith(statements, 'topic/gateway/north/mything1', { clientId: 'other' })).toBe(
      'IMPLICIT_DENY',
    );
  });

  it('resolves thing variables for every client id if the principal is exclusive', () => {
    const { registry, certificate } = aRegistryWithDevice();
    registry.things.attachPrincipal('mything1', certificate.arn, 'EXCLUSIVE_THING');
    attachPolicy(
      registry,
      certificate.arn,
      'own',
      allow('iot:Publish', `${prefix}topic/\${iot:Connection.Thing.ThingName}`),
    );

    expect(decide(registry, 'iot:Publish', 'topic/mything1', { clientId: 'other' })).toBe('ALLOWED');
  });

  it.each([
    ['Resource', 'topic/${iot:Connection.Thing.Attributes[absent]}'],
    ['NotResource', 'topic/${iot:Connection.Thing.Attributes[absent]}'],
    ['Resource', 'topic/*/${iot:Certificate.Subject.CommonName}'],
  ])('never allows because of a %s with a variable that has no value', (element, pattern) => {
    const statement = {
      Effect: 'Allow',
      Action: 'iot:*',
      [element]: `${prefix}${pattern}`,
    } as PolicyStatement;

    expect(decideWith([statement], 'topic/a')).toBe('IMPLICIT_DENY');
  });

  it.each([
    [false, 'other', 'ALLOWED'],
    [true, 'other', 'EXPLICIT_DENY'],
    [false, 'mything1', 'EXPLICIT_DENY'],
  ])(
    'applies the group policies of an exclusive certificate as the switch says (%s, as %s)',
    (exclusiveBindsGroups, clientId, decision) => {
      const registry = aRegistry({ exclusiveBindsGroups });
      const { arn } = registry.certificates.register(pemOne, 'ACTIVE');
      registry.things.create('mything1');
      registry.things.attachPrincipal('mything1', arn, 'EXCLUSIVE_THING');
      attachPolicy(registry, arn, 'own', allow('iot:*', '*'));
      const { groupArn } = registry.groups.create('held');
      attachPolicy(registry, groupArn, 'deny', deny('iot:*', '*'));
      registry.groups.updateMembership('mything1', { add: ['held'], remove: [] });

      expect(decide(registry, 'iot:Publish', 'topic/a', { clientId })).toBe(decision);
    },
  );

  it.each<Partial<PolicyStatement>>([
    { NotResource: `${prefix}topic/\${iot:Connection.Thing.Attributes[absent]}` },
    { NotResource: [`${prefix}topic/b`, `${prefix}topic/\${iot:Connection.Thing.Attributes[absent]}`] },
    { Resource: `${prefix}topic/*\${iot:Connection.Thing.Attributes[absent]}` },
    {
      Resource: '*',
      Condition: { StringNotEquals: { 'iot:ClientId': '${iot:Connection.Thing.Attributes[absent]}' } },
    },
  ])('does not count on a Deny whose variable has no value: %j', (element) => {
    const statement: PolicyStatement = { Effect: 'Deny', Action: 'iot:*', ...element };

    expect(decideWith([allow('iot:*', '*'), statement], 'topic/a')).toBe('ALLOWED');
  });

  it.each([
    [false, 'ALLOWED'],
    [true, 'EXPLICIT_DENY'],
  ])(
    'denies by a NotResource whose variable has no value only if deniesUnresolved is %s',
    (deniesUnresolved, decision) => {
      const { registry, certificate } = aRegistryWithDevice();
      attachPolicy(registry, certificate.arn, 'policy', allow('iot:*', '*'), {
        Effect: 'Deny',
        Action: 'iot:*',
        NotResource: `${prefix}topic/\${iot:Connection.Thing.Attributes[absent]}`,
      });
      const connection = { certificateId: certificate.certificateId, clientId: 'mything1' };

      const request = {
        action: 'iot:Publish',
        resource: `${prefix}topic/a`,
        context: connectionContext(registry, connection),
      };
      const dialect = { ...iotDialect, deniesUnresolved };

      expect(evaluate(effectiveStatements(registry, connection), request, dialect).decision).toBe(decision);
    },
  );

  it.each(['*', '?', '${*}', 'mything*'])('matches the client id %s literally', (clientId) => {
    const statements = [allow('iot:Publish', `${prefix}topic/\${iot:ClientId}/data`)];

    expect(decideWith(statements, 'topic/mything1/data', { clientId })).toBe('IMPLICIT_DENY');
    expect(decideWith(statements, `topic/${clientId}/data`, { clientId })).toBe('ALLOWED');
  });

  it.each([
    ['${*}', '*'],
    ['${?}', '?'],
    ['${$}', '$'],
  ])('matches the escape %s as the character', (written, character) => {
    const statements = [allow('iot:Publish', `${prefix}topic/a${written}`)];

    expect(decideWith(statements, `topic/a${character}`)).toBe('ALLOWED');
    expect(decideWith(statements, 'topic/ab')).toBe('IMPLICIT_DENY');
  });

  it.each<[Record<string, Record<string, unknown>>, string]>([
    [{ Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } }, 'ALLOWED'],
    [{ Bool: { 'iot:Connection.Thing.IsAttached': 'false' } }, 'IMPLICIT_DENY'],
    [{ Bool: { 'iot:Connection.Thing.IsAttached': true } }, 'ALLOWED'],
    [{ StringEquals: { 'iot:ClientId': ['a', 'mything1'] } }, 'ALLOWED'],
    [{ StringEquals: { 'IOT:CLIENTID': 'mything1' } }, 'ALLOWED'],
    [{ StringEquals: { 'iot:Connection.Thing.ThingName': '${iot:ClientId}' } }, 'ALLOWED'],
    [{ StringNotEquals: { 'iot:ClientId': ['a', 'mything1'] } }, 'IMPLICIT_DENY'],
    [{ StringNotEquals: { 'iot:Absent': 'a' } }, 'ALLOWED'],
    [{ StringEquals: { 'iot:Absent': 'a' } }, 'IMPLICIT_DENY'],
    [{ StringEqualsIfExists: { 'iot:Absent': 'a' } }, 'ALLOWED'],
    [{ StringLike: { 'iot:ClientId': 'my*1' } }, 'ALLOWED'],
    [{ StringNotLike: { 'iot:ClientId': 'my*1' } }, 'IMPLICIT_DENY'],
    [{ IpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '10.0.0.0/8'] } }, 'ALLOWED'],
    [{ IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, 'IMPLICIT_DENY'],
    [{ NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, 'ALLOWED'],
    [{ IpAddress: { 'aws:SourceIp': 'not an address' } }, 'IMPLICIT_DENY'],
    [{ NotIpAddress: { 'aws:SourceIp': 'not an address' } }, 'IMPLICIT_DENY'],
    [{ Null: { 'iot:ClientId': 'false' } }, 'ALLOWED'],
    [{ Null: { 'iot:ClientId': 'true' } }, 'IMPLICIT_DENY'],
    [
      { Bool: { 'iot:Connection.Thing.IsAttached': 'true' }, StringEquals: { 'iot:ClientId': 'a' } },
      'IMPLICIT_DENY',
    ],
    [{ SomethingNew: { 'iot:ClientId': 'mything1' } }, 'IMPLICIT_DENY'],
    [{ 'ForAnyValue:StringEquals': { 'iot:ClientId': 'mything1' } }, 'IMPLICIT_DENY'],
    [{ NullIfExists: { 'iot:Absent': 'true' } }, 'IMPLICIT_DENY'],
    [{ ArnLike: { 'iot:ClientId': 'my*' } }, 'IMPLICIT_DENY'],
  ])('allows under %j: %s', (Condition, decision) => {
    const statements = [allow('iot:*', '*', { Condition })];

    expect(decideWith(statements, 'topic/a', { sourceIp: '::ffff:10.1.2.3' })).toBe(decision);
  });

  it('applies a deny under a condition it cannot read, unless another condition fails', () => {
    const unreadable = { SomethingNew: { 'iot:ClientId': 'x' } };
    const failing = { ...unreadable, StringEquals: { 'iot:ClientId': 'x' } };

    expect(decideWith([allow('iot:*', '*'), deny('iot:*', '*', { Condition: unreadable })], 'topic/a')).toBe(
      'EXPLICIT_DENY',
    );
    expect(decideWith([allow('iot:*', '*'), deny('iot:*', '*', { Condition: failing })], 'topic/a')).toBe(
      'ALLOWED',
    );
  });

  it('reads variables as text in a policy of the 2008 version', () => {
    const { registry, certificate } = aRegistryWithDevice();
    const statement = allow('iot:Publish', `${prefix}topic/\${iot:ClientId}`);
    registry.policies.create('old', JSON.stringify({ Version: '2008-10-17', Statement: statement }));
    registry.policies.attach('old', certificate.arn);

    expect(decide(registry, 'iot:Publish', 'topic/mything1')).toBe('IMPLICIT_DENY');
    expect(decide(registry, 'iot:Publish', 'topic/${iot:ClientId}')).toBe('ALLOWED');
  });
});

describe('effectiveStatements', () => {
  it('adds the policies of the groups and their ancestors only if the client id is the thing name', () => {
    const { registry, certificate } = aRegistryWithDevice();
    const parent = registry.groups.create('parent');
    registry.groups.create('child', { parentGroupName: 'parent' });
    registry.groups.updateMembership('mything1', { add: ['child'], remove: [] });
    attachPolicy(registry, certificate.arn, 'open', allow('iot:*', '*'));
    attachPolicy(registry, parent.groupArn, 'shut', deny('iot:*', '*'));

    expect(decide(registry, 'iot:Publish', 'topic/a')).toBe('EXPLICIT_DENY');
    expect(decide(registry, 'iot:Publish', 'topic/a', { clientId: 'mything1-backup' })).toBe('ALLOWED');
  });

  it('reads the default version of each policy', () => {
    const { registry, certificate } = aRegistryWithDevice();
    attachPolicy(registry, certificate.arn, 'policy', allow('iot:*', '*'));
    registry.policies.createVersion('policy', '{"Version":"2012-10-17","Statement":[]}', true);

    expect(decide(registry, 'iot:Publish', 'topic/a')).toBe('IMPLICIT_DENY');

    registry.policies.setDefaultVersion('policy', '1');
    expect(decide(registry, 'iot:Publish', 'topic/a')).toBe('ALLOWED');
  });
});
