import {
  DescribeCertificateCommand,
  DescribeThingCommand,
  GetPolicyCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';

/** All that a containment could have changed of a thing, as one comparable text. */
export async function takeSnapshot(thingName: string, iot: IoTClient): Promise<string> {
  const [thing, groups, principals] = await Promise.all([
    iot.send(new DescribeThingCommand({ thingName })),
    iot.send(new ListThingGroupsForThingCommand({ thingName })),
    iot.send(new ListThingPrincipalsCommand({ thingName })),
  ]);
  const certificates = await Promise.all(
    (principals.principals ?? []).map((arn) => snapshotCertificate(arn, iot)),
  );
  const groupNames = (groups.thingGroups ?? []).map(({ groupName }) => groupName).sort();
  return JSON.stringify({ attributes: thing.attributes, groupNames, certificates }, null, 1);
}

async function snapshotCertificate(arn: string, iot: IoTClient) {
  const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
  const [{ certificateDescription }, { policies }] = await Promise.all([
    iot.send(new DescribeCertificateCommand({ certificateId })),
    iot.send(new ListAttachedPoliciesCommand({ target: arn })),
  ]);
  const named = await Promise.all(
    (policies ?? []).map(async ({ policyName }) => {
      const { defaultVersionId, policyDocument } = await iot.send(new GetPolicyCommand({ policyName }));
      return { policyName, defaultVersionId, policyDocument };
    }),
  );
  return { arn, status: certificateDescription?.status, policies: named };
}
