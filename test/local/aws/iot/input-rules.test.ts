import {
  AddThingToThingGroupCommand,
  CancelJobCommand,
  CreateCustomMetricCommand,
  CreateMitigationActionCommand,
  CreateSecurityProfileCommand,
  CreateThingCommand,
  GetEffectivePoliciesCommand,
  ListActiveViolationsCommand,
  ListThingPrincipalsCommand,
  PutVerificationStateOnViolationCommand,
  UpdateCertificateCommand,
  UpdateProvisioningTemplateCommand,
} from '@aws-sdk/client-iot';
import { iotRoutes } from '../../../../local/aws/iot/control-plane';
import rules from '../../../../local/aws/iot/input-rules.json' with { type: 'json' };
import { aRegistry, errorOf } from './builders';
import { send, useControlPlane } from './plane';

useControlPlane();

describe('the rules of AWS IoT for requests', () => {
  it('are there for each operation that the local stack emulates and that has an input', () => {
    const known = new Set(Object.keys(rules.inputs));
    const without = iotRoutes(aRegistry()).filter(({ operation }) => !known.has(operation));

    expect(without.map(({ operation }) => operation)).toEqual([]);
  });

  it('have patterns that are ones of JavaScript', () => {
    for (const shape of Object.values(rules.shapes))
      if ('pattern' in shape) expect(() => new RegExp(shape.pattern, 'u')).not.toThrow();
  });

  const roleArn = 'arn:aws:iam::123456789012:role/mitigate';
  const profile = { securityProfileName: 'p' };
  it.each([
    [
      'a token that is missing',
      new CreateCustomMetricCommand({ metricName: 'm', metricType: 'number', clientRequestToken: '' }),
    ],
    [
      'a name that no other call would take',
      new CreateThingCommand({ thingName: 'x', billingGroupName: 'a b' }),
    ],
    [
      'a tag that is too long',
      new CreateSecurityProfileCommand({ ...profile, tags: [{ Key: 'k', Value: 'x'.repeat(257) }] }),
    ],
    [
      'a target of alerts that none is',
      new CreateSecurityProfileCommand({
        ...profile,
        alertTargets: { MAIL: { alertTargetArn: 'a', roleArn } } as never,
      }),
    ],
    [
      'half of a setting',
      new CreateMitigationActionCommand({
        actionName: 'a',
        roleArn,
        actionParams: { addThingsToThingGroupParams: { thingGroupNames: [] } },
      }),
    ],
    ['a name in the path, before it is looked up', new CancelJobCommand({ jobId: 'no job' })],
    [
      'a name in the query, before it is looked up',
      new GetEffectivePoliciesCommand({ thingName: 'no thing' }),
    ],
    ['a name in the query of a list', new ListActiveViolationsCommand({ securityProfileName: 'a b' })],
    ['a number in the query', new ListThingPrincipalsCommand({ thingName: 'mything1', maxResults: 251 })],
    [
      'a status that is none',
      new UpdateCertificateCommand({ certificateId: 'a'.repeat(64), newStatus: 'OFF' as never }),
    ],
    [
      'text with a line break',
      new PutVerificationStateOnViolationCommand({
        violationId: 'v',
        verificationState: 'UNKNOWN',
        verificationStateDescription: 'a\nb',
      }),
    ],
    [
      'a description of 501 characters',
      new UpdateProvisioningTemplateCommand({ templateName: 't', description: 'x'.repeat(501) }),
    ],
    [
      'a group of the wrong type',
      new AddThingToThingGroupCommand({ thingName: 'mything1', thingGroupName: ['g'] as never }),
    ],
  ])('refuse %s', async (_what, command) => {
    expect(await errorOf(send(command as never))).toBe('400 InvalidRequestException');
  });

  it('name the member, and the rule that it breaks', async () => {
    await expect(send(new CancelJobCommand({ jobId: 'no job' }))).rejects.toThrow(
      "1 validation error detected: Value 'no job' at 'jobId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
    );
  });
});
