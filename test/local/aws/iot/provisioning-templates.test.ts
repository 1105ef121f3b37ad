import { CreateProvisioningTemplateCommand, UpdateProvisioningTemplateCommand } from '@aws-sdk/client-iot';
import { errorOf, prefix } from './builders';
import { registry, send, useControlPlane } from './plane';

useControlPlane();

const templateName = 'fleet';
const templateBody = JSON.stringify({ Resources: { thing: { Type: 'AWS::IoT::Thing', Properties: {} } } });
const provisioningRoleArn = 'arn:aws:iam::123456789012:role/provisioning';
const create = (body = templateBody) =>
  send(new CreateProvisioningTemplateCommand({ templateName, templateBody: body, provisioningRoleArn }));
const isEnabled = () => registry.state.provisioningTemplates.get(templateName)?.enabled;

describe('provisioning templates', () => {
  it('are disabled until they are enabled', async () => {
    expect(await create()).toMatchObject({
      templateArn: `${prefix}provisioningtemplate/fleet`,
      defaultVersionId: 1,
    });
    expect(isEnabled()).toBe(false);

    await send(new UpdateProvisioningTemplateCommand({ templateName, enabled: true }));
    expect(isEnabled()).toBe(true);
    const other = new UpdateProvisioningTemplateCommand({ templateName: 'other', enabled: true });
    expect(await errorOf(send(other))).toBe('404 ResourceNotFoundException');
  });

  it('are refused a second time, and with an invalid body', async () => {
    for (const body of ['{', '{}', '{"Resources":[]}', 'null'])
      expect(await errorOf(create(body))).toBe('400 InvalidRequestException');
    await create();

    expect(await errorOf(create())).toBe('409 ResourceAlreadyExistsException');
  });
});
