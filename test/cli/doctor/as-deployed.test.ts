import { comparePolicies, matches } from '../../../cli/doctor/as-deployed/compare';
import type { PresentResources } from '../../../cli/doctor/as-deployed/present';
import { resolveResources, unknown } from '../../../cli/doctor/as-deployed/template';
import { checkAsDeployed } from '../../../cli/doctor/checks/as-deployed';
import { awsError } from '../../aws-error';
import {
  body,
  bucket,
  changeApi,
  everyThing,
  functionArn,
  getAtt,
  healthy,
  httpApi,
  invocation,
  mitigationAction,
  ofSns,
  profile,
  queueArn,
  queueUrl,
  route,
  source,
  subscription,
  topicArn,
  trust,
  template as whole,
  wholeTable,
} from './deployed-stack';

/** With one queue, as far as these tests change the queues. */
const template = {
  ...whole,
  physicalIds: new Map([...whole.physicalIds].filter(([id]) => id !== 'Dead')),
};

const role = await healthy.readRole('');
const inlinePolicy = role?.policies.get('send') as { Statement: object[] };
const alarm = await healthy.readAlarm('');
const schedule = await healthy.readEventRule('');

const look = (changes: Partial<PresentResources>) =>
  checkAsDeployed(async () => template, { ...healthy, ...changes }).run();

/** A deployment bucket that may be opened, and one that somebody else may write to. */
const openedBucket = {
  readBucket: async () => ({
    ...bucket,
    publicAccessBlock: { ...bucket.publicAccessBlock, BlockPublicPolicy: false },
  }),
};
const sharedBucket = {
  readBucket: async () => ({
    ...bucket,
    policy: {
      Statement: [
        ...(bucket.policy as { Statement: object[] }).Statement,
        { Effect: 'Allow', Principal: { AWS: 'arn:thief' }, Action: 's3:PutObject', Resource: '*' },
      ],
    },
  }),
};

describe('what the doctor says of Device Defender', () => {
  const mendsOf = async (changes: Partial<PresentResources>) => (await look(changes)).map(({ mend }) => mend);
  const aws = 'aws iot update-security-profile --security-profile-name myapp';

  it('has a command for the shell that restores each part', async () => {
    const behaviors =
      '[{"name":"few","metric":"children","suppressAlerts":false,"criteria":{"comparisonOperator":"less-than-equals","value":{"number":0},"consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}},' +
      '{"name":"quiet","metric":"aws:num-disconnects","suppressAlerts":false,"criteria":{"comparisonOperator":"less-than-equals","value":{"count":5},"durationSeconds":300,"consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}}]';
    const roleArn = 'arn:aws:iam::111122223333:role/cordon-dev-Role-1';
    expect(
      await mendsOf({
        readCustomMetric: async () => undefined,
        readSecurityProfile: async () => ({
          behaviors: [],
          alertTargets: {},
          retained: profile.retained,
          targets: ['arn:x'],
        }),
        readMitigationAction: async () => ({ ...mitigationAction, RoleArn: 'arn:other' }),
      }),
    ).toEqual([
      "aws iot create-custom-metric --metric-name children --metric-type number --display-name 'myapp'\\''s children'",
      `${aws} --behaviors '${behaviors}'`,
      `${aws} --alert-targets '{"SNS":{"alertTargetArn":"${topicArn}","roleArn":"${roleArn}"}}'`,
      `aws iot attach-security-profile --security-profile-name myapp --security-profile-target-arn ${everyThing}`,
      'aws iot detach-security-profile --security-profile-name myapp --security-profile-target-arn arn:x',
      `aws iot update-mitigation-action --action-name cordon-dev-quarantine --role-arn ${roleArn} --action-params '{"addThingsToThingGroupParams":{"thingGroupNames":["quarantine"],"overrideDynamicGroups":true}}'`,
    ]);
  });
});

describe('the check of what was changed by hand', () => {
  it('finds nothing if all is as deployed, whatever the order and the form of lists', async () => {
    expect(await look({})).toEqual([
      { level: 'ok', about: 'as deployed', what: '24 resources are as they were deployed' },
    ]);
  });

  it.each<[string, Partial<PresentResources>, string]>([
    [
      'a statement taken from a role',
      {
        readRole: async () => ({
          trust,
          attached: [],
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
          attached: [],
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
      { readRole: async () => ({ trust, attached: [], policies: new Map() }) },
      'role cordon-dev-Role-1: its policy send is missing',
    ],
    [
      'a policy added to a role',
      {
        readRole: async () => ({
          trust,
          attached: [],
          policies: new Map<string, unknown>([...(role?.policies ?? []), ['more', {}]]),
        }),
      },
      'role cordon-dev-Role-1: it has another policy, more',
    ],
    [
      'a role that the function may not assume any more',
      {
        readRole: async () => ({
          trust: { Statement: [] },
          attached: [],
          policies: role?.policies ?? new Map(),
        }),
      },
      'role cordon-dev-Role-1: who may assume it: it lacks: Allow sts:AssumeRole for lambda.amazonaws.com',
    ],
    [
      'a managed policy attached to a role',
      {
        readRole: async () => role && { ...role, attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
      },
      'role cordon-dev-Role-1: it has another policy, arn:aws:iam::aws:policy/AdministratorAccess',
    ],
    [
      'a boundary set on a role',
      { readRole: async () => role && { ...role, boundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' } },
      'role cordon-dev-Role-1: the permissions boundary was none and is arn:aws:iam::aws:policy/ReadOnlyAccess',
    ],
    [
      'a queue that gives up at once',
      {
        readQueueSettings: async () => ({
          ...(await healthy.readQueueSettings('')),
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${queueArn}-dead`, maxReceiveCount: 1 }),
        }),
      },
      'queue cordon-dev-alerts: RedrivePolicy.maxReceiveCount was 30 and is 1',
    ],
    [
      'a queue that holds each message back',
      { readQueueSettings: async () => ({ ...(await healthy.readQueueSettings('')), DelaySeconds: '900' }) },
      'queue cordon-dev-alerts: DelaySeconds was 0 and is 900',
    ],
    [
      'a queue with a key that others may not use',
      {
        readQueueSettings: async () => ({ ...(await healthy.readQueueSettings('')), KmsMasterKeyId: 'mine' }),
      },
      'queue cordon-dev-alerts: KmsMasterKeyId was none and is mine',
    ],
    [
      'a table without recovery',
      { readTable: async () => ({ ...wholeTable, hasRecovery: false }) },
      'table cordon-dev: point-in-time recovery is off',
    ],
    [
      'a table that expires nothing',
      { readTable: async () => ({ indexes: wholeTable.indexes, hasRecovery: true, isOnDemand: true }) },
      'table cordon-dev: the attribute that expires items was expiresAt and is none',
    ],
    [
      'a table without an index',
      { readTable: async () => ({ ...wholeTable, indexes: ['byStatus'] }) },
      'table cordon-dev: its index byDue is missing',
    ],
    [
      'a table that was given a capacity',
      { readTable: async () => ({ ...wholeTable, isOnDemand: false }) },
      'table cordon-dev: it has a provisioned capacity, above which it refuses calls',
    ],
    ['a table that is gone', { readTable: async () => undefined }, 'table cordon-dev: it is missing'],
    [
      'a filter on an event source',
      {
        readEventSource: async () => ({
          ...source,
          FilterCriteria: { Filters: [{ Pattern: '{"body":["x"]}' }] },
        }),
      },
      'event source mapping-1: of cordon-dev-respond: it has a filter: {"Filters":[{"Pattern":',
    ],
    [
      'an event source that waits for more messages',
      { readEventSource: async () => ({ ...source, MaximumBatchingWindowInSeconds: 300 }) },
      'event source mapping-1: of cordon-dev-respond: MaximumBatchingWindowInSeconds was 0 and is 300',
    ],
    [
      'a subscription whose dead letters are lost',
      { readSubscription: async () => ({ ...subscription, RedrivePolicy: '' }) },
      'RedrivePolicy is missing: what can’t be delivered is lost',
    ],
    [
      'a subscription that filters by the body',
      { readSubscription: async () => ({ ...subscription, FilterPolicyScope: 'MessageBody' }) },
      'FilterPolicyScope was MessageAttributes and is MessageBody',
    ],
    [
      'a queue that is not encrypted',
      {
        readQueueSettings: async (url) => ({
          ...(await healthy.readQueueSettings(url)),
          SqsManagedSseEnabled: String(/-dead$/.test(url)),
        }),
      },
      'queue cordon-dev-alerts: it is not encrypted',
    ],
    [
      'a function that logs by level',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'FATAL' },
        }),
      },
      'function cordon-dev-respond: LoggingConfig: LogFormat was Text and is JSON',
    ],
    [
      'a function that logs elsewhere',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          LoggingConfig: { LogFormat: 'Text', LogGroup: '/mine' },
        }),
      },
      'LoggingConfig: LogGroup was /aws/lambda/cordon-dev-respond and is /mine',
    ],
    [
      'an event source that takes a failed batch for done',
      { readEventSource: async () => ({ ...source, FunctionResponseTypes: [] }) },
      'event source mapping-1: of cordon-dev-respond: FunctionResponseTypes is not as deployed',
    ],
    [
      'an event source with another concurrency',
      { readEventSource: async () => ({ ...source, ScalingConfig: { MaximumConcurrency: 2 } }) },
      'event source mapping-1: of cordon-dev-respond: ScalingConfig.MaximumConcurrency was 20 and is 2',
    ],
    [
      'a schedule that may not start its function',
      { readFunctionPolicy: async () => undefined },
      'permission cordon-dev-Permission-1: events.amazonaws.com may not invoke cordon-dev-respond for arn:aws:events:',
    ],
    [
      'another role of a function',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          Role: 'arn:aws:iam::111122223333:role/mine',
        }),
      },
      'function cordon-dev-respond: Role was arn:aws:iam::111122223333:role/cordon-dev-Role-1 and is arn:aws:iam::111122223333:role/mine',
    ],
    [
      'a layer that was put below a function',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          Layers: [{ Arn: 'arn:aws:lambda:eu-west-1:1:layer:mine:1' }],
        }),
      },
      'function cordon-dev-respond: Layers is not as deployed',
    ],
    ['a route that was deleted', changeApi({ routes: [] }), 'route GET /cases: it is missing'],
    [
      'a route that everybody may use',
      changeApi({ routes: [{ ...route, AuthorizationType: 'NONE' }] }),
      'route GET /cases: AuthorizationType was JWT and is NONE',
    ],
    [
      'a route with another authorizer',
      changeApi({ routes: [{ ...route, AuthorizerId: 'other' }] }),
      'route GET /cases: AuthorizerId was auth1 and is other',
    ],
    [
      'a route to somewhere else',
      changeApi({ routes: [{ ...route, Target: 'integrations/other' }] }),
      'route GET /cases: Target was integrations/int1 and is integrations/other',
    ],
    [
      'an authorizer that takes tokens of another application',
      changeApi({
        authorizers: [
          { ...httpApi.authorizers[0], JwtConfiguration: { Issuer: 'https://issuer', Audience: ['any'] } },
        ],
      }),
      'authorizer oidc: JwtConfiguration.Audience is not as deployed',
    ],
    [
      'an authorizer of another issuer',
      changeApi({
        authorizers: [
          {
            ...httpApi.authorizers[0],
            JwtConfiguration: { Issuer: 'https://mine', Audience: ['cli', 'console'] },
          },
        ],
      }),
      'authorizer oidc: JwtConfiguration.Issuer was https://issuer and is https://mine',
    ],
    ['a deleted authorizer', changeApi({ authorizers: [] }), 'authorizer oidc: it is missing'],
    [
      'another origin that may call the API',
      changeApi({
        api: { CorsConfiguration: { AllowOrigins: ['*'], AllowMethods: ['GET', 'POST'] } },
      }),
      'HTTP API cordon-dev: CORS: AllowOrigins is not as deployed',
    ],
    [
      'an API without CORS',
      changeApi({ api: {} }),
      'HTTP API cordon-dev: CORS was for https://console and is off',
    ],
    [
      'an integration of another function',
      changeApi({ integrations: [{ ...httpApi.integrations[0], IntegrationUri: 'arn:mine' }] }),
      `integration Integration: IntegrationUri was ${functionArn} and is arn:mine`,
    ],
    [
      'a stage with another limit',
      changeApi({
        stages: [{ ...httpApi.stages[0], DefaultRouteSettings: { ThrottlingRateLimit: 1 } }],
      }),
      'stage of the HTTP API $default: DefaultRouteSettings.ThrottlingRateLimit was 20 and is 1',
    ],
    [
      'a stage without an access log',
      changeApi({ stages: [{ ...httpApi.stages[0], AccessLogSettings: undefined }] }),
      'stage of the HTTP API $default: AccessLogSettings is not as deployed',
    ],
    [
      'a limit of its own for a route',
      changeApi({ stages: [{ ...httpApi.stages[0], RouteSettings: { 'GET /cases': {} } }] }),
      'stage of the HTTP API $default: it has settings of its own for GET /cases',
    ],
    [
      'logs that are gone after a day',
      { readLogGroup: async () => ({ retention: 1 }) },
      'log group /aws/lambda/cordon-dev-respond: RetentionInDays was 30 and is 1',
    ],
    [
      'a deleted log group',
      { readLogGroup: async () => undefined },
      'log group /aws/lambda/cordon-dev-respond: it is missing',
    ],
    [
      'a topic with a key that others may not use',
      {
        readTopic: async (arn) => ({
          ...(await healthy.readTopic(arn)),
          ...(arn !== topicArn && { key: 'mine' }),
        }),
      },
      'topic cordon-dev-alerts-alarms: KmsMasterKeyId was none and is mine',
    ],
    [
      'a topic without a policy of the template that anybody may read',
      {
        readTopic: async (arn) =>
          arn === topicArn
            ? healthy.readTopic(arn)
            : {
                policy: {
                  Statement: [
                    ofSns,
                    { Effect: 'Allow', Principal: '*', Action: 'sns:Subscribe', Resource: '*' },
                  ],
                },
              },
      },
      'topic cordon-dev-alerts-alarms: its policy has in addition: Allow sns:Subscribe on * for *',
    ],
    [
      'a topic on which alarms may not publish any more',
      {
        readTopic: async (arn) => (arn === topicArn ? healthy.readTopic(arn) : { policy: { Statement: [] } }),
      },
      'topic cordon-dev-alerts-alarms: its policy lacks the statement that lets this account publish',
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
        readTopic: async (arn) =>
          arn === topicArn
            ? {
                policy: {
                  Statement: [
                    { Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn },
                    { Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: '*' },
                  ],
                },
              }
            : healthy.readTopic(arn),
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
      { readEventRule: async () => schedule && { ...schedule, state: 'DISABLED' } },
      'EventBridge rule cordon-dev-Schedule-1: State was ENABLED and is DISABLED',
    ],
    [
      'a rule that got a pattern',
      { readEventRule: async () => schedule && { ...schedule, pattern: { source: ['acme'] } } },
      'EventBridge rule cordon-dev-Schedule-1: EventPattern is not as deployed',
    ],
    [
      'a schedule that starts nothing',
      { readEventRule: async () => schedule && { ...schedule, targets: [] } },
      'EventBridge rule cordon-dev-Schedule-1: Targets is not as deployed',
    ],
    [
      'a schedule that is gone',
      { readEventRule: async () => undefined },
      'EventBridge rule cordon-dev-Schedule-1: it is missing',
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
      'a deployment bucket with another key',
      { readBucket: async () => ({ ...bucket, encryption: 'aws:kms' }) },
      'deployment bucket cordon-dev-packages: its encryption was AES256 and is aws:kms',
    ],
    [
      'a deployment bucket that may be opened',
      openedBucket,
      'it does not block public access: BlockPublicPolicy is off',
    ],
    [
      'a deployment bucket that somebody else may write to',
      sharedBucket,
      'its policy: it has in addition: Allow s3:PutObject on * for arn:thief',
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
    expect(found[0]?.why).toBeDefined();
    expect(found[0]?.mend).toMatch(/^(docs\/changed-by-hand\.md$|aws )/);
  });

  it.each<[string, Partial<PresentResources>, string]>([
    [
      'code that was replaced',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          CodeSha256: 'other=',
        }),
      },
      'aws lambda update-function-code --function-name cordon-dev-respond --s3-bucket cordon-dev-packages --s3-key cordon/dev/1/respond.zip',
    ],
    [
      'somebody else who may invoke a function',
      {
        readFunctionPolicy: async () => ({
          Statement: [invocation, { Sid: 'mine', Effect: 'Allow', Principal: '*', Action: 'lambda:*' }],
        }),
      },
      'aws lambda remove-permission --function-name cordon-dev-respond --statement-id mine',
    ],
    [
      'another policy of a role',
      {
        readRole: async () =>
          role && { ...role, policies: new Map<string, unknown>([...role.policies, ['more', {}]]) },
      },
      'aws iam delete-role-policy --role-name cordon-dev-Role-1 --policy-name more',
    ],
    [
      'a managed policy of a role',
      { readRole: async () => role && { ...role, attached: ['arn:aws:iam::aws:policy/Any'] } },
      'aws iam detach-role-policy --role-name cordon-dev-Role-1 --policy-arn arn:aws:iam::aws:policy/Any',
    ],
    [
      'a route that was added',
      changeApi({ routes: [route, { RouteId: 'r2', RouteKey: '$default', AuthorizationType: 'NONE' }] }),
      'aws apigatewayv2 delete-route --api-id abc123 --route-id r2',
    ],
    [
      'an endpoint that is off',
      changeApi({ api: { ...httpApi.api, DisableExecuteApiEndpoint: true } }),
      'aws apigatewayv2 update-api --api-id abc123 --no-disable-execute-api-endpoint',
    ],
    [
      'logs that are kept for ever',
      { readLogGroup: async () => ({}) },
      'aws logs put-retention-policy --log-group-name /aws/lambda/cordon-dev-respond --retention-in-days 30',
    ],
    [
      'a queue that was given a policy',
      {
        readQueuePolicy: async () => ({}),
        readQueueSettings: async () => ({
          ...(await healthy.readQueueSettings('')),
          Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:*' }] }),
        }),
      },
      `aws sqs set-queue-attributes --queue-url ${queueUrl} --attributes Policy=`,
    ],
    [
      'a disabled schedule',
      { readEventRule: async () => schedule && { ...schedule, state: 'DISABLED' } },
      'aws events enable-rule --name cordon-dev-Schedule-1',
    ],
    [
      'a deployment bucket with another key',
      { readBucket: async () => ({ ...bucket, encryption: 'aws:kms' }) },
      `aws s3api put-bucket-encryption --bucket cordon-dev-packages --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'`,
    ],
    [
      'a deployment bucket that may be opened',
      openedBucket,
      'aws s3api put-public-access-block --bucket cordon-dev-packages --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true',
    ],
    [
      'a deployment bucket that somebody else may write to',
      sharedBucket,
      `aws s3api put-bucket-policy --bucket cordon-dev-packages --policy '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::cordon-dev-packages/*"],"Condition":{"Bool":{"aws:SecureTransport":false}}}]}'`,
    ],
    [
      'an alarm whose actions are off',
      { readAlarm: async () => ({ ...alarm, ActionsEnabled: false }) },
      'aws cloudwatch enable-alarm-actions --alarm-names cordon-dev-sweep',
    ],
  ])('names the command that mends %s', async (_, changes, mend) => {
    // Without its policy in the template, a queue has none.
    const { QueuePolicy: __, ...Resources } = body.Resources;
    const check = checkAsDeployed(async () => ({ ...template, body: { ...body, Resources } }), {
      ...healthy,
      ...changes,
    });

    expect((await check.run()).map((finding) => finding.mend)).toEqual([mend]);
  });

  it('finds a maximum that an event source was given', async () => {
    const { ScalingConfig: _, ...Properties } = body.Resources.Source?.Properties ?? {};
    const Resources = { ...body.Resources, Source: { Type: 'AWS::Lambda::EventSourceMapping', Properties } };
    const check = (present: object) =>
      checkAsDeployed(async () => ({ ...template, body: { ...body, Resources } }), {
        ...healthy,
        readEventSource: async () => present,
      }).run();
    const { ScalingConfig, ...unlimited } = source;

    expect((await check(unlimited)).map(({ level }) => level)).toEqual(['ok']);
    expect((await check({ ...unlimited, ScalingConfig })).map(({ what }) => what)).toEqual([
      'event source mapping-1: of cordon-dev-respond: ScalingConfig.MaximumConcurrency was none and is 20',
    ]);
  });

  it('separates a fault with a command from those of the page, of the same resource', async () => {
    const found = await look({
      readFunctionSettings: async () => ({ Timeout: 3, CodeSha256: 'other=' }),
    });
    expect(found.map(({ what }) => what)).toEqual([
      'function cordon-dev-respond: Timeout was 15 and is 3',
      expect.stringContaining('its code is not what was deployed'),
    ]);
  });

  it('compares no code that an earlier release deployed, which wrote down no hash', async () => {
    const { Metadata: _, ...Respond } = body.Resources.Respond ?? { Type: '' };
    const found = await checkAsDeployed(
      async () => ({ ...template, body: { ...body, Resources: { ...body.Resources, Respond } } }),
      healthy,
    ).run();
    expect(found.map(({ level }) => level)).toEqual(['ok']);
  });

  it('finds another source in the permission: what may start the function no longer, and what may now', async () => {
    const found = await look({
      readFunctionPolicy: async () => ({
        Statement: [{ ...invocation, Sid: 'mine', Condition: { ArnLike: { 'AWS:SourceArn': 'arn:other' } } }],
      }),
    });
    expect(found.map(({ what }) => what).toSorted()).toEqual([
      expect.stringMatching(/^function cordon-dev-respond: its policy has in addition: Allow lambda:Invoke/),
      expect.stringMatching(
        /^permission cordon-dev-Permission-1: events.amazonaws.com may not invoke cordon-dev-respond/,
      ),
    ]);
  });

  it('names a deleted API once', async () => {
    const found = await look({ readHttpApi: async () => undefined });
    expect(found.map(({ what }) => what)).toEqual(['HTTP API cordon-dev: it is missing']);
  });

  it('leaves a deleted queue, rule, subscription and function to their own checks', async () => {
    const none = async () => undefined;
    const found = await look({
      readQueuePolicy: none,
      readTopicRule: none,
      readSubscription: none,
      readFunctionSettings: none,
    });
    expect(found.map(({ level }) => level)).toEqual(['ok']);
  });

  it('reports a type that it can’t read once, and continues with the others', async () => {
    const found = await look({
      readRole: async () => Promise.reject(awsError('UnknownOperationException')),
      readAlarm: async () => undefined,
    });
    expect(found.map(({ level, what }) => `${level} ${what}`)).toEqual([
      'problem alarm cordon-dev-sweep: it is missing',
      expect.stringMatching(/^unknown role: it could not be read: this service is not there/),
    ]);
  });

  it('says nothing if there is no stack', async () => {
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
    [getAtt('Role', 'Arn'), 'arn:aws:iam::111122223333:role/cordon-dev-Role-1'],
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
  it('compares the properties that the template sets, and ignores others', () => {
    expect(matches([unknown, 'b'], ['b', 'x'])).toBe(true);
    expect(matches(['a', 'a'], ['a', 'b'])).toBe(false);
    expect(matches({ a: 1 }, undefined)).toBe(false);
    expect(comparePolicies(undefined, { Statement: 'none' })).toEqual([]);
  });
});
