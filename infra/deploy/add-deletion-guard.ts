export interface CompiledResource {
  readonly Type: string;
  DependsOn?: string | readonly string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  readonly Condition?: string;
  Properties?: Record<string, unknown>;
}

export type CompiledResources = Record<string, CompiledResource>;

/** Has the guard depend on every other resource, in place, so that CloudFormation deletes the guard first. */
export function addDeletionGuard(resources: CompiledResources): void {
  const guard = requireResource(resources, 'DeletionGuard');
  keepLogOfDeletion(resources);
  stopBeforeDeletion(resources);
  // A conditional resource may not exist, and CloudFormation allows no dependency on it.
  guard.DependsOn = Object.keys(resources).filter(
    (id) => id !== 'DeletionGuard' && resources[id]?.Condition === undefined,
  );
}

/**
 * The log of what is abandoned with the stack outlives the stack. CloudFormation chooses its name, so it blocks no later
 * stack.
 */
function keepLogOfDeletion(resources: CompiledResources): void {
  const logGroup = requireResource(resources, 'ProvisionLogGroup');
  logGroup.DeletionPolicy = 'RetainExceptOnCreate';
  logGroup.UpdateReplacePolicy = 'Delete';
  const { Properties = {} } = logGroup;
  delete Properties.LogGroupName;
  Properties.RetentionInDays = 365;
  const { Properties: ofFunction = {} } = requireResource(resources, 'ProvisionLambdaFunction');
  ofFunction.LoggingConfig = { LogGroup: { Ref: 'ProvisionLogGroup' } };
}

/** Triggers are deleted before the deny policy; otherwise the functions would create the policy again. */
function stopBeforeDeletion(resources: CompiledResources): void {
  for (const resource of Object.values(resources))
    if (['AWS::Lambda::EventSourceMapping', 'AWS::Events::Rule'].includes(resource.Type))
      resource.DependsOn = [...new Set([resource.DependsOn ?? [], 'QuarantineAttachment'].flat())];
}

function requireResource(resources: CompiledResources, id: string): CompiledResource {
  const resource = resources[id];
  if (!resource)
    throw new Error(
      `the compiled template has no ${id}: it comes from infra/ and from the function "provision" of serverless.yml`,
    );
  return resource;
}
