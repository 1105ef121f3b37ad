/** Turns CloudFormation's `AwsIotSqlVersion` into the API's `awsIotSqlVersion`, and likewise every key at any depth. */
export function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key.charAt(0).toLowerCase() + key.slice(1),
    lowerKeys(item),
  ]);
  return Object.fromEntries(entries);
}
