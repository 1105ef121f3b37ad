import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import type { DeployedTemplate, TemplateBody } from '../as-deployed/template';

/** What CloudFormation deployed. */
export function connectTemplates(settings: object) {
  const cloudFormation = new CloudFormationClient(settings);
  return async (StackName: string): Promise<DeployedTemplate | undefined> => {
    const [{ Stacks: [stack] = [] }, { TemplateBody: text = '' }] = await Promise.all([
      cloudFormation.send(new DescribeStacksCommand({ StackName })),
      cloudFormation.send(new GetTemplateCommand({ StackName })),
    ]);
    const physicalIds = new Map<string, string>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources(
      { client: cloudFormation },
      { StackName },
    ))
      for (const { LogicalResourceId, PhysicalResourceId } of StackResourceSummaries)
        if (LogicalResourceId && PhysicalResourceId) physicalIds.set(LogicalResourceId, PhysicalResourceId);
    if (!stack?.StackId) return undefined;
    const parameters = (stack.Parameters ?? []).map(
      ({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue] as const,
    );
    return {
      stackId: stack.StackId,
      body: JSON.parse(text) as TemplateBody,
      parameters: Object.fromEntries(parameters),
      physicalIds,
    };
  };
}
