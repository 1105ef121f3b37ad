import { isRecord } from '../wire/json';

/** Attributes of a resource that take one of these words. */
export type AttributeRules = Readonly<Record<string, readonly string[]>>;

const attributes = new Set([
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'CreationPolicy',
  'UpdatePolicy',
]);
const outputFields = new Set(['Value', 'Description', 'Export', 'Condition']);

/** Faults outside the properties of resources and the values of outputs. */
export function* findAttributeFaults(
  { Resources, Outputs }: Readonly<Record<string, unknown>>,
  rules: AttributeRules,
): Generator<string> {
  for (const [id, resource] of Object.entries(isRecord(Resources) ? Resources : {})) {
    if (!isRecord(resource) || typeof resource.Type !== 'string') {
      yield `Template format error: [/Resources/${id}] Every Resources object must contain a Type member.`;
      continue;
    }
    if (!/^(AWS::[A-Za-z0-9]+::[A-Za-z0-9]+|Custom::[\w@-]{1,60})$/.test(resource.Type))
      yield `Template format error: Unrecognized resource types: [${resource.Type}]`;
    for (const field of Object.keys(resource))
      if (!attributes.has(field)) yield `Invalid template resource property '${field}' (${id})`;
    for (const [field, words] of Object.entries(rules))
      if (resource[field] !== undefined && !words.includes(String(resource[field])))
        yield `Template format error: Unrecognized ${field} ${String(resource[field])} for resource ${id}`;
  }
  const exported = new Set<string>();
  for (const [name, output] of Object.entries(isRecord(Outputs) ? Outputs : {})) {
    if (!isRecord(output) || output.Value === undefined) {
      yield `Template format error: Output ${name} is malformed. Every Outputs member must contain a Value object`;
      continue;
    }
    for (const field of Object.keys(output))
      if (!outputFields.has(field)) yield `Invalid template output property '${field}' (${name})`;
    if (output.Export === undefined) continue;
    const text = JSON.stringify(output.Export);
    if (exported.has(text)) yield `Template format error: Duplicate Export names: ${text}`;
    exported.add(text);
  }
}
