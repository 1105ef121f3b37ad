import * as sdk from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
import { aRegistry } from './builders';

/** Operations of the installed service model: `[9, namespace, name, { http: [method, path, status] }, ...]`. */
const operations = Object.values(sdk).flatMap((schema: unknown) => {
  if (!Array.isArray(schema) || schema[0] !== 9) return [];
  const [method, path] = (schema[3] as { http: [string, string, number] }).http;
  return [{ name: String(schema[2]), method, path: path.split('?')[0] ?? '' }];
});

/** What Cordon and the setup of a device need of AWS IoT. */
const NEEDED = `
  CreateThing DescribeThing UpdateThing DeleteThing ListThings CreateThingGroup DescribeThingGroup UpdateThingGroup
  DeleteThingGroup ListThingGroups ListThingsInThingGroup AddThingToThingGroup RemoveThingFromThingGroup
  UpdateThingGroupsForThing ListThingGroupsForThing RegisterCertificateWithoutCA CreateKeysAndCertificate
  CreateCertificateFromCsr
  DescribeCertificate UpdateCertificate ListCertificates DeleteCertificate AttachThingPrincipal DetachThingPrincipal
  ListThingPrincipals ListThingPrincipalsV2 ListPrincipalThings ListPrincipalThingsV2 CreatePolicy GetPolicy
  DeletePolicy ListPolicies CreatePolicyVersion GetPolicyVersion ListPolicyVersions DeletePolicyVersion
  SetDefaultPolicyVersion AttachPolicy DetachPolicy ListAttachedPolicies ListTargetsForPolicy GetEffectivePolicies
  TestAuthorization DescribeEndpoint CreateCustomMetric DescribeCustomMetric UpdateCustomMetric DeleteCustomMetric
  ListCustomMetrics CreateSecurityProfile DescribeSecurityProfile UpdateSecurityProfile DeleteSecurityProfile
  ListSecurityProfiles AttachSecurityProfile DetachSecurityProfile ListTargetsForSecurityProfile
  ListSecurityProfilesForTarget ValidateSecurityProfileBehaviors ListActiveViolations ListViolationEvents
  PutVerificationStateOnViolation CreateTopicRule GetTopicRule ListTopicRules ReplaceTopicRule DeleteTopicRule
  EnableTopicRule DisableTopicRule ListTagsForResource TagResource UntagResource StartDetectMitigationActionsTask
  DescribeDetectMitigationActionsTask CancelDetectMitigationActionsTask ListDetectMitigationActionsTasks
  ListDetectMitigationActionsExecutions CreateJob DescribeJob CancelJob DeleteJob ListJobs GetJobDocument
  ListJobExecutionsForThing ListJobExecutionsForJob DescribeJobExecution CreateThingType DescribeThingType
  ListThingTypes DeprecateThingType DeleteThingType CreateProvisioningTemplate DescribeProvisioningTemplate
  UpdateProvisioningTemplate DeleteProvisioningTemplate
`
  .trim()
  .split(/\s+/);

describe('createIotControlPlane', () => {
  const plane = createIotControlPlane(aRegistry());
  const identify = (operation: { method: string; path: string }) =>
    plane.identify({
      service: 'iot',
      method: operation.method,
      path: operation.path.replace(/\{[^}]*\}/g, 'x'),
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(0),
      caller: { accessKeyId: 'test', arn: 'arn:aws:iam::123456789012:user/local-operator' },
    })?.action;

  it('takes no operation of the service model for another', () => {
    const misread = operations.filter((operation) => {
      const action = identify(operation);
      return action !== undefined && action !== `iot:${operation.name}`;
    });

    expect(operations.length).toBeGreaterThan(200);
    expect(misread).toEqual([]);
  });

  it.each(NEEDED)('knows %s by the method and path of the service model', (name) => {
    const operation = operations.find((candidate) => candidate.name === name);

    expect(operation && identify(operation)).toBe(`iot:${name}`);
  });
});
