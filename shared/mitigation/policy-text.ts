/**
 * Whether two policy documents mean the same. AWS may return one with other white space or with its keys in another
 * order.
 */
export function isSameDocument(one: string, other: string): boolean {
  return normalize(one) === normalize(other);
}

function normalize(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document), sortKeys);
  } catch {
    return document;
  }
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
