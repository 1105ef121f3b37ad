// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how CloudFormation spells a variable

import { openServices, queueAndTopic } from './created-resources';
import { aFunctionResource, aRole } from './stack';

const { create, problems } = openServices();

describe('AWS::Lambda', () => {
  const statements = [
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
  ];
  const mapping = {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
      BatchSize: '5',
      Enabled: 'true',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 4 },
    },
  };

  it('registers role, function and mapping as in the template', async () => {
    const { recorder, resources } = await create({
      Queue: queueAndTopic.Queue,
      Mapping: mapping,
      Function: aFunctionResource({
        Timeout: 10,
        Environment: { Variables: { QUEUE: { Ref: 'Queue' }, LIMIT: 3 } },
        ReservedConcurrentExecutions: 2,
      }),
      Role: aRole('lambda.amazonaws.com', statements),
      Extra: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          PolicyName: 'extra',
          Roles: [{ Ref: 'Role' }],
          PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }] },
        },
      },
    });

    const queueArn = resources.Queue?.attributes.Arn;
    const roleArn = resources.Role?.attributes.Arn;
    const own = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn }],
    };
    const extra = { Statement: [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }] };
    const role = {
      logicalId: 'Role',
      name: resources.Role?.physicalId,
      arn: roleArn,
      trustedServices: ['lambda.amazonaws.com'],
      trust: {
        Version: '2012-10-17',
        Statement: [
          { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
        ],
      },
      attached: [],
      inline: new Map([['own', own]]),
    };
    expect(recorder.roles).toEqual([
      { ...role, documents: [own] },
      { ...role, documents: [own, extra] },
    ]);
    expect(recorder.functions).toEqual([
      {
        name: 'probe',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:probe',
        roleArn,
        handler: 'index.handler',
        runtime: 'nodejs24.x',
        codePath: '/packages/probe.zip',
        memoryMb: 128,
        timeoutSeconds: 10,
        environment: { QUEUE: resources.Queue?.physicalId, LIMIT: '3' },
        reservedConcurrency: 2,
        logGroupName: '/aws/lambda/probe',
      },
    ]);
    expect(recorder.eventSources).toEqual([
      {
        id: resources.Mapping?.physicalId,
        functionName: 'probe',
        roleArn,
        queueArn,
        batchSize: 5,
        maximumBatchingWindowSeconds: 0,
        maximumConcurrency: 4,
        reportsBatchItemFailures: true,
        enabled: true,
      },
    ]);
  });

  it('refuses a function whose role Lambda may not assume', async () => {
    const found = await problems({ Function: aFunctionResource(), Role: aRole('iot.amazonaws.com') });

    expect(found).toEqual([
      expect.stringContaining('The role defined for the function cannot be assumed by Lambda.'),
    ]);
  });

  it.each([
    ['a name that is a path', { FunctionName: '../x' }, 'FunctionName: must be 1 to 64'],
    [
      'a reserved variable',
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      'Environment.Variables: sets a reserved variable',
    ],
    [
      'too large an environment',
      { Environment: { Variables: { LARGE: 'x'.repeat(4_096) } } },
      'Environment.Variables: is over 4096 bytes',
    ],
    ['too long a timeout', { Timeout: 901 }, 'Timeout: Too big'],
    ['a property of another kind', { VpcConfig: {} }, 'VpcConfig is not emulated locally'],
  ])('refuses a function with %s', async (_, properties, problem) => {
    const found = await problems({ Function: aFunctionResource(properties), Role: aRole() });

    expect(found).toEqual([expect.stringContaining(`Function (AWS::Lambda::Function): property ${problem}`)]);
  });

  it('refuses a role with an unknown managed policy of AWS', async () => {
    const role = aRole();
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];

    const found = await problems({
      Role: { ...role, Properties: { ...role.Properties, ManagedPolicyArns } },
    });

    expect(found).toEqual([
      'Role (AWS::IAM::Role): property ManagedPolicyArns[0]: is a managed policy that is not known locally: write out what the function needs',
    ]);
  });

  it.each([
    ['a path without slashes', { Path: 'cordon' }, 'Path: must begin and end with a slash'],
    [
      'an unknown boundary of AWS',
      { PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
      'PermissionsBoundary: is a managed policy that is not known locally',
    ],
    [
      'a key of tags that AWS keeps',
      { Tags: [{ Key: 'aws:x', Value: '' }] },
      'Tags[0].Key: is no key of a tag',
    ],
    [
      'a value that no tag has',
      { Tags: [{ Key: 'x', Value: 'a;b' }] },
      'Tags[0].Value: is no value of a tag',
    ],
    ['tags as a map', { Tags: { x: 'y' } }, 'Tags: '],
    [
      'keys of tags that differ in case only',
      {
        Tags: [
          { Key: 'x', Value: '' },
          { Key: 'X', Value: '' },
        ],
      },
      'Tags: has a key twice',
    ],
  ])('refuses a role with %s', async (_what, properties, problem) => {
    const role = aRole();

    const found = await problems({
      Role: { ...role, Properties: { ...role.Properties, ...properties } },
    });

    expect(found).toEqual([expect.stringContaining(`Role (AWS::IAM::Role): property ${problem}`)]);
  });

  it('refuses a boundary that does not exist, and a log group with a key of another region', async () => {
    const role = aRole();
    const PermissionsBoundary = 'arn:aws:iam::123456789012:policy/gone';
    const KmsKeyId = 'arn:aws:kms:ap-south-1:123456789012:key/k';

    expect(
      await problems({ Role: { ...role, Properties: { ...role.Properties, PermissionsBoundary } } }),
    ).toEqual([expect.stringContaining('managed policy arn:aws:iam::123456789012:policy/gone is not')]);
    expect(await problems({ Group: { Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId } } })).toEqual([
      expect.stringContaining('The specified KMS key does not exist'),
    ]);
  });

  it('registers schedules, and requires the permission without which AWS would never run them', async () => {
    const resources = {
      Function: aFunctionResource(),
      Role: aRole(),
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'sweep',
          ScheduleExpression: 'rate(1 minute)',
          Targets: [{ Arn: { 'Fn::GetAtt': 'Function.Arn' }, Id: 'x' }],
        },
      },
    };
    const permission = {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'Function' },
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': 'Rule.Arn' },
      },
    };

    const { recorder } = await create({ ...resources, Permission: permission });

    expect(recorder.schedules).toEqual([
      {
        name: 'sweep',
        arn: 'arn:aws:events:us-east-1:000000000000:rule/sweep',
        expression: 'rate(1 minute)',
        service: 'events',
        functionName: 'probe',
        enabled: true,
      },
    ]);
    expect(await problems(resources)).toEqual([
      expect.stringContaining('no AWS::Lambda::Permission lets events.amazonaws.com invoke'),
    ]);
  });

  it('stores rules with a pattern, and requires the topic policy without which AWS would drop every event', async () => {
    const resources = {
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'findings' } },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'findings',
          EventPattern: { source: ['acme'] },
          Targets: [{ Arn: { Ref: 'Topic' }, Id: 'topic' }],
        },
      },
    };
    const allowPublish = (rule: string) => ({
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'Topic' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: { Ref: 'Topic' },
              Condition: {
                ArnEquals: { 'aws:SourceArn': `arn:aws:events:us-east-1:000000000000:rule/${rule}` },
              },
            },
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 'sns:Publish',
              Resource: { Ref: 'Topic' },
              Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } },
            },
          ],
        },
      },
    });
    const dropped = expect.stringContaining('no AWS::SNS::TopicPolicy lets events.amazonaws.com publish');

    expect((await create({ ...resources, Policy: allowPublish('findings') })).recorder.schedules).toEqual([]);
    expect(await problems(resources)).toEqual([dropped]);
    expect(await problems({ ...resources, Policy: allowPublish('other') })).toEqual([dropped]);
  });
});
