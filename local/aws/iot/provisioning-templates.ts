import { alreadyExists, invalid, notFound } from './errors';
import { requireName } from './names';
import type { IotState, ProvisioningTemplate } from './state';

interface TemplateSettings {
  readonly body: string;
  readonly enabled?: boolean | undefined;
  readonly hookArn?: string | undefined;
}

export interface ProvisioningTemplateStore {
  create(templateName: string, settings: TemplateSettings): ProvisioningTemplate;
  setEnabled(templateName: string, enabled: boolean): void;
}

export function findTemplate(state: IotState, templateName: string): ProvisioningTemplate {
  const template = state.provisioningTemplates.get(requireName('templateName', templateName));
  if (!template) throw notFound(`The provisioning template ${templateName} does not exist.`);
  return template;
}

function readResources(body: string): ProvisioningTemplate['resources'] {
  try {
    const { Resources } = JSON.parse(body) as { readonly Resources?: unknown };
    if (typeof Resources === 'object' && Resources !== null && !Array.isArray(Resources))
      return Resources as ProvisioningTemplate['resources'];
  } catch (cause) {
    throw Object.assign(invalid('templateBody is not JSON.'), { cause });
  }
  throw invalid('templateBody has no Resources.');
}

export function createProvisioningTemplateStore(state: IotState): ProvisioningTemplateStore {
  return {
    create(templateName, { body, enabled = false, hookArn }) {
      requireName('templateName', templateName);
      const arn = state.arns.build('provisioningtemplate', templateName);
      if (state.provisioningTemplates.has(templateName))
        throw alreadyExists('The template exists already.', templateName, arn);
      const template = {
        templateName,
        arn,
        body,
        resources: readResources(body),
        enabled,
        ...(hookArn !== undefined && { hookArn }),
      };
      state.provisioningTemplates.set(templateName, template);
      state.changed();
      return template;
    },
    setEnabled(templateName, enabled) {
      state.provisioningTemplates.set(templateName, { ...findTemplate(state, templateName), enabled });
      state.changed();
    },
  };
}
