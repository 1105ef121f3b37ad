import {
  DescribeCertificateCommand,
  DescribeThingCommand,
  GetPolicyCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListPolicyVersionsCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';
import { compareSnapshots, takeSnapshot } from '../../proof/snapshot';
import { mockClient } from '../mock-client';

const certificateId = 'a'.repeat(64);
const certificate = `arn:aws:iot:us-east-1:123456789012:cert/${certificateId}`;

/** What AWS IoT says of a thing with one certificate and one policy. */
const healthy = {
  attributes: { site: 'a', critical: 'true' } as Record<string, string>,
  thingTypeName: undefined as string | undefined,
  groups: ['pumps', 'all'],
  principals: [certificate],
  status: 'ACTIVE' as const as 'ACTIVE' | 'INACTIVE',
  policies: ['device'],
  defaultVersionId: '1',
  document: '{"Statement":[]}',
  versions: ['1'],
};

function snapshot(changed: Partial<typeof healthy> = {}) {
  const { attributes, thingTypeName, groups, principals, status, policies, ...policy } = {
    ...healthy,
    ...changed,
  };
  const { defaultVersionId, document: policyDocument, versions } = policy;
  mockClient(IoTClient)
    .on(DescribeThingCommand, { thingName: 't' })
    .resolves({ attributes, ...(thingTypeName && { thingTypeName }) })
    .on(ListThingGroupsForThingCommand, { thingName: 't' })
    .resolves({ thingGroups: groups.map((groupName) => ({ groupName })) })
    .on(ListThingPrincipalsCommand, { thingName: 't' })
    .resolves({ principals })
    .on(DescribeCertificateCommand, { certificateId })
    .resolves({ certificateDescription: { status } })
    .on(ListAttachedPoliciesCommand, { target: certificate })
    .resolves({ policies: policies.map((policyName) => ({ policyName })) })
    .on(GetPolicyCommand)
    .resolves({ defaultVersionId, policyDocument })
    .on(ListPolicyVersionsCommand)
    .resolves({ policyVersions: versions.map((versionId) => ({ versionId })) });
  return takeSnapshot(new IoTClient({ region: 'us-east-1' }), 't');
}

const name = `certificate ${certificateId.slice(0, 12)}`;
const asBefore = 'version 1 of 1: {"Statement":[]}';

describe('what a release must restore', () => {
  it.each<[string, Partial<typeof healthy>, readonly string[]]>([
    ['a group that is left', { groups: ['all'] }, ['thing groups was all, pumps and is all']],
    [
      'a group that stayed',
      { groups: ['all', 'cordon-quarantine', 'pumps'] },
      ['thing groups was all, pumps and is all, cordon-quarantine, pumps'],
    ],
    [
      'an attribute',
      { attributes: { site: 'b', critical: 'true' } },
      ['attributes was [["critical","true"],["site","a"]] and is [["critical","true"],["site","b"]]'],
    ],
    ['the thing type', { thingTypeName: 'pump' }, ['thing type was none and is pump']],
    ['the certificate’s status', { status: 'INACTIVE' }, [`${name} status was ACTIVE and is INACTIVE`]],
    [
      'a certificate that is detached',
      { principals: [] },
      [
        `principals was ${certificate} and is empty`,
        `${name} status was ACTIVE and is absent`,
        `${name} policies was policy device and is absent`,
        `policy device was ${asBefore} and is absent`,
      ],
    ],
    [
      'a deny policy that stayed attached',
      { policies: ['device', 'deny'] },
      [
        `${name} policies was policy device and is policy deny, policy device`,
        `policy deny was absent and is ${asBefore}`,
      ],
    ],
    [
      'a version that is left beside the default one',
      { versions: ['1', '2'] },
      [`policy device was ${asBefore} and is version 1 of 1, 2: {"Statement":[]}`],
    ],
    [
      'another default version with the same document',
      { defaultVersionId: '2', versions: ['1', '2'] },
      [`policy device was ${asBefore} and is version 2 of 1, 2: {"Statement":[]}`],
    ],
    [
      'the document under the same version',
      { document: '{"Statement":[{}]}' },
      [`policy device was ${asBefore} and is version 1 of 1: {"Statement":[{}]}`],
    ],
  ])('includes %s', async (_, changed, differences) => {
    expect(compareSnapshots(await snapshot(), await snapshot(changed))).toEqual(differences);
  });

  it('does not depend on the order in which AWS IoT lists', async () => {
    const one = await snapshot({ policies: ['device', 'other'], versions: ['1', '2', '3'] });
    const other = await snapshot({
      attributes: { critical: 'true', site: 'a' },
      groups: ['all', 'pumps'],
      policies: ['other', 'device'],
      versions: ['3', '1', '2'],
    });

    expect(compareSnapshots(one, other)).toEqual([]);
  });
});
