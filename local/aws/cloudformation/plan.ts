import { markUnknown, resolveValue, type Scope } from './intrinsics';
import { findLimitProblems } from './limits';
import type { ResourceType } from './resources/resource-type';
import type { Template, TemplateResource, TemplateScope } from './template';

export interface PlannedResource {
  readonly logicalId: string;
  readonly template: TemplateResource;
  readonly type: ResourceType;
  readonly dependsOn: ReadonlySet<string>;
}

/**
 * Reads the whole template before anything is created: which resources there will be, on which others each depends,
 * and everything that cannot work here. Values of resources are not known yet and are marked as such.
 */
export function planResources(
  template: Template,
  scope: TemplateScope,
  findType: (type: string) => ResourceType | undefined,
  problems: string[],
): PlannedResource[] {
  const active = Object.entries(template.Resources).filter(([logicalId, { Condition }]) => {
    if (Condition === undefined) return true;
    if (!Object.hasOwn(scope.conditions, Condition)) {
      problems.push(`${logicalId}: condition ${Condition} is not defined`);
    }
    return scope.conditions[Condition] === true;
  });
  const types = new Map<string, ResourceType>();
  for (const [logicalId, { Type }] of active) {
    const type = findType(Type);
    if (type) types.set(logicalId, type);
    else
      problems.push(
        `${logicalId}: resource type ${Type} is not emulated locally: add it to local/aws/cloudformation/resources/catalog.ts`,
      );
  }
  const names = new Set(active.map(([logicalId]) => logicalId));
  const planned = active.flatMap(([logicalId, resource]) => {
    const type = types.get(logicalId);
    if (!type) return [];
    const dependsOn = planResource(logicalId, resource, type, { template, scope, types, names, problems });
    return [{ logicalId, template: resource, type, dependsOn }];
  });
  const cycle = findCycle(planned);
  if (cycle) problems.push(`Resources depend on each other in a circle: ${cycle.join(' -> ')}`);
  return planned;
}

interface Planning {
  readonly template: Template;
  readonly scope: TemplateScope;
  readonly types: ReadonlyMap<string, ResourceType>;
  readonly names: ReadonlySet<string>;
  readonly problems: string[];
}

function planResource(
  logicalId: string,
  resource: TemplateResource,
  type: ResourceType,
  { template, scope, types, names, problems }: Planning,
): Set<string> {
  const dependsOn = new Set<string>();
  const label = `${logicalId} (${resource.Type})`;
  for (const name of [resource.DependsOn ?? []].flat()) {
    if (names.has(name)) dependsOn.add(name);
    else problems.push(`${label}: DependsOn names no resource: ${name}`);
  }
  const note = (name: string, value: string) => {
    dependsOn.add(name);
    return markUnknown(value);
  };
  const properties = resolveValue(resource.Properties ?? {}, 'Properties', {
    ref: (name) => {
      if (names.has(name)) return note(name, name);
      return Object.hasOwn(scope.parameters, name) ? scope.parameters[name] : undefined;
    },
    getAtt: (name, attribute) => {
      const known = types.get(name)?.attributes;
      // A resource of unknown type has been reported already.
      const exists = names.has(name) && (!known || known === 'any' || known.includes(attribute));
      return exists ? note(name, `${name}.${attribute}`) : undefined;
    },
    condition: (name) => scope.conditions[name],
    mappings: template.Mappings ?? {},
    report: (path, message) => problems.push(`${label}: ${path}: ${message}`),
  });
  for (const problem of [...type.check(properties), ...findLimitProblems(resource.Type, properties)])
    problems.push(`${label}: ${problem}`);
  return dependsOn;
}

/** The scope in which a resource is created: all that it depends on exists by then. */
export function openResourceScope(
  template: Template,
  scope: TemplateScope,
  created: ReadonlyMap<
    string,
    { readonly physicalId: string; readonly attributes: Readonly<Record<string, unknown>> }
  >,
  report: Scope['report'],
): Scope {
  return {
    ref: (name) =>
      created.get(name)?.physicalId ??
      (Object.hasOwn(scope.parameters, name) ? scope.parameters[name] : undefined),
    getAtt: (name, attribute) => created.get(name)?.attributes[attribute],
    condition: (name) => scope.conditions[name],
    mappings: template.Mappings ?? {},
    report,
  };
}

function findCycle(planned: readonly PlannedResource[]): string[] | undefined {
  const byId = new Map(planned.map((resource) => [resource.logicalId, resource]));
  const done = new Set<string>();

  function visit(logicalId: string, path: readonly string[]): string[] | undefined {
    const start = path.indexOf(logicalId);
    if (start >= 0) return [...path.slice(start), logicalId];
    if (done.has(logicalId)) return undefined;
    for (const next of byId.get(logicalId)?.dependsOn ?? []) {
      const cycle = visit(next, [...path, logicalId]);
      if (cycle) return cycle;
    }
    done.add(logicalId);
    return undefined;
  }

  for (const { logicalId } of planned) {
    const cycle = visit(logicalId, []);
    if (cycle) return cycle;
  }
  return undefined;
}
