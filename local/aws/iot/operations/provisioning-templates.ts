import * as z from 'zod/mini';
import { findTemplate } from '../provisioning-templates';
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

function describeTemplate(registry: IotRegistry, name: string) {
  const { arn, templateName, body, enabled, hookArn } = findTemplate(registry.state, name);
  return {
    templateArn: arn,
    templateName,
    templateBody: body,
    enabled,
    defaultVersionId: 1,
    type: 'FLEET_PROVISIONING',
    ...(hookArn !== undefined && { preProvisioningHook: { targetArn: hookArn } }),
  };
}

/** Templates of fleet provisioning with one version each. The provisioning role is taken and not enforced. */
export function provisioningTemplateRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { arns } = registry.state;
  const readName = (call: IotCall) => readParam(call, 'templateName');
  const one = routesAt('/provisioning-templates/{templateName}', (call) => [
    arns.build('provisioningtemplate', readName(call)),
  ]);
  const all = routesAt('/provisioning-templates');
  return [
    all('CreateProvisioningTemplate', 'POST', (call) => createTemplate(registry, call)),
    one('DescribeProvisioningTemplate', 'GET', (call) => describeTemplate(registry, readName(call))),
    one('UpdateProvisioningTemplate', 'PATCH', (call) => {
      const { enabled } = readBody(UpdateTemplate, call);
      if (enabled !== undefined) registry.provisioningTemplates.setEnabled(readName(call), enabled);
      return {};
    }),
    one('DeleteProvisioningTemplate', 'DELETE', (call) => {
      registry.provisioningTemplates.delete(readName(call));
      return {};
    }),
  ];
}
