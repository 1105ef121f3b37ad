/** A metric's value in words. Everything in it may be a device's text. */
export type MetricValue = Readonly<Record<string, unknown>>;

interface Criteria {
  readonly value?: MetricValue;
}

/** `1`, or `22, 8080 and 3 more`. */
export function writeValue(value: MetricValue | undefined): string {
  const [item] = Object.values(value ?? {});
  if (item === undefined) return 'unknown';
  if (!Array.isArray(item)) return typeof item === 'number' ? writeNumber(item) : String(item);
  if (item.length === 0) return 'none';
  const shown = item.slice(0, 5).map(String).join(', ');
  return item.length > 5 ? `${shown} and ${item.length - 5} more` : shown;
}

/** Criteria arrive as the JSON that the detector judged by. */
function readCriteria(text: string | undefined): Criteria | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Criteria) : undefined;
  } catch {
    return undefined;
  }
}

/** The limit to draw in a chart of numbers. */
export function findThreshold(text: string | undefined): number | undefined {
  const limit = readCriteria(text)?.value;
  const [value] = Object.values(limit ?? {});
  return typeof value === 'number' ? value : undefined;
}

export function writeNumber(value: number): string {
  return new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 }).format(value);
}
