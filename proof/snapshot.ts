import {
  DescribeCertificateCommand,
  DescribeThingCommand,
  GetPolicyCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  ListPolicyVersionsCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';

/** Everything that a containment may change of a thing, field by field. */
export async function takeSnapshot(iot: IoTClient, thingName: string): Promise<ReadonlyMap<string, string>> {
  const [thing, groups, { principals = [] }] = await Promise.all([
    iot.send(new DescribeThingCommand({ thingName })),
    iot.send(new ListThingGroupsForThingCommand({ thingName })),
    iot.send(new ListThingPrincipalsCommand({ thingName })),
  ]);
  const certificates = await Promise.all(principals.map((arn) => snapshotCertificate(iot, arn)));
  return new Map<string, string>([
    ['attributes', JSON.stringify(Object.entries(thing.attributes ?? {}).sort())],
    ['thing type', thing.thingTypeName ?? 'none'],
    [
      'thing groups',
      (groups.thingGroups ?? [])
        .map(({ groupName }) => groupName)
        .sort()
        .join(', '),
    ],
    ['principals', principals.toSorted().join(', ')],
    ...certificates.flat(),
  ]);
}

async function snapshotCertificate(
  iot: IoTClient,
  arn: string,
): Promise<readonly (readonly [string, string])[]> {
  const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
  const [{ certificateDescription }, { policies = [] }] = await Promise.all([
    iot.send(new DescribeCertificateCommand({ certificateId })),
    iot.send(new ListAttachedPoliciesCommand({ target: arn })),
  ]);
  const named = await Promise.all(
    policies.map(async ({ policyName = '' }) => {
      const [{ defaultVersionId, policyDocument }, { policyVersions = [] }] = await Promise.all([
        iot.send(new GetPolicyCommand({ policyName })),
        iot.send(new ListPolicyVersionsCommand({ policyName })),
      ]);
      const versions = policyVersions.map(({ versionId = '' }) => versionId).toSorted();
      const text = `version ${defaultVersionId} of ${versions.join(', ')}: ${policyDocument}`;
      return [`policy ${policyName}`, text] as const;
    }),
  );
  const name = `certificate ${certificateId.slice(0, 12)}`;
  return [
    [`${name} status`, certificateDescription?.status ?? 'unknown'],
    [
      `${name} policies`,
      named
        .map(([policy]) => policy)
        .sort()
        .join(', '),
    ],
    ...named,
  ];
}

/** The fields that differ, in words; empty if all is as before. */
export function compareSnapshots(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const fields = new Set([...before.keys(), ...after.keys()]);
  return [...fields].flatMap((field) => {
    const [was, is] = [before.get(field) ?? 'absent', after.get(field) ?? 'absent'];
    return was === is ? [] : [`${field} was ${was || 'empty'} and is ${is || 'empty'}`];
  });
}
