import {
  CreateProvisioningTemplateCommand,
  DeleteProvisioningTemplateCommand,
  DescribeProvisioningTemplateCommand,
  UpdateProvisioningTemplateCommand,
} from '@aws-sdk/client-iot';
import { errorOf, prefix } from './builders';
import { send, useControlPlane } from './plane';

useControlPlane();

const templateName = 'fleet';
const templateBody = JSON.stringify({ Resources: { thing: { Type: 'AWS::IoT::Thing', Properties: {} } } });
const provisioningRoleArn = 'arn:aws:iam::123456789012:role/provisioning';
const create = (body = templateBody) =>
  send(new CreateProvisioningTemplateCommand({ templateName, templateBody: body, provisioningRoleArn }));
const describeIt = () => send(new DescribeProvisioningTemplateCommand({ templateName }));

describe('provisioning templates', () => {
  it('are off until they are turned on, and gone when they are deleted', async () => {
    expect(await create()).toMatchObject({
      templateArn: `${prefix}provisioningtemplate/fleet`,
      defaultVersionId: 1,
    });
    expect(await describeIt()).toMatchObject({ templateName, templateBody, enabled: false });

    await send(new UpdateProvisioningTemplateCommand({ templateName, enabled: true }));
    expect((await describeIt()).enabled).toBe(true);

    await send(new DeleteProvisioningTemplateCommand({ templateName }));
    expect(await errorOf(describeIt())).toBe('404 ResourceNotFoundException');
    expect(await errorOf(send(new DeleteProvisioningTemplateCommand({ templateName })))).toBe(
      '404 ResourceNotFoundException',
    );
  });

  it('are refused twice, and with a body that is none', async () => {
    await create();

    expect(await errorOf(create())).toBe('409 ResourceAlreadyExistsException');
    await send(new DeleteProvisioningTemplateCommand({ templateName }));
    for (const body of ['{', '{}', '{"Resources":[]}', 'null'])
      expect(await errorOf(create(body))).toBe('400 InvalidRequestException');
  });
});
