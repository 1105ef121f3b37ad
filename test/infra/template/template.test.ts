import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeIot } from '../../../infra/template/iot';
import { writeResources } from '../../../infra/template/write-resources';
import manifest from '../../../package.json' with { type: 'json' };
import { configurationFile, loadConfiguration } from '../../../shared/config/load';
import { ofType, propertiesOf, type Resource, root, template } from './template';

const accountCondition = { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } };
const iotArn = (rest: string) => ({
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':iot:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':',
      rest,
    ],
  ],
});

describe('the description of the stack', () => {
  it('names the version of Cordon, as an output does', () => {
    expect(template.Description).toBe(`Cordon ${manifest.version}: automatic response to alerts of AWS IoT`);
    expect(template.Outputs.Version?.Value).toBe(manifest.version);
  });
});

describe('messages', () => {
  it('come to the alerts topic from the IoT service of this account and region only', () => {
    expect(propertiesOf('AlertsTopicPolicy')).toEqual({
      Topics: [{ Ref: 'AlertsTopic' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'iot.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: { Ref: 'AlertsTopic' },
            Condition: { StringEquals: accountCondition, ArnLike: { 'aws:SourceArn': iotArn('*') } },
          },
        ],
      },
    });
  });

  it.each(ofType('AWS::IoT::TopicRule'))(
    'of the rule %s go to its dead letters if its queue fails',
    (_id, rule) => {
      const { Actions, ErrorAction } = rule.Properties.TopicRulePayload as {
        Actions: { Sqs: { QueueUrl: { Ref: string } } }[];
        ErrorAction: unknown;
      };
      const dead = Actions.map(({ Sqs }) => ({
        Sqs: {
          ...Sqs,
          QueueUrl: { Ref: Sqs.QueueUrl.Ref.replace(/Queue$/, 'DeadQueue') },
          // The envelope of an error action is JSON that people read, and its payload is base64 already.
          UseBase64: false,
        },
      }));

      expect([ErrorAction]).toEqual(dead);
    },
  );
});

describe('the table', () => {
  it('has point-in-time recovery and expiry, and stays when the stack is deleted', () => {
    expect(template.Resources.Table).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    });
  });
});

it('leaves nothing of a failed deploy, whose names would block the next one', () => {
  const policies = Object.values(template.Resources).map(({ DeletionPolicy }) => DeletionPolicy);

  expect(policies).not.toContain('Retain');
  expect(policies).toContain('RetainExceptOnCreate');
});

describe('the rule of connects', () => {
  it('has parts of the stack’s id in its name, as a device may publish to a rule whose name it knows', () => {
    const { RuleName } = propertiesOf('PresenceRule');

    expect(RuleName).toMatchObject({ 'Fn::Join': ['_', ['cordon_dev_presence', {}, {}]] });
    expect(JSON.stringify(RuleName)).toContain('AWS::StackId');
  });

  it('is updated after the function that reads what it sends', () => {
    expect(template.Resources.PresenceRule?.DependsOn).toEqual(['IntakeLambdaFunction']);
  });
});

describe('the quarantine', () => {
  it('is a group with the deny policy, which stays if its name changes while things are in it', () => {
    expect(propertiesOf('QuarantineAttachment')).toMatchObject({
      ServiceToken: { 'Fn::GetAtt': ['ProvisionLambdaFunction', 'Arn'] },
      PolicyName: 'cordon-dev-quarantine',
      ThingGroupArn: iotArn('thinggroup/cordon-quarantine'),
    });
    expect(template.Resources.QuarantineGroup).toMatchObject({ UpdateReplacePolicy: 'Retain' });
  });

  it('loses its policy only after the deletion of everything that could attach it again', () => {
    for (const [, { DependsOn }] of [
      ...ofType('AWS::Lambda::EventSourceMapping'),
      ...ofType('AWS::Events::Rule'),
    ])
      expect(DependsOn).toContain('QuarantineAttachment');
    expect(template.Resources.QuarantineAttachment?.DependsOn).toContain('QuarantineRemoval');
    expect(template.Resources.QuarantineRemoval?.DependsOn).toContain('QuarantinePolicy');
  });

  it('has a guard that is deleted before all else', () => {
    const { DependsOn = [], Properties } = template.Resources.DeletionGuard as Resource;
    const referred = JSON.stringify(Properties);
    const others = Object.entries(template.Resources).filter(([id]) => id !== 'DeletionGuard');
    const later = others.filter(
      ([id, { Condition }]) => !DependsOn.includes(id) && !referred.includes(`"${id}"`) && !Condition,
    );

    expect(later.map(([id]) => id)).toEqual([]);
    expect(others.filter(([, resource]) => JSON.stringify(resource).includes('"DeletionGuard"'))).toEqual([]);
  });
});

describe('Device Defender', () => {
  const made = (detector: 'cordon' | 'device-defender') =>
    Object.values(writeIot('cordon-dev', { ...loadConfiguration(configurationFile()), detector }))
      .map(({ Type }) => Type)
      .filter((type) => /SecurityProfile|CustomMetric|MitigationAction/.test(type))
      .toSorted();

  it('is set up only if the detector asks for it', () => {
    expect(made('cordon')).toEqual([]);
    expect(made('device-defender')).toEqual([
      'AWS::IoT::CustomMetric',
      'AWS::IoT::MitigationAction',
      'AWS::IoT::SecurityProfile',
    ]);
  });
});

describe('the HTTP API', () => {
  it('authenticates the caller on every route except Slack’s and those of the page, which has no data', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => [
      Properties.RouteKey,
      Properties.AuthorizationType,
    ]);
    const open = routes.filter(([, type]) => type === 'NONE').map(([key]) => key);

    expect(open).toEqual([
      'GET /console',
      'HEAD /console',
      'GET /console/{file+}',
      'HEAD /console/{file+}',
      'POST /slack/interactions',
    ]);
    for (const [key, type] of routes)
      if (!open.includes(key))
        expect([key, type]).toEqual([key, { 'Fn::If': ['HasOidcIssuer', 'JWT', 'AWS_IAM'] }]);
  });
});

describe('the channel that had the names of all', () => {
  it('keeps its queues, function and role through an upgrade, so that no message is lost', () => {
    const notify = Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) =>
      /^(Notify|Slack)/.test(id) ? [[id, Type, Properties.QueueName ?? Properties.FunctionName]] : [],
    );

    // Release 0.2.0 had these resources.
    expect(notify.toSorted()).toEqual([
      ['NotifyDeadAlarm', 'AWS::CloudWatch::Alarm', undefined],
      ['NotifyDeadQueue', 'AWS::SQS::Queue', 'cordon-dev-notify-dead'],
      ['NotifyEventSourceMappingSQSNotifyQueue', 'AWS::Lambda::EventSourceMapping', expect.anything()],
      ['NotifyEventsRuleSchedule1', 'AWS::Events::Rule', undefined],
      ['NotifyLambdaFunction', 'AWS::Lambda::Function', 'cordon-dev-notify'],
      ['NotifyLambdaPermissionEventsRuleSchedule1', 'AWS::Lambda::Permission', expect.anything()],
      ['NotifyLogGroup', 'AWS::Logs::LogGroup', undefined],
      ['NotifyQueue', 'AWS::SQS::Queue', 'cordon-dev-notify'],
      ['NotifyQueuePolicy', 'AWS::SQS::QueuePolicy', undefined],
      ['NotifyRole', 'AWS::IAM::Role', undefined],
      ['NotifySubscription', 'AWS::SNS::Subscription', undefined],
      ['SlackLateAlarm', 'AWS::CloudWatch::Alarm', undefined],
      ['SlackRefusedAlarm', 'AWS::CloudWatch::Alarm', undefined],
    ]);
  });
});

describe('what runs on a schedule', () => {
  it('is the sweep, the detector and the pending states of Slack, each minute', () => {
    const schedules = ofType('AWS::Events::Rule').map(([, { Properties }]) => [
      Properties.ScheduleExpression,
      Properties.State,
      (Properties.Targets as { Arn: unknown }[]).map(({ Arn }) => Arn),
    ]);

    expect(schedules).toEqual(
      ['Detect', 'Sweep', 'Notify'].map((name) => [
        'rate(1 minute)',
        'ENABLED',
        [{ 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] }],
      ]),
    );
  });
});

describe('the log', () => {
  it('that names the abandoned things stays a year after the stack, under a name that blocks no other stack', () => {
    expect(template.Resources.ProvisionLogGroup).toEqual({
      Type: 'AWS::Logs::LogGroup',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Delete',
      Properties: expect.objectContaining({ RetentionInDays: 365 }),
    });
    expect(propertiesOf('ProvisionLogGroup')).not.toHaveProperty('LogGroupName');
    expect(propertiesOf('ProvisionLambdaFunction').LoggingConfig).toEqual({
      LogGroup: { Ref: 'ProvisionLogGroup' },
    });
  });

  it('of every other function and of the API is kept for 30 days', () => {
    const groups = ofType('AWS::Logs::LogGroup').flatMap(([id, { Properties }]) =>
      id === 'ProvisionLogGroup' ? [] : [Properties],
    );
    const names = ofType('AWS::Lambda::Function').flatMap(([id, { Properties }]) =>
      id === 'ProvisionLambdaFunction' ? [] : [`/aws/lambda/${Properties.FunctionName}`],
    );

    expect(groups.map(({ LogGroupName }) => LogGroupName).toSorted()).toEqual(
      [...names, '/aws/vendedlogs/cordon-dev-api'].toSorted(),
    );
    expect(groups.filter(({ RetentionInDays }) => RetentionInDays !== 30)).toEqual([]);
  });
});

describe('the stack', () => {
  it('tags all that it makes', () => {
    const state = JSON.parse(readFileSync(join(root, '.serverless', 'serverless-state.json'), 'utf8'));

    expect(state.service.provider.stackTags).toEqual({ service: 'cordon', stage: 'dev' });
    const tagged = Object.values(template.Resources).flatMap(({ Type, Properties = {} }) =>
      'Tags' in Properties ? [[Type, Properties.Tags]] : [],
    );
    const asMap = (type: unknown) => /ApiGatewayV2/.test(String(type));
    for (const [type, tags] of tagged)
      expect([type, tags]).toEqual([
        type,
        asMap(type)
          ? { service: 'cordon', stage: 'dev' }
          : [
              { Key: 'service', Value: 'cordon' },
              { Key: 'stage', Value: 'dev' },
            ],
      ]);
    const types = new Set(tagged.map(([type]) => type));
    const untagged = new Set(
      Object.values(template.Resources).flatMap(({ Type }) => (types.has(Type) ? [] : [Type])),
    );
    // Only these carry no tags, or get those of the stack.
    expect([...untagged].toSorted()).toEqual([
      'AWS::ApiGatewayV2::Authorizer',
      'AWS::ApiGatewayV2::Integration',
      'AWS::ApiGatewayV2::Route',
      'AWS::CloudWatch::Dashboard',
      'AWS::Lambda::Permission',
      'AWS::S3::BucketPolicy',
      'AWS::SNS::Subscription',
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::QueuePolicy',
      'Custom::DeletionGuard',
      'Custom::QuarantineAttachment',
      'Custom::QuarantineRemoval',
    ]);
  });

  it('gives every role the path and the boundary, and every log group the key, that its parameters name', () => {
    const none = { Ref: 'AWS::NoValue' };
    expect(template.Conditions.HasPermissionsBoundary).toEqual({
      'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'PermissionsBoundary' }, ''] }],
    });
    expect(template.Conditions.HasLogKmsKey).toEqual({
      'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'LogKmsKeyArn' }, ''] }],
    });
    for (const [, { Properties }] of ofType('AWS::IAM::Role'))
      expect(Properties).toMatchObject({
        Path: { Ref: 'RolePath' },
        PermissionsBoundary: { 'Fn::If': ['HasPermissionsBoundary', { Ref: 'PermissionsBoundary' }, none] },
      });
    for (const [, { Properties }] of ofType('AWS::Logs::LogGroup'))
      expect(Properties.KmsKeyId).toEqual({ 'Fn::If': ['HasLogKmsKey', { Ref: 'LogKmsKeyArn' }, none] });
  });

  it('has the outputs that the next steps need', () => {
    expect(Object.keys(template.Outputs).toSorted()).toEqual([
      'AlertsTopicArn',
      'AnnouncementsTopicArn',
      'ApiUrl',
      'CommandsQueueUrl',
      'ConsoleUrl',
      'PagerdutyKeyLocation',
      'QuarantineGroup',
      'RejectedQueueUrl',
      'ServerlessDeploymentBucketName',
      'SlackSigningLocation',
      'SlackTokenLocation',
      'TableName',
      'TeamsWorkflowLocation',
      'Version',
      'WebhookLocation',
    ]);
  });

  it('takes these parameters, of which a plain deploy needs none', () => {
    const defaults = Object.entries(template.Parameters).map(([name, { Default }]) => [name, Default]);

    expect(Object.fromEntries(defaults)).toEqual({
      KmsKeyArn: '',
      PermissionsBoundary: '',
      RolePath: '/',
      LogKmsKeyArn: '',
      SlackTokenParameter: '/cordon-dev/slack',
      SlackTokenSecret: '',
      SlackSigningParameter: '/cordon-dev/slack-signing-secret',
      SlackSigningSecret: '',
      TeamsWorkflowParameter: '/cordon-dev/teams',
      TeamsWorkflowSecret: '',
      PagerdutyKeyParameter: '/cordon-dev/pagerduty',
      PagerdutyKeySecret: '',
      WebhookParameter: '/cordon-dev/webhook',
      WebhookSecret: '',
      SlackApiUrl: 'https://slack.com/api/',
      OidcIssuer: '',
      OidcAudience: '',
      OidcGroupClaim: 'groups',
      OidcOperatorGroup: 'cordon-operators',
      OidcViewerGroup: '',
      ConsoleOrigin: '',
      ConsoleUrl: '',
      ConsoleClientId: '',
      ConsoleScopes: 'openid email',
      PolicyCacheSeconds: 480,
    });
  });

  it('is given each of them by --param, but for those that only tests change', () => {
    const state = JSON.parse(readFileSync(join(root, '.serverless', 'serverless-state.json'), 'utf8'));
    const given: { ParameterKey: string; ParameterValue: string }[] = state.service.provider.stackParameters;

    expect(given.map(({ ParameterKey }) => ParameterKey).toSorted()).toEqual(
      Object.keys(template.Parameters)
        .filter((name) => !/ApiUrl$|^PolicyCacheSeconds$/.test(name))
        .toSorted(),
    );
    expect(given.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue])).toEqual(
      given.map(({ ParameterKey }) => [ParameterKey, template.Parameters[ParameterKey]?.Default]),
    );
  });

  it('names no region, partition or account', () => {
    const text = JSON.stringify({ ...template, Parameters: {} });

    expect(text.match(/arn:aws[^"]*|\b[a-z]{2}-[a-z]+-\d\b|\b\d{12}\b|amazonaws\.com(?!")[^"]*/g)).toBeNull();
  });

  it('is named after its stage, so that several stand side by side', () => {
    const text = JSON.stringify(writeResources('prod', {}));

    expect(text).toContain('"cordon-prod"');
    expect(text).not.toContain('cordon-dev');
  });

  it('has only resources that are billed by use or free', () => {
    expect([...new Set(Object.values(template.Resources).map(({ Type }) => Type))].toSorted()).toEqual([
      'AWS::ApiGatewayV2::Api',
      'AWS::ApiGatewayV2::Authorizer',
      'AWS::ApiGatewayV2::Integration',
      'AWS::ApiGatewayV2::Route',
      'AWS::ApiGatewayV2::Stage',
      'AWS::CloudWatch::Alarm',
      'AWS::CloudWatch::Dashboard',
      'AWS::DynamoDB::Table',
      'AWS::Events::Rule',
      'AWS::IAM::Role',
      'AWS::IoT::Policy',
      'AWS::IoT::ThingGroup',
      'AWS::IoT::TopicRule',
      'AWS::Lambda::EventSourceMapping',
      'AWS::Lambda::Function',
      'AWS::Lambda::Permission',
      'AWS::Logs::LogGroup',
      'AWS::S3::Bucket',
      'AWS::S3::BucketPolicy',
      'AWS::SNS::Subscription',
      'AWS::SNS::Topic',
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
      'Custom::DeletionGuard',
      'Custom::QuarantineAttachment',
      'Custom::QuarantineRemoval',
    ]);
    expect(JSON.stringify(template)).not.toContain('ProvisionedConcurrency');
  });
});

describe('a key of the customer', () => {
  const key = { Ref: 'KmsKeyArn' };
  const whereGiven = (value: unknown, otherwise: unknown = { Ref: 'AWS::NoValue' }) => ({
    'Fn::If': ['HasKmsKey', value, otherwise],
  });

  it('is off by default, and then encrypts the table, every queue and every topic', () => {
    expect(template.Conditions.HasKmsKey).toEqual({ 'Fn::Not': [{ 'Fn::Equals': [key, ''] }] });
    expect(propertiesOf('Table').SSESpecification).toEqual(
      whereGiven({ SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key }),
    );
    for (const [, { Properties }] of ofType('AWS::SQS::Queue'))
      expect(Properties).toMatchObject({
        KmsMasterKeyId: whereGiven(key),
        SqsManagedSseEnabled: whereGiven({ Ref: 'AWS::NoValue' }, true),
      });
    for (const [, { Properties }] of ofType('AWS::SNS::Topic'))
      expect(Properties.KmsMasterKeyId).toEqual(whereGiven(key));
  });

  it('may be used by every role that sends or receives', () => {
    const allowed = whereGiven({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: key,
    });
    const roles = ofType('AWS::IAM::Role').filter(([, role]) => /"(sqs|sns):/.test(JSON.stringify(role)));

    expect(roles.map(([id]) => id)).toHaveLength(7);
    for (const [, { Properties }] of roles) {
      const [policy] = Properties.Policies as { PolicyDocument: { Statement: unknown[] } }[];
      expect(policy?.PolicyDocument.Statement).toContainEqual(allowed);
    }
  });
});
