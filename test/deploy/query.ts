/** Form fields `Parameters.member.1.ParameterKey=x` -> `[{ ParameterKey: 'x' }]`, by the AWS Query protocol. */
export function readMembers(form: URLSearchParams, name: string): Record<string, string>[] {
  const members: Record<string, string>[] = [];
  for (const [key, value] of form) {
    const [, index, field = ''] = new RegExp(`^${name}\\.member\\.(\\d+)(?:\\.(\\w+))?$`).exec(key) ?? [];
    if (index === undefined) continue;
    members[Number(index) - 1] = { ...members[Number(index) - 1], [field]: value };
  }
  return members;
}

type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [key: string]: Xml };

/** A list is written as `<member>`s. */
export function writeXml(value: Xml): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => `<member>${writeXml(item)}</member>`).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => `<${key}>${writeXml(inner)}</${key}>`)
      .join('');
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
