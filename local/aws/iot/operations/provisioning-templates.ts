import * as z from 'zod/mini';
import type { IotRegistry } from '../registry';
import { type IotCall, type IotRoute, readBody, readParam, routesAt } from './route';

const CreateTemplate = z.object({
  templateName: z.string(),
  templateBody: z.string(),
  provisioningRoleArn: z.string(),
  enabled: z.exactOptional(z.boolean()),
  preProvisioningHook: z.exactOptional(z.object({ targetArn: z.string() })),
});

const UpdateTemplate = z.object({ enabled: z.exactOptional(z.boolean()) });

function createTemplate(registry: IotRegistry, call: IotCall) {
  const { templateName, templateBody, enabled, preProvisioningHook } = readBody(CreateTemplate, call);
  const { arn } = registry.provisioningTemplates.create(templateName, {
    body: templateBody,
    enabled,
    hookArn: preProvisioningHook?.targetArn,
  });
  return { templateArn: arn, templateName, defaultVersionId: 1 };
}

/** Templates of fleet provisioning with one version each. The provisioning role is taken and not enforced. */
export function provisioningTemplateRoutes(registry: IotRegistry): readonly IotRoute[] {
  const readName = (call: IotCall) => readParam(call, 'templateName');
  const one = routesAt('/provisioning-templates/{templateName}', (call) => [
    registry.state.arns.build('provisioningtemplate', readName(call)),
  ]);
  const all = routesAt('/provisioning-templates');
  return [
    all('CreateProvisioningTemplate', 'POST', (call) => createTemplate(registry, call)),
    one('UpdateProvisioningTemplate', 'PATCH', (call) => {
      const { enabled } = readBody(UpdateTemplate, call);
      if (enabled !== undefined) registry.provisioningTemplates.setEnabled(readName(call), enabled);
      return {};
    }),
  ];
}
