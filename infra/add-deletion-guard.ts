import { applyAccountRules } from './account-rules';
import type { Tags } from './tags';

interface Template {
  readonly Resources: Record<string, CompiledResource>;
}

interface CompiledResource {
  readonly Type: string;
  DependsOn?: string | readonly string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  readonly Condition?: string;
  Properties?: Record<string, unknown>;
}

/** Completes the template that osls compiled, in place; a complete one stays as it is. */
export function finishTemplate({ Resources }: Template, tags: Tags): void {
  const guard = requireResource(Resources, 'DeletionGuard');
  keepLogOfDeletion(Resources);
  applyAccountRules(Resources, tags);
  stopBeforeDeletion(Resources);
  // A conditional resource may not exist, and CloudFormation allows no dependency on it.
  guard.DependsOn = Object.keys(Resources).filter(
    (id) => id !== 'DeletionGuard' && Resources[id]?.Condition === undefined,
  );
  for (const resource of Object.values(Resources)) dropImplied(resource);
}

/**
 * The log of what is abandoned with the stack outlives the stack. CloudFormation chooses its name, so it blocks no later
 * stack.
 */
function keepLogOfDeletion(resources: Template['Resources']): void {
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
function stopBeforeDeletion(resources: Template['Resources']): void {
  for (const resource of Object.values(resources))
    if (['AWS::Lambda::EventSourceMapping', 'AWS::Events::Rule'].includes(resource.Type))
      resource.DependsOn = [...new Set([resource.DependsOn ?? [], 'QuarantineAttachment'].flat())];
}

function requireResource(resources: Template['Resources'], id: string): CompiledResource {
  const resource = resources[id];
  if (!resource)
    throw new Error(
      `the compiled template has no ${id}: it comes from infra/ and from the function "provision" of serverless.yml`,
    );
  return resource;
}

/** osls writes DependsOn although a reference implies it; cfn-lint warns about that (W3005). */
function dropImplied(resource: CompiledResource): void {
  if (resource.DependsOn === undefined) return;
  const implied = listReferences(resource.Properties);
  const left = [resource.DependsOn].flat().filter((id) => !implied.has(id));
  if (left.length > 0) resource.DependsOn = left;
  else delete resource.DependsOn;
}

/** Logical ids that a value refers to by Ref, Fn::GetAtt or Fn::Sub. */
function listReferences(value: unknown): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(Object.entries(value).flatMap(([key, inner]) => [...readReference(key, inner)]));
}

function readReference(key: string, inner: unknown): Iterable<string> {
  if (key === 'Ref' && typeof inner === 'string') return [inner];
  if (key === 'Fn::GetAtt') return [String([inner].flat()[0]).split('.')[0] ?? ''];
  if (key === 'Fn::Sub') {
    const [text, more] = [inner].flat();
    const names = [...String(text).matchAll(/\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}/g)].map(
      ([, name = '']) => name,
    );
    return [...names, ...listReferences(more)];
  }
  return listReferences(inner);
}
