import { comparePolicies, matches } from '../../../cli/doctor/as-deployed/compare';
import type { PresentResources } from '../../../cli/doctor/as-deployed/judges';
import {
  type DeployedTemplate,
  resolveResources,
  type TemplateBody,
  unknown,
} from '../../../cli/doctor/as-deployed/template';
import { checkAsDeployed } from '../../../cli/doctor/checks/as-deployed';
import { awsError } from '../../aws-error';

const getAtt = (id: string, attribute: string) => ({ 'Fn::GetAtt': [id, attribute] });

const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/cordon-dev-alerts';
const queueArn = 'arn:aws:sqs:eu-west-1:111122223333:cordon-dev-alerts';
const topicArn = 'arn:aws:sns:eu-west-1:111122223333:cordon-dev-alerts';
const functionArn = 'arn:aws:lambda:eu-west-1:111122223333:function:cordon-dev-respond';

const trust = {
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole'] },
  ],
};

const body: TemplateBody = {
  Parameters: { KmsKeyArn: {}, Secret: {}, Stored: { Type: 'AWS::SSM::Parameter::Value<String>' } },
  Conditions: {
    HasKmsKey: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'KmsKeyArn' }, ''] }] },
    HasSecret: { 'Fn::Equals': [{ Ref: 'Secret' }, 'x'] },
  },
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue' },
    Topic: { Type: 'AWS::SNS::Topic' },
    Left: { Type: 'AWS::IoT::TopicRule' },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust,
        Policies: [
          {
            PolicyName: 'send',
            PolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [getAtt('Queue', 'Arn')] },
                {
                  Effect: 'Allow',
                  Action: 'sns:Publish',
                  Resource: { Ref: 'Topic' },
                  Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
                },
                {
                  'Fn::If': [
                    'HasKmsKey',
                    { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' },
                    { Ref: 'AWS::NoValue' },
                  ],
                },
              ],
            },
          },
        ],
      },
    },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: {
          Statement: { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: getAtt('Queue', 'Arn') },
        },
      },
    },
    TopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'Topic' }],
        PolicyDocument: {
          Statement: { Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: 'Topic' } },
        },
      },
    },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'Topic' }, RawMessageDelivery: true },
    },
    Rule: {
      Type: 'AWS::IoT::TopicRule',
      Properties: {
        TopicRulePayload: {
          Sql: 'SELECT * FROM a',
          RuleDisabled: false,
          Actions: [{ Sqs: { QueueUrl: { Ref: 'Queue' }, RoleArn: getAtt('Role', 'Arn') } }],
        },
      },
    },
    Schedule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'rate(1 minute)',
        State: 'ENABLED',
        Targets: [{ Id: 'a', Arn: getAtt('Respond', 'Arn') }],
      },
    },
    Respond: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'cordon-dev-respond',
        Timeout: 15,
        Environment: {
          Variables: {
            PREFIX: { 'Fn::Sub': `arn:\${AWS::Partition}:iot:\${AWS::Region}:\${AWS::AccountId}` },
            HIDDEN: { Ref: 'Secret' },
          },
        },
      },
    },
    Alarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { AlarmName: 'cordon-dev-sweep', Threshold: 1, AlarmActions: [{ Ref: 'Topic' }] },
    },
  },
};

const template: DeployedTemplate = {
  stackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/cordon-dev/1',
  body,
  parameters: { KmsKeyArn: '', Secret: '****', Stored: '/name' },
  physicalIds: new Map([
    ['Queue', queueUrl],
    ['Topic', topicArn],
    ['Role', 'cordon-dev-Role-1'],
    ['QueuePolicy', 'p1'],
    ['TopicPolicy', 'p2'],
    ['Subscription', `${topicArn}:1`],
    ['Rule', 'cordon_dev_reports'],
    ['Schedule', 'cordon-dev-Schedule-1'],
    ['Respond', 'cordon-dev-respond'],
    ['Alarm', 'cordon-dev-sweep'],
  ]),
};

/** Everything as it was deployed, in the words of the services. */
const healthy: PresentResources = {
  readRole: async () => ({
    trust: { Version: '2012-10-17', Statement: [{ ...trust.Statement[0], Action: 'sts:AssumeRole' }] },
    policies: new Map([
      [
        'send',
        {
          Statement: [
            {
              Effect: 'Allow',
              Action: 'sns:Publish',
              Resource: topicArn,
              Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
            },
            { Sid: 'named', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn },
          ],
        },
      ],
    ]),
  }),
  readQueuePolicy: async () => ({
    Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn }],
  }),
  readTopicPolicy: async () => ({
    Statement: [{ Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn }],
  }),
  readSubscription: async () => ({ RawMessageDelivery: 'true', FilterPolicy: '' }),
  readTopicRule: async () => ({
    Sql: 'SELECT * FROM a',
    RuleDisabled: true,
    Actions: [{ Sqs: { QueueUrl: queueUrl, RoleArn: 'arn:aws:iam::111122223333:role/cordon-dev-Role-1' } }],
  }),
  readSchedule: async () => ({
    state: 'ENABLED',
    expression: 'rate(1 minute)',
    targets: [functionArn],
  }),
  readFunctionSettings: async () => ({
    Timeout: 15,
    Environment: { Variables: { PREFIX: 'arn:aws:iot:eu-west-1:111122223333', HIDDEN: 'secret' } },
  }),
  readAlarm: async () => ({ Threshold: 1, ActionsEnabled: true, AlarmActions: [topicArn] }),
};

const role = await healthy.readRole('');
const inlinePolicy = role?.policies.get('send') as { Statement: object[] };
const alarm = await healthy.readAlarm('');
const schedule = await healthy.readSchedule('');

const look = (changes: Partial<PresentResources>) =>
  checkAsDeployed(async () => template, { ...healthy, ...changes }).run();

describe('the check of what was changed by hand', () => {
  it('finds nothing where all is as deployed, whatever the order and the form of lists', async () => {
    expect(await look({})).toEqual([
      { level: 'ok', about: 'as deployed', what: '8 resources are as they were deployed' },
    ]);
  });

  it.each<[string, Partial<PresentResources>, string]>([
    [
      'a statement taken from a role',
      {
        readRole: async () => ({
          trust,
          policies: new Map([['send', { Statement: inlinePolicy.Statement.slice(0, 1) }]]),
        }),
      },
      `role cordon-dev-Role-1: policy send: it lacks: Allow sqs:SendMessage on ${queueArn}`,
    ],
    [
      'a condition added to a role',
      {
        readRole: async () => ({
          trust,
          policies: new Map([
            [
              'send',
              {
                Statement: [
                  inlinePolicy.Statement[0],
                  {
                    ...inlinePolicy.Statement[1],
                    Condition: { Bool: { 'aws:MultiFactorAuthPresent': true } },
                  },
                ],
              },
            ],
          ]),
        }),
      },
      'role cordon-dev-Role-1: policy send: it lacks: Allow sqs:SendMessage',
    ],
    [
      'a policy deleted from a role',
      { readRole: async () => ({ trust, policies: new Map() }) },
      'role cordon-dev-Role-1: its policy send is missing',
    ],
    [
      'a policy added to a role',
      {
        readRole: async () => ({
          trust,
          policies: new Map<string, unknown>([...(role?.policies ?? []), ['more', {}]]),
        }),
      },
      'role cordon-dev-Role-1: it has another policy, more',
    ],
    [
      'a role that the function may not assume any more',
      { readRole: async () => ({ trust: { Statement: [] }, policies: role?.policies ?? new Map() }) },
      'role cordon-dev-Role-1: who may assume it: it lacks: Allow sts:AssumeRole for lambda.amazonaws.com',
    ],
    ['a deleted role', { readRole: async () => undefined }, 'role cordon-dev-Role-1: it is missing'],
    [
      'a queue whose policy is gone',
      { readQueuePolicy: async () => ({}) },
      'queue policy p1: cordon-dev-alerts: it lacks: Allow sqs:SendMessage',
    ],
    [
      'a topic on which anybody may publish',
      {
        readTopicPolicy: async () => ({
          Statement: [
            { Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn },
            { Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: '*' },
          ],
        }),
      },
      'topic policy p2: it has in addition: Allow sns:Publish on * for *',
    ],
    [
      'a filter on a subscription',
      {
        readSubscription: async () => ({ RawMessageDelivery: 'true', FilterPolicy: '{"status":["never"]}' }),
      },
      'subscription Subscription: FilterPolicy is {"status":["never"]}',
    ],
    [
      'a subscription that wraps messages',
      { readSubscription: async () => ({ RawMessageDelivery: 'false' }) },
      'subscription Subscription: RawMessageDelivery was true and is false',
    ],
    [
      'another SQL in an IoT rule',
      { readTopicRule: async () => ({ ...(await healthy.readTopicRule('')), Sql: 'SELECT * FROM b' }) },
      'IoT rule cordon_dev_reports: Sql was SELECT * FROM a and is SELECT * FROM b',
    ],
    [
      'another action in an IoT rule',
      { readTopicRule: async () => ({ ...(await healthy.readTopicRule('')), Actions: [] }) },
      'IoT rule cordon_dev_reports: Actions is not as deployed',
    ],
    [
      'a disabled schedule',
      { readSchedule: async () => schedule && { ...schedule, state: 'DISABLED' } },
      'schedule cordon-dev-Schedule-1: State was ENABLED and is DISABLED',
    ],
    [
      'a schedule that starts nothing',
      { readSchedule: async () => schedule && { ...schedule, targets: [] } },
      'schedule cordon-dev-Schedule-1: Targets is not as deployed',
    ],
    [
      'a schedule that is gone',
      { readSchedule: async () => undefined },
      'schedule cordon-dev-Schedule-1: it is missing',
    ],
    [
      'a variable of a function, without its value',
      {
        readFunctionSettings: async () => ({
          Timeout: 15,
          Environment: { Variables: { PREFIX: 'other', HIDDEN: 'secret' } },
        }),
      },
      'function cordon-dev-respond: Environment.Variables.PREFIX is not as deployed',
    ],
    [
      'a shorter timeout of a function',
      { readFunctionSettings: async () => ({ Timeout: 3 }) },
      'function cordon-dev-respond: Timeout was 15 and is 3',
    ],
    [
      'an alarm whose actions are off',
      { readAlarm: async () => ({ ...alarm, ActionsEnabled: false }) },
      'alarm cordon-dev-sweep: ActionsEnabled was true and is false',
    ],
    [
      'an alarm that tells somebody else',
      { readAlarm: async () => ({ ...alarm, AlarmActions: ['other'] }) },
      'alarm cordon-dev-sweep: AlarmActions is not as deployed',
    ],
    ['a deleted alarm', { readAlarm: async () => undefined }, 'alarm cordon-dev-sweep: it is missing'],
  ])('finds %s', async (_, changes, what) => {
    const found = await look(changes);

    expect(found.map(({ level }) => level)).toEqual(['problem']);
    expect(found[0]?.what).toContain(what);
    expect(found[0]?.mend).toBe('docs/changed-by-hand.md');
  });

  it('leaves a queue, a rule, a subscription and a function that are gone to the checks of their own', async () => {
    const none = async () => undefined;
    const found = await look({
      readQueuePolicy: none,
      readTopicRule: none,
      readSubscription: none,
      readFunctionSettings: none,
    });
    expect(found.map(({ level }) => level)).toEqual(['ok']);
  });

  it('says once for each type what it can not read, and goes on with the others', async () => {
    const found = await look({
      readRole: async () => Promise.reject(awsError('UnknownOperationException')),
      readAlarm: async () => undefined,
    });
    expect(found.map(({ level, what }) => `${level} ${what}`)).toEqual([
      'problem alarm cordon-dev-sweep: it is missing',
      expect.stringMatching(/^unknown role: it could not be read: this service is not there/),
    ]);
  });

  it('says nothing where there is no stack', async () => {
    expect(await checkAsDeployed(async () => undefined, healthy).run()).toEqual([]);
  });
});

describe('a template', () => {
  const resolveOne = (value: unknown) =>
    resolveResources({
      ...template,
      body: { ...body, Resources: { ...body.Resources, Left: { Type: 'x', Properties: { value } } } },
      physicalIds: new Map([...template.physicalIds, ['Left', 'left']]),
    }).find(({ logicalId }) => logicalId === 'Left')?.properties.value;

  it.each([
    [{ Ref: 'Queue' }, queueUrl],
    [getAtt('Queue', 'QueueName'), 'cordon-dev-alerts'],
    [getAtt('Role', 'Arn'), unknown],
    [{ Ref: 'Secret' }, unknown],
    [{ Ref: 'Stored' }, unknown],
    [{ Ref: 'Nowhere' }, unknown],
    [{ 'Fn::Join': [':', ['a', { Ref: 'AWS::Region' }]] }, 'a:eu-west-1'],
    [{ 'Fn::Join': [':', ['a', { Ref: 'Secret' }]] }, unknown],
    [{ 'Fn::Sub': `\${Queue.Arn}/\${!literal}/\${AWS::StackName}` }, `${queueArn}/\${literal}/cordon-dev`],
    [{ 'Fn::Sub': `\${Secret}` }, unknown],
    [{ 'Fn::If': ['HasKmsKey', 'yes', 'no'] }, 'no'],
    [{ 'Fn::If': ['HasSecret', 'yes', 'no'] }, unknown],
    [{ 'Fn::Select': [0, ['a']] }, unknown],
  ])('resolves %j', (value, expected) => {
    expect(resolveOne(value)).toEqual(expected);
  });
});

describe('a comparison', () => {
  it('takes what the template does not tell as equal, and tells what it does', () => {
    expect(matches([unknown, 'b'], ['b', 'x'])).toBe(true);
    expect(matches(['a', 'a'], ['a', 'b'])).toBe(false);
    expect(matches({ a: 1 }, undefined)).toBe(false);
    expect(comparePolicies(undefined, { Statement: 'none' })).toEqual([]);
  });
});
