export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object a JSON text holds; undefined where it holds something else or is no JSON. */
export function parseJsonObject(text: string | Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
