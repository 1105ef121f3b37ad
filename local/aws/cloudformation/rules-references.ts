import { isRecord } from '../wire/json';

const pseudoParameters = new Set(
  [
    'Region',
    'AccountId',
    'Partition',
    'StackName',
    'StackId',
    'URLSuffix',
    'NotificationARNs',
    'NoValue',
  ].map((name) => `AWS::${name}`),
);
const conditionFunctions = new Set(['Fn::And', 'Fn::Or', 'Fn::Not', 'Fn::Equals', 'Condition']);
const valueFunctions = new Set(
  [
    'Base64',
    'Cidr',
    'FindInMap',
    'GetAtt',
    'GetAZs',
    'If',
    'ImportValue',
    'Join',
    'Select',
    'Split',
    'Sub',
  ].map((name) => `Fn::${name}`),
);

interface Names {
  readonly parameters: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  readonly conditions: ReadonlySet<string>;
  /** The place that a fault names, such as `the Resources block of the template`. */
  readonly block: string;
}

/** Finds references to missing names, in both branches of each Fn::If, and circular dependencies of resources. */
export function* findReferenceFaults(template: Readonly<Record<string, unknown>>): Generator<string> {
  const section = (name: string) =>
    isRecord(template[name]) ? (template[name] as Record<string, unknown>) : {};
  const names = (block: string, resources: readonly string[] = Object.keys(section('Resources'))): Names => ({
    parameters: new Set(Object.keys(section('Parameters'))),
    resources: new Set(resources),
    conditions: new Set(Object.keys(section('Conditions'))),
    block: `the ${block} block of the template`,
  });
  for (const [name, condition] of Object.entries(section('Conditions')))
    yield* walkCondition(condition, `/Conditions/${name}`, names('Conditions', []));
  const inResources = names('Resources');
  const needs = new Map<string, ReadonlySet<string>>();
  for (const [id, resource] of Object.entries(section('Resources'))) {
    if (!isRecord(resource)) continue;
    const needed = new Set<string>();
    yield* findCondition(resource.Condition, inResources);
    for (const other of [resource.DependsOn ?? []].flat()) {
      if (inResources.resources.has(String(other))) needed.add(String(other));
      else yield unresolved(String(other), inResources);
    }
    yield* walk(resource.Properties ?? {}, `/Resources/${id}/Properties`, inResources, needed);
    needs.set(id, needed);
  }
  for (const [name, output] of Object.entries(section('Outputs'))) {
    if (!isRecord(output)) continue;
    yield* findCondition(output.Condition, names('Outputs'));
    yield* walk(output.Value, `/Outputs/${name}/Value`, names('Outputs'), new Set());
    if (isRecord(output.Export))
      yield* walk(output.Export, `/Outputs/${name}/Export`, names('Outputs', []), new Set());
  }
  const circle = findCircle(needs);
  if (circle.length > 0) yield `Circular dependency between resources: [${circle.join(', ')}]`;
}

function unresolved(name: string, { block }: Names): string {
  return `Template format error: Unresolved resource dependencies [${name}] in ${block}`;
}

function* findCondition(name: unknown, { conditions, block }: Names): Generator<string> {
  if (name !== undefined && !conditions.has(String(name)))
    yield `Template format error: Unresolved condition dependency ${String(name)} in ${block}`;
}

function* walk(value: unknown, path: string, names: Names, needed: Set<string>): Generator<string> {
  if (value === null || value === undefined)
    return yield `Template format error: [${path}] 'null' values are not allowed in templates`;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* walk(item, `${path}/${index}`, names, needed);
    return;
  }
  if (!isRecord(value)) return;
  const [[key = '', argument] = []] = Object.entries(value);
  const isFunction = key === 'Ref' || key.startsWith('Fn::');
  if (!isFunction) {
    for (const [name, inner] of Object.entries(value)) yield* walk(inner, `${path}/${name}`, names, needed);
    return;
  }
  if (Object.keys(value).length > 1) yield `Template format error: [${path}] ${key} must stand alone`;
  if (key !== 'Ref' && !valueFunctions.has(key))
    yield `Template error: Unrecognized function ${key} at [${path}]`;
  yield* walkFunction(key, argument, path, names, needed);
}

function* walkFunction(
  key: string,
  argument: unknown,
  path: string,
  names: Names,
  needed: Set<string>,
): Generator<string> {
  if (key === 'Ref') return yield* findReference(String(argument), names, needed);
  if (key === 'Fn::GetAtt') {
    const [id = ''] = typeof argument === 'string' ? argument.split('.') : [argument].flat().map(String);
    if (names.resources.has(id)) needed.add(id);
    else yield `Template error: instance of Fn::GetAtt references undefined resource ${id}`;
    return;
  }
  if (key === 'Fn::If') {
    const [condition, ...branches] = Array.isArray(argument) ? argument : [];
    yield* findCondition(condition, names);
    if (branches.length !== 2) yield `Template error: Fn::If at [${path}] takes a condition and two values`;
    return yield* walk(branches, path, names, needed);
  }
  if (key !== 'Fn::Sub') return yield* walk(argument, path, names, needed);
  const [text, variables = {}] = [argument].flat();
  yield* walk(variables, path, names, needed);
  const own = new Set(isRecord(variables) ? Object.keys(variables) : []);
  for (const [, literal, name = ''] of String(text).matchAll(/\$\{(!?)([^}]*)\}/g)) {
    if (literal || own.has(name)) continue;
    if (!/^[a-zA-Z0-9.:]+$/.test(name))
      yield 'Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons';
    else yield* findReference(name.split('.')[0] ?? '', names, needed);
  }
}

function* findReference(name: string, names: Names, needed: Set<string>): Generator<string> {
  if (names.parameters.has(name) || pseudoParameters.has(name)) return;
  if (names.resources.has(name)) needed.add(name);
  else yield unresolved(name, names);
}

function* walkCondition(value: unknown, path: string, names: Names): Generator<string> {
  const [[key = '', argument] = []] = Object.entries(isRecord(value) ? value : {});
  if (!conditionFunctions.has(key))
    return yield `Template format error: Conditions can only be boolean operations on parameters and other conditions [${path}]`;
  if (key === 'Condition') return yield* findCondition(argument, names);
  const list = [argument].flat();
  if (key === 'Fn::Equals') return yield* walk(list, path, names, new Set());
  for (const item of list) yield* walkCondition(item, path, names);
}

/** The resources of one circle, or none. */
function findCircle(needs: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const done = new Set<string>();
  const visit = (id: string, above: readonly string[]): readonly string[] => {
    const start = above.indexOf(id);
    if (start >= 0) return above.slice(start);
    if (done.has(id)) return [];
    done.add(id);
    for (const next of needs.get(id) ?? []) {
      const circle = visit(next, [...above, id]);
      if (circle.length > 0) return circle;
    }
    return [];
  };
  for (const id of needs.keys()) {
    const circle = visit(id, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
