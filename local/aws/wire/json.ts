export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bodies already read: a request's is looked at for IAM and again by its service. */
const known = new WeakMap<Buffer, Readonly<Record<string, unknown>> | undefined>();

/** The object a JSON text holds; undefined if it holds something else or is no JSON. */
export function parseJsonObject(text: string | Buffer): Readonly<Record<string, unknown>> | undefined {
  if (typeof text === 'string') return read(text);
  if (!known.has(text)) known.set(text, read(text.toString()));
  return known.get(text);
}

function read(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
