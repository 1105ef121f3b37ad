import { applyAccountRules } from '../template/account-rules';
import type { Tags } from '../template/tags';
import { addDeletionGuard, type CompiledResource, type CompiledResources } from './add-deletion-guard';

/** Completes the template that osls compiled, in place; a complete one stays as it is. */
export function completeTemplate({ Resources }: { readonly Resources: CompiledResources }, tags: Tags): void {
  applyAccountRules(Resources, tags);
  addDeletionGuard(Resources);
  for (const resource of Object.values(Resources)) dropImplied(resource);
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
