import {
  AttachSecurityProfileCommand,
  CreateCustomMetricCommand,
  CreateMitigationActionCommand,
  CreateSecurityProfileCommand,
  type CreateSecurityProfileCommandInput,
  CreateThingGroupCommand,
  DescribeCustomMetricCommand,
  DescribeMitigationActionCommand,
  DescribeSecurityProfileCommand,
  DetachSecurityProfileCommand,
  ListCustomMetricsCommand,
  ListSecurityProfilesCommand,
  ListSecurityProfilesForTargetCommand,
  ListTagsForResourceCommand,
  ListTargetsForSecurityProfileCommand,
  UpdateMitigationActionCommand,
  UpdateSecurityProfileCommand,
  type UpdateSecurityProfileCommandInput,
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
  it('can be created again unchanged, and not with changes', async () => {
    expect(await createMetric()).toMatchObject({
      metricName,
      metricArn: `${prefix}custommetric/${metricName}`,
    });
    const other = { metricName, metricType: 'string-list' as const, clientRequestToken: 't' };

    expect(await errorOf(createMetric())).toBe('no error');
    expect(await errorOf(send(new CreateCustomMetricCommand(other)))).toBe(
      '409 ResourceAlreadyExistsException',
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
});

describe('lists and descriptions of metrics', () => {
  it('page by name, and describe what there is', async () => {
    await createMetric();
    const command = { metricName: 'names', metricType: 'string-list' as const, displayName: 'Names' };
    await send(new CreateCustomMetricCommand({ ...command, clientRequestToken: 't' }));

    const first = await send(new ListCustomMetricsCommand({ maxResults: 1 }));
    const { nextToken } = first;
    expect([
      first.metricNames,
      (await send(new ListCustomMetricsCommand({ nextToken }))).metricNames,
    ]).toEqual([['names'], [metricName]]);
    const { $metadata, ...described } = await send(new DescribeCustomMetricCommand({ metricName: 'names' }));
    expect([$metadata.httpStatusCode, described]).toEqual([
      200,
      {
        ...command,
        metricArn: `${prefix}custommetric/names`,
        creationDate: new Date(now),
        lastModifiedDate: new Date(now),
      },
    ]);
    expect(await errorOf(send(new DescribeCustomMetricCommand({ metricName: 'none' })))).toBe(
      '404 ResourceNotFoundException',
    );
    expect(await errorOf(send(new ListCustomMetricsCommand({ maxResults: 251 })))).toBe(
      '400 InvalidRequestException',
    );
    expect(server.asked).toEqual(
      expect.arrayContaining([
        'iot:ListCustomMetrics on *',
        `iot:DescribeCustomMetric on ${prefix}custommetric/names`,
      ]),
    );
  });
});

describe('lists of profiles and their targets', () => {
  it('page by name, and only of one metric or one dimension', async () => {
    await createMetric();
    const create = (name: string, behavior: Behavior) =>
      send(new CreateSecurityProfileCommand({ securityProfileName: name, behaviors: [behavior] }));
    await create('b', aBehavior());
    await create('a', {
      ...aBehavior({ value: { count: 1 } }, 'aws:message-byte-size'),
      metricDimension: { dimensionName: 'telemetry' },
    });
    const list = async (filter: object) =>
      (await send(new ListSecurityProfilesCommand(filter))).securityProfileIdentifiers?.map(
        ({ name }) => name,
      );

    const first = await send(new ListSecurityProfilesCommand({ maxResults: 1 }));
    expect(first.securityProfileIdentifiers).toEqual([{ name: 'a', arn: `${prefix}securityprofile/a` }]);
    expect([
      await list({ nextToken: first.nextToken }),
      await list({ metricName }),
      await list({ dimensionName: 'telemetry' }),
    ]).toEqual([['b'], ['b'], ['a']]);
    expect(server.asked).toEqual(
      expect.arrayContaining([
        'iot:ListSecurityProfiles on *',
        `iot:ListSecurityProfiles on ${prefix}custommetric/${metricName}`,
      ]),
    );
    const both = new ListSecurityProfilesCommand({ metricName, dimensionName: 'telemetry' });
    expect([
      await errorOf(send(both)),
      await errorOf(send(new ListSecurityProfilesCommand({ metricName: 'none' }))),
    ]).toEqual(['400 InvalidRequestException', '404 ResourceNotFoundException']);
  });

  it('list the targets of a profile, and refuse a profile that is not there', async () => {
    await send(new CreateSecurityProfileCommand({ securityProfileName }));
    for (const target of ['all/things', 'all/registered-things'])
      await send(
        new AttachSecurityProfileCommand({
          securityProfileName,
          securityProfileTargetArn: `${prefix}${target}`,
        }),
      );
    const list = (more: object) =>
      send(new ListTargetsForSecurityProfileCommand({ securityProfileName, ...more }));

    const { securityProfileTargets, nextToken } = await list({ maxResults: 1 });
    expect(securityProfileTargets).toEqual([{ arn: `${prefix}all/registered-things` }]);
    expect((await list({ nextToken })).securityProfileTargets).toEqual([{ arn: `${prefix}all/things` }]);
    expect(await errorOf(list({ securityProfileName: 'none' }))).toBe('404 ResourceNotFoundException');
  });
});

describe('security profiles', () => {
  it('are returned as they were created', async () => {
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

    const described = await send(new DescribeSecurityProfileCommand({ securityProfileName }));
    const { $metadata, ...profile } = described;
    expect($metadata.httpStatusCode).toBe(200);
    expect(profile).toEqual({
      ...fields,
      alertTargets,
      securityProfileName,
      securityProfileArn: `${prefix}securityprofile/${securityProfileName}`,
      version: 1,
      creationDate: new Date(now),
      lastModifiedDate: new Date(now),
    });
  });

  it('can be attached to groups and to all things of the account', async () => {
    const group = registry.groups.create('site').groupArn;
    await send(new CreateSecurityProfileCommand({ securityProfileName }));
    const attach = (securityProfileTargetArn: string) =>
      send(new AttachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn }));
    await attach(group);
    await attach(`${prefix}all/registered-things`);

    expect(registry.state.securityProfiles.get(securityProfileName)?.targets).toEqual([
      group,
      `${prefix}all/registered-things`,
    ]);
    expect(server.asked).toContain(
      `iot:AttachSecurityProfile on ${prefix}securityprofile/${securityProfileName}, ${group}`,
    );
    expect(await errorOf(attach(`${prefix}all/other`))).toBe('400 InvalidRequestException');
    expect(await errorOf(attach(`${prefix}thinggroup/none`))).toBe('404 ResourceNotFoundException');
  });

  it('are listed for a target that they have themselves, or by a parent group, and can be detached', async () => {
    const parent = registry.groups.create('site').groupArn;
    const child = registry.groups.create('hall', { parentGroupName: 'site' }).groupArn;
    await send(new CreateSecurityProfileCommand({ securityProfileName }));
    const of = { securityProfileName, securityProfileTargetArn: parent };
    await send(new AttachSecurityProfileCommand(of));
    const list = async (securityProfileTargetArn: string, recursive?: boolean) =>
      (await send(new ListSecurityProfilesForTargetCommand({ securityProfileTargetArn, recursive })))
        .securityProfileTargetMappings;

    const arn = `${prefix}securityprofile/${securityProfileName}`;
    const found = { securityProfileIdentifier: { name: securityProfileName, arn } };
    expect(await list(parent)).toEqual([{ ...found, target: { arn: parent } }]);
    expect(await list(child)).toEqual([]);
    expect(await list(child, true)).toMatchObject([found]);
    expect(await list(`${prefix}all/things`)).toEqual([]);
    expect(await errorOf(list(`${prefix}thinggroup/none`))).toBe('404 ResourceNotFoundException');

    await send(new DetachSecurityProfileCommand(of));
    expect(await list(parent)).toEqual([]);
  });

  it('are changed in what an update gives, for the version that it expects', async () => {
    await createMetric();
    const alertTargets = {
      SNS: { alertTargetArn: 'arn:aws:sns:eu-west-1:1:t', roleArn: 'arn:aws:iam::1:role/r' },
    };
    await send(
      new CreateSecurityProfileCommand({ securityProfileName, behaviors: [aBehavior()], alertTargets }),
    );
    const update = (more: Partial<UpdateSecurityProfileCommandInput>) =>
      send(new UpdateSecurityProfileCommand({ securityProfileName, ...more }));

    const changed = await update({
      securityProfileDescription: 'mine',
      deleteBehaviors: true,
      expectedVersion: 1,
    });
    expect(changed).toMatchObject({ version: 2, alertTargets, securityProfileDescription: 'mine' });
    expect(changed.behaviors).toBeUndefined();
    expect(
      (await update({ behaviors: [aBehavior()], deleteAlertTargets: true })).alertTargets,
    ).toBeUndefined();
    expect(await errorOf(update({ expectedVersion: 1 }))).toBe('409 VersionConflictException');
    expect(await errorOf(update({ behaviors: [], deleteBehaviors: true }))).toBe(
      '400 InvalidRequestException',
    );
    expect(await errorOf(update({ behaviors: [aBehavior({}, 'absent')] }))).toBe(
      '400 InvalidRequestException',
    );
    expect(await errorOf(update({ securityProfileName: 'none' }))).toBe('404 ResourceNotFoundException');
  });

  it.each<[string, Behavior[]]>([
    ['a metric that is not there', [aBehavior({}, 'absent')]],
    ['a metric AWS does not have', [aBehavior({}, 'aws:auth-failures')]],
    ['an operator of another kind', [aBehavior({ comparisonOperator: 'in-set' })]],
    ['a value of another kind', [aBehavior({ value: { count: 0 } })]],
    ['two values', [aBehavior({ value: { number: 0, count: 0 } })]],
    ['a duration AWS does not have', [aBehavior({ durationSeconds: 60 })]],
    ['a behavior that lacks its duration', [aBehavior({ value: { count: 1 } }, 'aws:num-messages-sent')]],
    ['eleven datapoints', [aBehavior({ consecutiveDatapointsToAlarm: 11 })]],
    ['a value and a statistic', [aBehavior({ statisticalThreshold: { statistic: 'p90' } })]],
    ['two behaviors of one name', [aBehavior(), aBehavior()]],
    ['a name with spaces', [{ ...aBehavior(), name: 'a b' }]],
  ])('are refused with %s', async (_what, behaviors) => {
    await createMetric();

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

    const command = new CreateSecurityProfileCommand({ securityProfileName, behaviors: [behavior] });
    expect(await errorOf(send(command))).toBe('no error');
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
    const roleArn = 'arn:aws:iam::123456789012:role/other';
    await send(new UpdateMitigationActionCommand({ actionName: 'quarantine', roleArn }));
    expect(await send(new DescribeMitigationActionCommand({ actionName: 'quarantine' }))).toMatchObject({
      ...{ roleArn, actionId, actionParams: input.actionParams },
    });
    const none = new CreateMitigationActionCommand({ ...input, actionName: 'none', actionParams: {} });
    expect(await errorOf(send(none))).toBe('400 InvalidRequestException');
  });
});

describe('tags', () => {
  it('are kept by resource', async () => {
    const tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    const { thingGroupArn = '' } = await send(
      new CreateThingGroupCommand({ thingGroupName: 'quarantine', tags }),
    );
    const list = async (resourceArn: string) =>
      (await send(new ListTagsForResourceCommand({ resourceArn }))).tags;

    expect([await list(thingGroupArn), await list(`${prefix}thinggroup/other`)]).toEqual([tags, []]);
  });
});
