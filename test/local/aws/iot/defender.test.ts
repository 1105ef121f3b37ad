import {
  AttachSecurityProfileCommand,
  CreateCustomMetricCommand,
  CreateMitigationActionCommand,
  CreateSecurityProfileCommand,
  type CreateSecurityProfileCommandInput,
  DeleteCustomMetricCommand,
  DeleteSecurityProfileCommand,
  DescribeCustomMetricCommand,
  DescribeMitigationActionCommand,
  DescribeSecurityProfileCommand,
  DetachSecurityProfileCommand,
  ListCustomMetricsCommand,
  ListMitigationActionsCommand,
  ListSecurityProfilesCommand,
  ListSecurityProfilesForTargetCommand,
  ListTagsForResourceCommand,
  ListTargetsForSecurityProfileCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateCustomMetricCommand,
  UpdateSecurityProfileCommand,
  ValidateSecurityProfileBehaviorsCommand,
} from '@aws-sdk/client-iot';
import { errorOf, now, prefix } from './builders';
import { registry, send, server, useControlPlane } from './plane';

useControlPlane();

const metricName = 'num_child_procs_myapp';
const securityProfileName = 'myapp-processes';
type Behavior = NonNullable<CreateSecurityProfileCommandInput['behaviors']>[number];

function aBehavior(criteria: Behavior['criteria'] = {}, metric: string = metricName): Behavior {
  const value = { comparisonOperator: 'less-than-equals' as const, value: { number: 0 } };
  return { name: 'no-child-processes', metric, criteria: { ...value, ...criteria } };
}

function createMetric() {
  return send(new CreateCustomMetricCommand({ metricName, metricType: 'number', clientRequestToken: 't' }));
}

describe('custom metrics', () => {
  it('are created, described, renamed, listed and deleted', async () => {
    expect(await createMetric()).toMatchObject({
      metricName,
      metricArn: `${prefix}custommetric/${metricName}`,
    });
    await send(new UpdateCustomMetricCommand({ metricName, displayName: 'Children' }));

    expect(await send(new DescribeCustomMetricCommand({ metricName }))).toMatchObject({
      metricType: 'number',
      displayName: 'Children',
      creationDate: new Date(now),
    });
    expect((await send(new ListCustomMetricsCommand({}))).metricNames).toEqual([metricName]);
    await send(new DeleteCustomMetricCommand({ metricName }));
    expect(await errorOf(send(new DescribeCustomMetricCommand({ metricName })))).toBe(
      '404 ResourceNotFoundException',
    );
  });

  it.each([
    { metricName: 'aws:mine', metricType: 'number' as const },
    { metricName: 'a b', metricType: 'number' as const },
    { metricName: 'mine', metricType: 'text' as never },
  ])('are refused as %j', async (input) => {
    expect(await errorOf(send(new CreateCustomMetricCommand({ ...input, clientRequestToken: 't' })))).toBe(
      '400 InvalidRequestException',
    );
  });

  it('stay while a profile uses them', async () => {
    await createMetric();
    await send(new CreateSecurityProfileCommand({ securityProfileName, behaviors: [aBehavior()] }));

    expect(await errorOf(send(new DeleteCustomMetricCommand({ metricName })))).toBe(
      '400 InvalidRequestException',
    );
  });
});

describe('security profiles', () => {
  it('give back what they were made of, with a version that rises', async () => {
    await createMetric();
    const alertTargets = {
      SNS: { alertTargetArn: 'arn:aws:sns:eu-west-1:1:t', roleArn: 'arn:aws:iam::1:role/r' },
    };
    const fields = {
      securityProfileDescription: 'myapp never launches a child process',
      behaviors: [aBehavior({ consecutiveDatapointsToAlarm: 1 })],
      additionalMetricsToRetainV2: [{ metric: metricName }],
    };
    await send(new CreateSecurityProfileCommand({ securityProfileName, ...fields, alertTargets }));
    await send(
      new UpdateSecurityProfileCommand({ securityProfileName, deleteAlertTargets: true, expectedVersion: 1 }),
    );

    const described = await send(new DescribeSecurityProfileCommand({ securityProfileName }));
    const { $metadata, ...profile } = described;
    expect($metadata.httpStatusCode).toBe(200);
    expect(profile).toEqual({
      ...fields,
      securityProfileName,
      securityProfileArn: `${prefix}securityprofile/${securityProfileName}`,
      version: 2,
      creationDate: new Date(now),
      lastModifiedDate: new Date(now),
    });
    const outdated = new UpdateSecurityProfileCommand({ securityProfileName, expectedVersion: 1 });
    expect(await errorOf(send(outdated))).toBe('409 VersionConflictException');
    await send(new DeleteSecurityProfileCommand({ securityProfileName }));
    expect((await send(new ListSecurityProfilesCommand({}))).securityProfileIdentifiers).toEqual([]);
  });

  it('are attached to groups and to all things of the account', async () => {
    const group = registry.groups.create('site').groupArn;
    await send(new CreateSecurityProfileCommand({ securityProfileName }));
    const attach = (securityProfileTargetArn: string) =>
      send(new AttachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn }));
    await attach(group);
    await attach(`${prefix}all/registered-things`);

    const targets = await send(new ListTargetsForSecurityProfileCommand({ securityProfileName }));
    const ofGroup = await send(new ListSecurityProfilesForTargetCommand({ securityProfileTargetArn: group }));
    expect(targets.securityProfileTargets).toEqual([
      { arn: `${prefix}all/registered-things` },
      { arn: group },
    ]);
    expect(ofGroup.securityProfileTargetMappings).toMatchObject([
      { securityProfileIdentifier: { name: securityProfileName }, target: { arn: group } },
    ]);
    expect(server.asked).toContain(
      `iot:AttachSecurityProfile on ${prefix}securityprofile/${securityProfileName}, ${group}`,
    );
    expect(await errorOf(attach(`${prefix}all/other`))).toBe('400 InvalidRequestException');
    expect(await errorOf(attach(`${prefix}thinggroup/none`))).toBe('404 ResourceNotFoundException');
    const detach = { securityProfileName, securityProfileTargetArn: group };
    await send(new DetachSecurityProfileCommand(detach));
    await send(new DetachSecurityProfileCommand(detach));
    expect(registry.state.securityProfiles.get(securityProfileName)?.targets).toEqual([
      `${prefix}all/registered-things`,
    ]);
  });

  it.each<[string, Behavior[]]>([
    ['a metric that is not there', [aBehavior({}, 'absent')]],
    ['a metric AWS does not have', [aBehavior({}, 'aws:auth-failures')]],
    ['an operator of another kind', [aBehavior({ comparisonOperator: 'in-set' })]],
    ['a value of another kind', [aBehavior({ value: { count: 0 } })]],
    ['two values', [aBehavior({ value: { number: 0, count: 0 } })]],
    ['a duration AWS does not have', [aBehavior({ durationSeconds: 60 })]],
    ['no duration where one is needed', [aBehavior({ value: { count: 1 } }, 'aws:num-messages-sent')]],
    ['eleven datapoints', [aBehavior({ consecutiveDatapointsToAlarm: 11 })]],
    ['a value and a statistic', [aBehavior({ statisticalThreshold: { statistic: 'p90' } })]],
    ['two behaviors of one name', [aBehavior(), aBehavior()]],
    ['a name with spaces', [{ ...aBehavior(), name: 'a b' }]],
  ])('are refused with %s', async (_what, behaviors) => {
    await createMetric();

    const validated = await send(new ValidateSecurityProfileBehaviorsCommand({ behaviors }));
    expect([validated.valid, validated.validationErrors?.length]).toEqual([false, 1]);
    expect(await errorOf(send(new CreateSecurityProfileCommand({ securityProfileName, behaviors })))).toBe(
      '400 InvalidRequestException',
    );
  });

  it.each<[string, Behavior]>([
    ['a number', aBehavior()],
    ['a windowed count', aBehavior({ value: { count: 5 }, durationSeconds: 300 }, 'aws:num-messages-sent')],
    [
      'ports',
      aBehavior({ comparisonOperator: 'in-port-set', value: { ports: [443] } }, 'aws:listening-tcp-ports'),
    ],
    [
      'machine learning',
      {
        name: 'ml',
        metric: 'aws:all-bytes-out',
        criteria: { mlDetectionConfig: { confidenceLevel: 'HIGH' } },
      },
    ],
  ])('accept %s', async (_what, behavior) => {
    await createMetric();

    expect(await send(new ValidateSecurityProfileBehaviorsCommand({ behaviors: [behavior] }))).toMatchObject({
      valid: true,
      validationErrors: [],
    });
  });
});

describe('mitigation actions', () => {
  it('are kept with the type of their parameters', async () => {
    const input = {
      actionName: 'quarantine',
      roleArn: 'arn:aws:iam::123456789012:role/r',
      actionParams: { addThingsToThingGroupParams: { thingGroupNames: ['quarantine'] } },
    };
    const { actionId } = await send(new CreateMitigationActionCommand(input));

    expect(await send(new DescribeMitigationActionCommand({ actionName: 'quarantine' }))).toMatchObject({
      ...input,
      actionId,
      actionType: 'ADD_THINGS_TO_THING_GROUP',
      actionArn: `${prefix}mitigationaction/quarantine`,
    });
    const others = new ListMitigationActionsCommand({ actionType: 'PUBLISH_FINDING_TO_SNS' });
    expect((await send(others)).actionIdentifiers).toEqual([]);
    const none = new CreateMitigationActionCommand({ ...input, actionName: 'none', actionParams: {} });
    expect(await errorOf(send(none))).toBe('400 InvalidRequestException');
  });
});

describe('tags', () => {
  it('are kept by resource', async () => {
    const resourceArn = `${prefix}thinggroup/quarantine`;
    const tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    await send(new TagResourceCommand({ resourceArn, tags }));
    await send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));

    expect((await send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual([
      { Key: 'b', Value: '2' },
    ]);
  });
});
