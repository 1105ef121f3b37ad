import type { PresentBucket, PresentResources, PresentTable } from '../../../cli/doctor/as-deployed/present';
import type { DeployedTemplate, TemplateBody } from '../../../cli/doctor/as-deployed/template';

/** A stack of a few resources of each kind that the doctor compares with its template, as it was deployed. */

export const getAtt = (id: string, attribute: string) => ({ 'Fn::GetAtt': [id, attribute] });

export const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/cordon-dev-alerts';
export const queueArn = 'arn:aws:sqs:eu-west-1:111122223333:cordon-dev-alerts';
export const topicArn = 'arn:aws:sns:eu-west-1:111122223333:cordon-dev-alerts';
export const functionArn = 'arn:aws:lambda:eu-west-1:111122223333:function:cordon-dev-respond';

export const trust = {
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole'] },
  ],
};

const iotPrefix = `arn:\${AWS::Partition}:iot:\${AWS::Region}:\${AWS::AccountId}`;
const criteria = (Value: object, more: object = {}) => ({
  ...{ ComparisonOperator: 'less-than-equals', Value, ...more },
  ...{ ConsecutiveDatapointsToAlarm: 1, ConsecutiveDatapointsToClear: 1 },
});

export const body: TemplateBody = {
  Parameters: {
    KmsKeyArn: {},
    Secret: {},
    Stored: { Type: 'AWS::SSM::Parameter::Value<String>' },
    Audience: { Type: 'CommaDelimitedList' },
  },
  Conditions: {
    HasKmsKey: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'KmsKeyArn' }, ''] }] },
    HasSecret: { 'Fn::Equals': [{ Ref: 'Secret' }, 'x'] },
  },
  Resources: {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        VisibilityTimeout: 60,
        SqsManagedSseEnabled: true,
        KmsMasterKeyId: { 'Fn::If': ['HasKmsKey', { Ref: 'KmsKeyArn' }, { Ref: 'AWS::NoValue' }] },
        RedrivePolicy: { deadLetterTargetArn: getAtt('Dead', 'Arn'), maxReceiveCount: 30 },
      },
    },
    Dead: { Type: 'AWS::SQS::Queue' },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        GlobalSecondaryIndexes: [{ IndexName: 'byStatus' }, { IndexName: 'byDue' }],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    },
    Source: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: getAtt('Respond', 'Arn'),
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 20 },
      },
    },
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: getAtt('Respond', 'Arn'),
        Principal: 'events.amazonaws.com',
        SourceArn: getAtt('Schedule', 'Arn'),
      },
    },
    Topic: { Type: 'AWS::SNS::Topic' },
    AlarmsTopic: { Type: 'AWS::SNS::Topic' },
    Logs: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        RetentionInDays: 30,
        KmsKeyId: { 'Fn::If': ['HasKmsKey', { Ref: 'KmsKeyArn' }, { Ref: 'AWS::NoValue' }] },
      },
    },
    Api: {
      Type: 'AWS::ApiGatewayV2::Api',
      Properties: {
        Name: 'cordon-dev',
        CorsConfiguration: { AllowOrigins: ['https://console'], AllowMethods: ['GET', 'POST'] },
      },
    },
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: {
        ApiId: { Ref: 'Api' },
        StageName: '$default',
        AutoDeploy: true,
        DefaultRouteSettings: { ThrottlingRateLimit: 20 },
        AccessLogSettings: { DestinationArn: getAtt('Logs', 'Arn'), Format: 'json' },
      },
    },
    Authorizer: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId: { Ref: 'Api' },
        Name: 'oidc',
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: 'https://issuer', Audience: { Ref: 'Audience' } },
      },
    },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: getAtt('Respond', 'Arn'),
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: 'GET /cases',
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
        AuthorizationType: 'JWT',
        AuthorizerId: { Ref: 'Authorizer' },
      },
    },
    Metric: {
      Type: 'AWS::IoT::CustomMetric',
      Properties: { MetricName: 'children', MetricType: 'number', DisplayName: "myapp's children" },
    },
    Profile: {
      Type: 'AWS::IoT::SecurityProfile',
      Properties: {
        SecurityProfileName: 'myapp',
        Behaviors: [
          { Name: 'few', Metric: 'children', SuppressAlerts: false, Criteria: criteria({ Number: 0 }) },
          {
            ...{ Name: 'quiet', Metric: 'aws:num-disconnects', SuppressAlerts: false },
            Criteria: criteria({ Count: '5' }, { DurationSeconds: 300 }),
          },
        ],
        AlertTargets: { SNS: { AlertTargetArn: { Ref: 'Topic' }, RoleArn: getAtt('Role', 'Arn') } },
        AdditionalMetricsToRetainV2: [{ Metric: 'children' }],
        TargetArns: [{ 'Fn::Sub': `${iotPrefix}:all/registered-things` }],
      },
    },
    Action: {
      Type: 'AWS::IoT::MitigationAction',
      Properties: {
        ActionName: 'cordon-dev-quarantine',
        RoleArn: getAtt('Role', 'Arn'),
        ActionParams: {
          AddThingsToThingGroupParams: { ThingGroupNames: ['quarantine'], OverrideDynamicGroups: true },
        },
      },
    },
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
      Properties: {
        TopicArn: { Ref: 'Topic' },
        RawMessageDelivery: true,
        RedrivePolicy: { deadLetterTargetArn: getAtt('Dead', 'Arn') },
      },
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
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      },
    },
    BucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: { Ref: 'Bucket' },
        PolicyDocument: {
          Statement: [
            {
              ...{ Effect: 'Deny', Principal: '*', Action: 's3:*' },
              Resource: [{ 'Fn::Join': ['', ['arn:aws:s3:::', { Ref: 'Bucket' }, '/*']] }],
              Condition: { Bool: { 'aws:SecureTransport': false } },
            },
          ],
        },
      },
    },
    Respond: {
      Type: 'AWS::Lambda::Function',
      Metadata: { CodeSha256: 'deployed=' },
      Properties: {
        Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: 'cordon/dev/1/respond.zip' },
        FunctionName: 'cordon-dev-respond',
        Role: getAtt('Role', 'Arn'),
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

export const template: DeployedTemplate = {
  stackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/cordon-dev/1',
  body,
  parameters: { KmsKeyArn: '', Secret: '****', Stored: '/name', Audience: 'console, cli' },
  physicalIds: new Map([
    ['Queue', queueUrl],
    ['Dead', `${queueUrl}-dead`],
    ['Table', 'cordon-dev'],
    ['Source', 'mapping-1'],
    ['Permission', 'cordon-dev-Permission-1'],
    ['Topic', topicArn],
    ['AlarmsTopic', `${topicArn}-alarms`],
    ['Logs', '/aws/lambda/cordon-dev-respond'],
    ['Api', 'abc123'],
    ['Stage', '$default'],
    // CloudFormation may write these ids in this form.
    ['Authorizer', 'auth1|abc123'],
    ['Integration', 'int1'],
    ['Route', 'abc123|route1'],
    ['Bucket', 'cordon-dev-packages'],
    ['BucketPolicy', 'cordon-dev-packages'],
    ['Metric', 'children'],
    ['Profile', 'myapp'],
    ['Action', 'cordon-dev-quarantine'],
    ['Role', 'cordon-dev-Role-1'],
    ['QueuePolicy', 'p1'],
    ['TopicPolicy', 'p2'],
    ['Subscription', `${topicArn}:1`],
    ['Rule', 'cordon_dev_reports'],
    ['ReportsRule', 'cordon_dev_reports'],
    ['PresenceRule', 'cordon_dev_presence_0edaff11_a34ff6d0370c'],
    ['Schedule', 'cordon-dev-Schedule-1'],
    ['Respond', 'cordon-dev-respond'],
    ['Alarm', 'cordon-dev-sweep'],
  ]),
};

export const wholeTable: PresentTable = {
  indexes: ['byDue', 'byStatus'],
  expires: 'expiresAt',
  hasRecovery: true,
  isOnDemand: true,
};
export const source = {
  BatchSize: 1,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  ScalingConfig: { MaximumConcurrency: 20 },
};
export const invocation = {
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'lambda:InvokeFunction',
  Condition: {
    ArnLike: { 'AWS:SourceArn': 'arn:aws:events:eu-west-1:111122223333:rule/cordon-dev-Schedule-1' },
  },
};

/** The policy of a topic that was given none. */
export const ofSns = {
  Sid: '__default_statement_ID',
  Effect: 'Allow',
  Principal: { AWS: '*' },
  Action: ['SNS:Publish'],
  Condition: { StringEquals: { 'AWS:SourceOwner': '111122223333' } },
};
export const route = {
  ...{ RouteId: 'route1', RouteKey: 'GET /cases', Target: 'integrations/int1' },
  ...{ AuthorizationType: 'JWT', AuthorizerId: 'auth1' },
};
export const httpApi = {
  api: {
    DisableExecuteApiEndpoint: false,
    CorsConfiguration: { AllowOrigins: ['https://console'], AllowMethods: ['POST', 'GET'] },
  },
  routes: [route],
  authorizers: [
    {
      ...{ AuthorizerId: 'auth1', Name: 'oidc', AuthorizerType: 'JWT' },
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: 'https://issuer', Audience: ['cli', 'console'] },
    },
  ],
  integrations: [{ IntegrationId: 'int1', IntegrationType: 'AWS_PROXY', IntegrationUri: functionArn }],
  stages: [
    {
      ...{ StageName: '$default', AutoDeploy: true, DefaultRouteSettings: { ThrottlingRateLimit: 20 } },
      AccessLogSettings: { DestinationArn: 'arn:any', Format: 'json' },
    },
  ],
};
type HttpApi = typeof httpApi;
export const changeApi = (changes: Partial<{ [part in keyof HttpApi]: object }>) => ({
  readHttpApi: async () => ({ ...httpApi, ...changes }) as HttpApi,
});

const roleArn = 'arn:aws:iam::111122223333:role/cordon-dev-Role-1';
export const everyThing = 'arn:aws:iot:eu-west-1:111122223333:all/registered-things';
export const profile = {
  behaviors: [
    {
      ...{ Name: 'quiet', Metric: 'aws:num-disconnects', SuppressAlerts: false },
      Criteria: criteria({ Count: 5 }, { DurationSeconds: 300 }),
    },
    { Name: 'few', Metric: 'children', SuppressAlerts: false, Criteria: criteria({ Number: 0 }) },
  ],
  alertTargets: { SNS: { AlertTargetArn: topicArn, RoleArn: roleArn } },
  retained: [{ Metric: 'children' }],
  targets: [everyThing],
};
export const mitigationAction = {
  RoleArn: roleArn,
  ActionParams: {
    AddThingsToThingGroupParams: { ThingGroupNames: ['quarantine'], OverrideDynamicGroups: true },
  },
};

export const subscription: Readonly<Record<string, string>> = {
  ...{ RawMessageDelivery: 'true', FilterPolicy: '', FilterPolicyScope: 'MessageAttributes' },
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${queueArn}-dead` }),
};

/** The bucket as S3 returns it. */
export const bucket: PresentBucket = {
  encryption: 'AES256',
  publicAccessBlock: {
    ...{ BlockPublicAcls: true, IgnorePublicAcls: true },
    ...{ BlockPublicPolicy: true, RestrictPublicBuckets: true },
  },
  policy: {
    Statement: [
      {
        ...{ Effect: 'Deny', Principal: '*', Action: 's3:*' },
        Resource: 'arn:aws:s3:::cordon-dev-packages/*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  },
};

/** Everything as it was deployed, in the words of the services. */
export const healthy: PresentResources = {
  readRole: async () => ({
    trust: { Version: '2012-10-17', Statement: [{ ...trust.Statement[0], Action: 'sts:AssumeRole' }] },
    attached: [],
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
  readTopic: async (arn) => ({
    policy: {
      Statement: [arn === topicArn ? { Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn } : ofSns],
    },
  }),
  readSubscription: async () => subscription,
  readTopicRule: async () => ({
    Sql: 'SELECT * FROM a',
    RuleDisabled: true,
    Actions: [{ Sqs: { QueueUrl: queueUrl, RoleArn: 'arn:aws:iam::111122223333:role/cordon-dev-Role-1' } }],
  }),
  readEventRule: async () => ({
    state: 'ENABLED',
    expression: 'rate(1 minute)',
    targets: [functionArn],
  }),
  readFunctionSettings: async () => ({
    Timeout: 15,
    Environment: { Variables: { PREFIX: 'arn:aws:iot:eu-west-1:111122223333', HIDDEN: 'secret' } },
    CodeSha256: 'deployed=',
    LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/cordon-dev-respond' },
  }),
  readHttpApi: async () => httpApi,
  readLogGroup: async () => ({ retention: 30 }),
  readBucket: async () => bucket,
  readCustomMetric: async () => ({ MetricType: 'number', DisplayName: "myapp's children" }),
  readSecurityProfile: async () => profile,
  readMitigationAction: async () => mitigationAction,
  readQueueSettings: async (url) => ({
    VisibilityTimeout: /-dead$/.test(url) ? '30' : '60',
    MessageRetentionPeriod: '345600',
    DelaySeconds: '0',
    MaximumMessageSize: '1048576',
    SqsManagedSseEnabled: 'true',
    ...(!/-dead$/.test(url) && {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${queueArn}-dead`, maxReceiveCount: 30 }),
    }),
  }),
  readTable: async () => wholeTable,
  readEventSource: async () => source,
  readFunctionPolicy: async () => ({ Statement: [invocation] }),
  readAlarm: async () => ({ Threshold: 1, ActionsEnabled: true, AlarmActions: [topicArn] }),
};
