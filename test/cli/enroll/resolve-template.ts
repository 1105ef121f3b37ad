const parameters: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '123456789012',
  'AWS::StackName': 'lot',
  ThingNamePrefix: 'sensor-',
};

/** A value as CloudFormation would have it, as far as `Fn::Sub` goes. */
function resolve(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  if ('Fn::Sub' in value)
    return String(value['Fn::Sub']).replace(/\$\{(!?)([^}]*)\}/g, (whole, literal, name) =>
      literal ? `\${${name}}` : (parameters[name] ?? whole),
    );
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]));
}

/** The properties of a resource of a template, in account 123456789012 of eu-west-1. */
export function resolveProperties(
  template: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> {
  const resources = template.Resources as Readonly<Record<string, { readonly Properties: unknown }>>;
  return resolve(resources[name]?.Properties) as Readonly<Record<string, unknown>>;
}
