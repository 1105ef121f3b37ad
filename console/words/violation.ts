/** What a metric's value is, in words. Everything in it may be a device's text. */
export type MetricValue = Readonly<Record<string, unknown>>;

interface Criteria {
  readonly comparisonOperator?: string;
  readonly value?: MetricValue;
  readonly durationSeconds?: number;
  readonly statisticalThreshold?: { readonly statistic?: string };
  readonly mlDetectionConfig?: { readonly confidenceLevel?: string };
}

const comparisons: Readonly<Record<string, (limit: string) => string>> = {
  'less-than': (limit) => `less than ${limit} is normal`,
  'less-than-equals': (limit) => `at most ${limit} is normal`,
  'greater-than': (limit) => `more than ${limit} is normal`,
  'greater-than-equals': (limit) => `at least ${limit} is normal`,
  'in-set': (limit) => `normal is only ${limit}`,
  'not-in-set': (limit) => `never normal is ${limit}`,
  'in-cidr-set': (limit) => `normal is only within ${limit}`,
  'not-in-cidr-set': (limit) => `never normal is within ${limit}`,
  'in-port-set': (limit) => `normal is only port ${limit}`,
  'not-in-port-set': (limit) => `never normal is port ${limit}`,
};

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

export function writeCriteria(text: string | undefined): string | undefined {
  const criteria = readCriteria(text);
  if (!criteria) return text === undefined || text === '' ? undefined : `normal is: ${text}`;
  const {
    comparisonOperator = '',
    value,
    durationSeconds,
    statisticalThreshold,
    mlDetectionConfig,
  } = criteria;
  if (mlDetectionConfig)
    return `Device Defender’s model finds it unusual (${mlDetectionConfig.confidenceLevel ?? 'unknown'} confidence)`;
  if (statisticalThreshold)
    return `unusual for the fleet (${statisticalThreshold.statistic ?? 'statistic'}${writeSpan(durationSeconds)})`;
  const compare = comparisons[comparisonOperator];
  return `${compare ? compare(writeValue(value)) : `normal is ${comparisonOperator} ${writeValue(value)}`}${writeSpan(durationSeconds)}`;
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

function writeSpan(seconds: number | undefined): string {
  return seconds === undefined ? '' : ` within ${seconds} s`;
}
