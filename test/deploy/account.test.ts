import { type Account, openAccount, type Request } from './account';

/** The stand-in refuses what CloudFormation refuses. With a lenient stand-in, the deploy tests would show nothing. */
describe('the stand-in of CloudFormation', () => {
  let account: Account;
  beforeEach(() => {
    account = openAccount(() => undefined);
  });

  const queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'queue' } };
  const role = (Properties: object = {}) => ({
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] }, ...Properties },
  });
  const aRequest = (template: object, over: Partial<Request> = {}): Request => ({
    stackName: 'stack',
    kind: 'CREATE',
    body: JSON.stringify({ Resources: { Queue: queue }, ...template }),
    parameters: [],
    capabilities: [],
    ...over,
  });
  const given = (ParameterKey: string, ParameterValue: string) => [{ ParameterKey, ParameterValue }];
  const many = (count: number, of: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`X${index}`, of]));
  const colour = {
    Parameters: { Colour: { Type: 'String', Default: 'red', AllowedValues: ['red', 'blue'] } },
  };
  const named = (value: unknown) => ({
    Resources: { Queue: { ...queue, Properties: { QueueName: value } } },
  });

  it.each<[string, object, Partial<Request>, string]>([
    [
      'parameters for a template that has none',
      {},
      { parameters: given('Colour', 'red') },
      'Parameter values specified for a template which does not require them: [Colour]',
    ],
    [
      'a parameter that the template lacks',
      colour,
      { parameters: given('Size', '1') },
      'Parameters: [Size] do not exist in the template',
    ],
    [
      'a parameter without a value',
      { Parameters: { Colour: { Type: 'String' } } },
      {},
      'Parameters: [Colour] must have values',
    ],
    [
      'a value that is not allowed',
      colour,
      { parameters: given('Colour', 'green') },
      "Parameter 'Colour' must be one of red, blue",
    ],
    [
      'a value that matches only in part',
      { Parameters: { Colour: { Type: 'String', Default: '', AllowedPattern: '[a-z]*' } } },
      { parameters: given('Colour', 'red1') },
      "Parameter 'Colour' must match [a-z]*",
    ],
    [
      'the previous value at the first deploy',
      colour,
      { parameters: [{ ParameterKey: 'Colour', UsePreviousValue: 'true' }] },
      'Invalid input for parameter key Colour. Cannot specify usePreviousValue as true',
    ],
    [
      'a Default that its own rule refuses',
      { Parameters: { Colour: { Type: 'String', Default: 'green', AllowedValues: ['red'] } } },
      {},
      'Template format error: Parameter Colour: its Default must be one of red',
    ],
    [
      'a Default that is no text',
      { Parameters: { Colour: { Type: 'String', Default: true } } },
      {},
      'Template format error: Every Default member must be a string.',
    ],
    [
      'a reference to nothing',
      named({ Ref: 'Gone' }),
      {},
      'Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template',
    ],
    [
      'a reference to nothing in a branch that is not taken',
      {
        ...named({ 'Fn::If': ['Never', { Ref: 'Gone' }, 'queue'] }),
        Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
      },
      {},
      'Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template',
    ],
    [
      'an IoT policy variable in a Fn::Sub',
      named({ 'Fn::Sub': '$' + '{iot:Connection.Thing.ThingName}' }),
      {},
      'Template format error: Unresolved resource dependencies [iot:Connection] in the Resources block of the template',
    ],
    [
      'an attribute of nothing',
      named({ 'Fn::GetAtt': ['Gone', 'Arn'] }),
      {},
      'Template error: instance of Fn::GetAtt references undefined resource Gone',
    ],
    [
      'an output of nothing',
      { Outputs: { Gone: { Value: { Ref: 'Gone' } } } },
      {},
      'Template format error: Unresolved resource dependencies [Gone] in the Outputs block of the template',
    ],
    [
      'a condition on a resource',
      { Conditions: { Has: { 'Fn::Equals': [{ Ref: 'Queue' }, ''] } } },
      {},
      'Template format error: Unresolved resource dependencies [Queue] in the Conditions block of the template',
    ],
    [
      'an unknown condition',
      { Resources: { Queue: { ...queue, Condition: 'Gone' } } },
      {},
      'Template format error: Unresolved condition dependency Gone in the Resources block of the template',
    ],
    [
      'resources that depend on each other',
      { Resources: { A: { ...queue, DependsOn: ['B'] }, B: { ...queue, DependsOn: 'A' } } },
      {},
      'Circular dependency between resources: [A, B]',
    ],
    [
      'a value that is null',
      named(null),
      {},
      "Template format error: [/Resources/Queue/Properties/QueueName] 'null' values are not allowed in templates",
    ],
    [
      'an attribute of a resource that there is not',
      { Resources: { Queue: { ...queue, DeletePolicy: 'Retain' } } },
      {},
      "Invalid template resource property 'DeletePolicy' (Queue)",
    ],
    [
      'RetainExceptOnCreate for a replacement',
      { Resources: { Queue: { ...queue, UpdateReplacePolicy: 'RetainExceptOnCreate' } } },
      {},
      'Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource Queue',
    ],
    [
      'more resources than 500',
      { Resources: many(501, { Type: 'AWS::SQS::Queue' }) },
      {},
      'Template format error: Number of resources, 501, is greater than maximum allowed, 500',
    ],
    [
      'more parameters than 200',
      { Parameters: many(201, { Type: 'String', Default: '' }) },
      {},
      'Template format error: Number of parameters, 201, is greater than maximum allowed, 200',
    ],
    [
      'a large template in the request',
      { Description: 'x'.repeat(51_200) },
      {},
      "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200",
    ],
    [
      'roles without a capability',
      { Resources: { Role: role() } },
      {},
      'Requires capabilities : [CAPABILITY_IAM]',
    ],
    [
      'named roles without theirs',
      { Resources: { Role: role({ RoleName: 'role' }) } },
      { capabilities: ['CAPABILITY_IAM'] },
      'Requires capabilities : [CAPABILITY_NAMED_IAM]',
    ],
    [
      'a name longer than its service takes',
      named('q'.repeat(81)),
      {},
      `Template format error: Queue (AWS::SQS::Queue): property QueueName: its service takes no such name: ${'q'.repeat(81)}`,
    ],
    [
      'policies larger than a role takes',
      {
        Resources: {
          Role: role({
            Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: ['x'.repeat(10_240)] } }],
          }),
        },
      },
      { capabilities: ['CAPABILITY_IAM'] },
      'Template format error: Role (AWS::IAM::Role): property Policies: Maximum policy size of 10240 bytes exceeded for role (10258)',
    ],
  ])('refuses %s', (_what, template, over, message) => {
    expect(() => account.check(aRequest(template, over))).toThrow(message);
    expect(() => account.check(aRequest({}))).not.toThrow();
  });
});
