import { comparePolicies, matches } from '../../../cli/doctor/as-deployed/compare';
import type { PresentResources } from '../../../cli/doctor/as-deployed/present';
import { resolveResources, unknown } from '../../../cli/doctor/as-deployed/template';
import { checkAsDeployed } from '../../../cli/doctor/checks/as-deployed';
import { awsError } from '../../aws-error';
import { alarm, look, openedBucket, role, schedule, sharedBucket, template } from './changed-by-hand';
import {
  body,
  bucket,
  changeApi,
  everyThing,
  getAtt,
  healthy,
  httpApi,
  invocation,
  mitigationAction,
  profile,
  queueArn,
  queueUrl,
  route,
  source,
  topicArn,
} from './deployed-stack';

describe('the doctor’s findings about Device Defender', () => {
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
    // A queue has no policy if the template has none for it.
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

  it('says why the local stack has no alarms to compare', async () => {
    const changes = { readAlarm: async () => Promise.reject(awsError('UnknownOperationException')) };
    const check = checkAsDeployed(async () => template, { ...healthy, ...changes }, true);
    expect((await check.run()).map(({ level, what }) => `${level} ${what}`)).toEqual([
      'unknown alarm: the local stack has no CloudWatch, so there is none to compare',
      expect.stringMatching(/^ok \d+ resources are as they were deployed$/),
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
