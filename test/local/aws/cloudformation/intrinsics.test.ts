// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how CloudFormation spells a variable
import type { Template } from '../../../../local/aws/cloudformation/template';
import { aParameter, aStackRecorder, aTemplate, deploy, problemsOf } from './stack';

const sections: Partial<Template> = {
  Parameters: {
    Stage: { Type: 'String', Default: 'dev' },
    Cidrs: { Type: 'CommaDelimitedList', Default: '10.0.0.0/8, 192.168.0.0/16' },
    Count: { Type: 'Number', Default: 3 },
  },
  Mappings: { Sizes: { dev: { memory: 128 }, prod: { memory: 1024 } } },
  Conditions: {
    IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
    IsDev: { 'Fn::Not': [{ Condition: 'IsProd' }] },
    Both: { 'Fn::And': [{ Condition: 'IsDev' }, { Condition: 'IsProd' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsDev' }, { Condition: 'IsProd' }] },
  },
};
const other = { Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/cordon/x' } } };
const groupArn = 'arn:aws:logs:us-east-1:000000000000:log-group:/cordon/x:*';

async function resolve(value: unknown): Promise<string | undefined> {
  const recorder = aStackRecorder();
  await deploy(aTemplate({ Probe: aParameter(value), ...other }, sections), { hooks: recorder.hooks });
  return recorder.parameters.found;
}

describe('a template', () => {
  it.each([
    ['Ref to a parameter', { Ref: 'Stage' }, 'dev'],
    ['Ref to a number', { Ref: 'Count' }, '3'],
    ['Ref to a resource', { Ref: 'Group' }, '/cordon/x'],
    ['AWS::Region', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['AWS::AccountId', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['AWS::Partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['AWS::URLSuffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    ['AWS::StackName', { Ref: 'AWS::StackName' }, 'cordon-test'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Group', 'Arn'] }, groupArn],
    ['Fn::GetAtt as a text', { 'Fn::GetAtt': 'Group.Arn' }, groupArn],
    [
      'Fn::Sub',
      { 'Fn::Sub': '${Stage}/${Group}/${Group.Arn}/${AWS::Region}' },
      `dev//cordon/x/${groupArn}/us-east-1`,
    ],
    ['Fn::Sub with variables', { 'Fn::Sub': ['${a}-${Stage}', { a: { Ref: 'Count' } }] }, '3-dev'],
    [
      'Fn::Sub with a literal',
      { 'Fn::Sub': '${!iot:Connection.Thing.ThingName}' },
      '${iot:Connection.Thing.ThingName}',
    ],
    ['Fn::Join', { 'Fn::Join': [':', ['a', { Ref: 'Stage' }, { Ref: 'Group' }]] }, 'a:dev:/cordon/x'],
    ['Fn::Join of a list parameter', { 'Fn::Join': ['|', { Ref: 'Cidrs' }] }, '10.0.0.0/8|192.168.0.0/16'],
    ['Fn::Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    [
      'Fn::Select of Fn::Split',
      { 'Fn::Select': [6, { 'Fn::Split': [':', { 'Fn::GetAtt': 'Group.Arn' }] }] },
      '/cordon/x',
    ],
    ['Fn::Join without a value', { 'Fn::Join': ['', ['a', { Ref: 'AWS::NoValue' }, 'b']] }, 'ab'],
    ['Fn::If', { 'Fn::If': ['IsProd', 'yes', 'no'] }, 'no'],
    ['Fn::Not', { 'Fn::If': ['IsDev', 'yes', 'no'] }, 'yes'],
    ['Fn::And', { 'Fn::If': ['Both', 'yes', 'no'] }, 'no'],
    ['Fn::Or', { 'Fn::If': ['Either', 'yes', 'no'] }, 'yes'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] }, '128'],
    ['Fn::Base64', { 'Fn::Base64': { Ref: 'Group' } }, 'L2NvcmRvbi94'],
    ['text that only looks like a function', '${Stage} Ref Fn::Sub', '${Stage} Ref Fn::Sub'],
  ])('resolves %s', async (_, value, expected) => {
    expect(await resolve(value)).toBe(expected);
  });

  it.each([
    [
      'an unknown function',
      { 'Fn::ImportValue': 'x' },
      'Properties.Value: Fn::ImportValue is not emulated locally',
    ],
    [
      'an unknown reference',
      { Ref: 'Gone' },
      'Properties.Value.Ref: "Gone" is no parameter or resource of this template',
    ],
    [
      'a reference named like a method',
      { Ref: 'toString' },
      'Properties.Value.Ref: "toString" is no parameter or resource of this template',
    ],
    [
      'an unknown attribute',
      { 'Fn::GetAtt': 'Group.Url' },
      'Properties.Value.Fn::GetAtt: Group has no attribute Url locally',
    ],
    [
      'a variable of Fn::Sub that means nothing',
      { 'Fn::Sub': 'x${Gone}' },
      'Properties.Value.Fn::Sub: "Gone" is no parameter or resource of this template',
    ],
    [
      'a missing mapping',
      { 'Fn::FindInMap': ['Sizes', 'test', 'memory'] },
      'Properties.Value.Fn::FindInMap: there is no Sizes.test.memory in Mappings',
    ],
    [
      'an index out of range',
      { 'Fn::Select': [2, ['a', 'b']] },
      'Properties.Value.Fn::Select: there is no item 2',
    ],
    [
      'an unknown condition',
      { 'Fn::If': ['Gone', 1, 2] },
      'Properties.Value.Fn::If: condition Gone is not defined',
    ],
    ['a function beside another key', { Ref: 'Stage', x: 1 }, 'Properties.Value: Ref must stand alone'],
    [
      'a dynamic reference',
      '{{resolve:ssm:token}}',
      'Properties.Value: dynamic references ({{resolve:...}}) are not emulated locally',
    ],
  ])('with %s is refused, naming the resource and the place', async (_, value, problem) => {
    const template = aTemplate({ Probe: aParameter(value), ...other }, sections);

    expect(await problemsOf(template)).toEqual([`Probe (AWS::SSM::Parameter): ${problem}`]);
  });

  it.each([
    ['no value', { Type: 'String' }, {}, 'has no value and no Default'],
    [
      'a value outside the list',
      { Type: 'String', AllowedValues: ['a', 'b'] },
      { P: 'c' },
      'must be one of a, b',
    ],
    [
      'a value of another form',
      { Type: 'String', AllowedPattern: '[a-z]+' },
      { P: 'A1' },
      'must match [a-z]+',
    ],
    ['text for a number', { Type: 'Number' }, { P: 'x' }, 'must be a number'],
    ['too large a number', { Type: 'Number', MaxValue: 5 }, { P: '6' }, 'is more than 5'],
    ['too short a text', { Type: 'String', MinLength: 3 }, { P: 'ab' }, 'is shorter than 3'],
    [
      'a type that needs AWS',
      { Type: 'AWS::SSM::Parameter::Value<String>' },
      { P: '/x' },
      'type AWS::SSM::Parameter::Value<String> is not emulated locally',
    ],
  ])('is refused if a parameter has %s, naming the parameter', async (_, parameter, parameters, problem) => {
    const template = aTemplate({ Probe: aParameter('x') }, { Parameters: { P: parameter } });

    expect(await problemsOf(template, { parameters })).toEqual([`Parameters.P: ${problem}`]);
  });

  it('is refused with a parameter that it does not declare', async () => {
    const problems = await problemsOf(aTemplate({ Probe: aParameter('x') }), {
      parameters: { Stgae: 'dev' },
    });

    expect(problems).toEqual(['Parameters.Stgae: is given, but the template has none']);
  });

  it('is refused with a condition that depends on itself, naming the condition', async () => {
    const Conditions = { A: { 'Fn::Not': [{ Condition: 'B' }] }, B: { Condition: 'A' } };

    expect(await problemsOf(aTemplate({ Probe: aParameter('x') }, { Conditions }))).toEqual([
      'Conditions.A: depends on itself',
    ]);
  });

  it('omits a resource whose condition is false, and refuses a reference to it', async () => {
    const resources = { Off: aParameter('x', { Condition: 'IsProd' }), Probe: aParameter({ Ref: 'Off' }) };

    expect(await problemsOf(aTemplate(resources, sections))).toEqual([
      'Probe (AWS::SSM::Parameter): Properties.Value.Ref: "Off" is no parameter or resource of this template',
    ]);
  });
});
