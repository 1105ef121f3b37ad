// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how CloudFormation spells a variable
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readTemplate } from '../../../../local/aws/cloudformation/template';
import { makeTemporaryFolder } from '../../../temporary-folder';
import { aFunctionResource, aParameter, aRole, aStackRecorder, aTemplate, deploy, problemsOf } from './stack';

function named(name: string, value: unknown, DependsOn?: string[]) {
  const Properties = { Name: name, Type: 'String', Value: value };
  return { Type: 'AWS::SSM::Parameter', Properties, ...(DependsOn && { DependsOn }) };
}

describe('deployTemplate', () => {
  it('creates a resource after everything it refers to, whatever the order in the template', async () => {
    const recorder = aStackRecorder();
    const resources = {
      D: named('d', 'x', ['C']),
      C: named('c', { 'Fn::Sub': 'after ${B}' }),
      B: named('b', { 'Fn::Join': ['', ['after ', { 'Fn::GetAtt': ['A', 'Value'] }]] }),
      A: named('a', 'first'),
    };

    await deploy(aTemplate(resources), { hooks: recorder.hooks });

    expect(Object.entries(recorder.parameters)).toEqual([
      ['a', 'first'],
      ['b', 'after first'],
      ['c', 'after b'],
      ['d', 'x'],
    ]);
  });

  it('provides resources and outputs, and reports its progress', async () => {
    const progress: string[] = [];
    const Outputs = {
      Name: { Value: { Ref: 'Probe' } },
      Hidden: { Value: { Ref: 'Gone' }, Condition: 'Never' },
    };
    const Conditions = { Never: { 'Fn::Equals': ['a', 'b'] } };
    const template = aTemplate({ Probe: aParameter('x') }, { Outputs, Conditions });

    const stack = await deploy(template, {
      onProgress: ({ logicalId, done, total }) => progress.push(`${logicalId} ${done}/${total}`),
    });

    expect(stack).toEqual({
      id: expect.stringMatching(
        /^arn:aws:cloudformation:us-east-1:000000000000:stack\/cordon-test\/[\da-f-]{36}$/,
      ),
      permissions: [],
      resources: {
        Probe: {
          type: 'AWS::SSM::Parameter',
          physicalId: 'found',
          attributes: { Type: 'String', Value: 'x' },
        },
      },
      outputs: { Name: 'found' },
    });
    expect(progress).toEqual(['Probe 1/1']);
  });

  it('names the resources of a circular reference', async () => {
    const resources = { A: named('a', { Ref: 'B' }), B: named('b', 'x', ['C']), C: named('c', { Ref: 'A' }) };

    expect(await problemsOf(aTemplate(resources))).toEqual([
      'Resources depend on each other in a circle: A -> B -> C -> A',
    ]);
  });

  it('collects all problems before it creates anything', async () => {
    const recorder = aStackRecorder();
    const template = aTemplate({
      Good: named('good', 'x'),
      Server: { Type: 'AWS::EC2::Instance' },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q', Color: 'red' } },
      Function: aFunctionResource({
        Runtime: 'python3.13',
        Layers: ['x'],
        Timeout: 'soon',
        Handler: undefined,
      }),
      Role: aRole(),
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: { KeySchema: [{ AttributeName: 'pk', KeyType: 'KEY' }] },
      },
      Rule: {
        Type: 'AWS::IoT::TopicRule',
        Properties: { TopicRulePayload: { Sql: 'SELECT *', Actions: [{ Kinesis: { StreamName: 'x' } }] } },
      },
    });

    const problems = await problemsOf(template, { hooks: recorder.hooks });

    expect(problems).toEqual([
      'Server: resource type AWS::EC2::Instance is not emulated locally: add it to local/aws/cloudformation/resources/catalog.ts',
      'Queue (AWS::SQS::Queue): property Color is not emulated locally',
      'Function (AWS::Lambda::Function): property Runtime: only Node.js runtimes run locally',
      'Function (AWS::Lambda::Function): property Timeout: must be a number',
      'Function (AWS::Lambda::Function): property Layers is not emulated locally',
      'Table (AWS::DynamoDB::Table): property KeySchema[0].KeyType: Invalid option: expected one of "HASH"|"RANGE"',
      'Table (AWS::DynamoDB::Table): property AttributeDefinitions is missing',
      'Rule (AWS::IoT::TopicRule): property TopicRulePayload.Actions[0]: only the actions Sqs, Sns and Republish with their plain properties are emulated locally',
    ]);
    expect(recorder.parameters).toEqual({});
  });

  it('starts nothing new after a failure, and names the failed resource', async () => {
    const parameters: string[] = [];
    const { hooks } = aStackRecorder({
      putParameter: ({ name }) => {
        if (name === 'a') throw new Error('disk full');
        parameters.push(name);
      },
    });
    const template = aTemplate({ A: named('a', 'x'), B: named('b', { Ref: 'A' }) });

    expect(await problemsOf(template, { hooks })).toEqual(['A (AWS::SSM::Parameter): disk full']);
    expect(parameters).toEqual([]);
  });
});

describe('readTemplate', () => {
  it.each([
    ['no JSON', '{', /is not JSON: make it with npm start -- --package/],
    ['no template', '[]', /is no CloudFormation template: it has no Resources/],
    ['a macro', '{"Transform":"x","Resources":{}}', /section Transform is not emulated locally/],
    ['a resource without a type', '{"Resources":{"A":{}}}', /A has no Type/],
    [
      'an unknown resource attribute',
      '{"Resources":{"A":{"Type":"x","CreationPolicy":{}}}}',
      /A: CreationPolicy is not emulated locally/,
    ],
  ])('refuses a file that holds %s', async (_, content, problem) => {
    const file = path.join(makeTemporaryFolder(), 'template.json');
    writeFileSync(file, content);

    await expect(readTemplate(file)).rejects.toThrow(problem);
  });

  it('says what to do about a missing file', async () => {
    await expect(readTemplate('/nowhere/template.json')).rejects.toThrow(
      /cannot be read: make it with npm start -- --package/,
    );
  });
});
