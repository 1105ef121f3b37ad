import type { Behavior } from '../../shared/domain/configuration';
import { violates } from '../../shared/domain/detection/criteria';
import type { MetricValue } from '../../shared/domain/findings/violation';
import { printable } from '../../shared/domain/messages/announcement';
import { describeMeasured } from '../../shared/domain/messages/describe-value';
import type { ThingKey } from '../../shared/domain/thing-ref';
import { writeCount } from '../../shared/domain/words';
import type { DatapointPage, DatapointQuery, NewestDatapoint } from '../../shared/storage/datapoints';
import { CliError } from '../cli-error';
import { writeJson } from '../json';
import { writeSparkline } from '../look/sparkline';
import type { Screen } from '../look/style';
import { writeTable } from '../look/table';
import { writeSpan, writeTime } from '../look/times';
import { proposeNearest } from '../nearest';
import { requireThing } from '../require-thing';

export interface MetricFlags {
  /** How far back, ms. */
  readonly since: number;
  readonly json?: boolean;
}

export interface MetricReader {
  listMetrics(thingName: ThingKey): Promise<readonly NewestDatapoint[]>;
  readDatapoints(query: DatapointQuery): Promise<DatapointPage>;
}

/** What a cordon.yml says about a metric. */
export interface Bounds {
  /** The behaviors that bound it, by `PROFILE/NAME`. */
  readonly behaviors: ReadonlyMap<string, Behavior>;
  readonly displayName?: string;
}

/** The metrics of a thing that values are kept of, each with its newest value. */
export async function listMetrics(
  name: string,
  { json }: Pick<MetricFlags, 'json'>,
  reader: Pick<MetricReader, 'listMetrics'>,
  screen: Screen,
  now: number,
): Promise<string> {
  const thingName = requireThing(name);
  const metrics = await reader.listMetrics(thingName);
  if (json) return writeJson({ thingName, metrics });
  if (metrics.length === 0) throw new CliError(noValues(thingName));
  return writeTable(
    metrics,
    [
      { header: 'METRIC', cell: ({ metric }) => metric, atLeast: 20 },
      { header: 'AGE', cell: ({ at }) => writeSpan(now - at), isNumber: true },
      {
        header: 'NEWEST VALUE',
        cell: ({ metric, value }) => describeMeasured({ metric, value }),
        atLeast: 12,
      },
    ],
    screen,
  ).join('\n');
}

/** The values of a metric: a sparkline of the whole time, what is normal, and the newest values. */
export async function showMetric(
  name: string,
  metric: string,
  { since, json }: MetricFlags,
  reader: MetricReader,
  bounds: Bounds,
  screen: Screen,
  now: number,
): Promise<string> {
  const thingName = requireThing(name);
  const from = now - since;
  const values = await readAll({ thingName, metric, from, to: now }, reader);
  if (json) return writeJson({ thingName, metric, from, to: now, values });
  const newest = values.at(-1);
  if (!newest) throw new CliError(await explainNone(thingName, metric, since, reader));
  const measured = { metric, value: newest.value };
  const { behaviors, displayName } = bounds;
  const criteriaOf = [...behaviors].map(
    ([key, { criteria }]) =>
      `${key}: ${describeMeasured({ ...measured, criteria: JSON.stringify(criteria) }, displayName)}`,
  );
  const title = `${metric} of ${thingName}: ${writeCount(values.length, 'value')} since ${writeTime(from)}`;
  const plainly = `newest: ${describeMeasured(measured, displayName)}`;
  return [
    printable(title),
    ...drawValues(values, { from, to: now }, bounds, screen),
    ...(criteriaOf.length > 0 ? criteriaOf : [plainly]).map(printable),
    ...listValues(values, bounds, screen),
  ].join('\n');
}

type Value = DatapointPage['datapoints'][number];

/** Two weeks of one value a minute. */
const mostValues = 20_160;

async function readAll(
  query: Omit<DatapointQuery, 'limit'>,
  { readDatapoints }: Pick<MetricReader, 'readDatapoints'>,
): Promise<Value[]> {
  const found: Value[] = [];
  for (let from: number | undefined = query.from; from !== undefined && found.length < mostValues; ) {
    const page: DatapointPage = await readDatapoints({ ...query, from, limit: 1_000 });
    found.push(...page.datapoints);
    from = page.nextFrom;
  }
  return found;
}

/** A number, or the length of a list. */
function heightOf(value: MetricValue): number {
  const [measured] = Object.values(value);
  return typeof measured === 'number' ? measured : (measured?.length ?? 0);
}

function isBad(value: MetricValue, bounds: Bounds): boolean {
  return [...bounds.behaviors.values()].some(({ criteria }) => violates(value, criteria, undefined) === true);
}

/** A column is the greatest value of its part of the time: a peak must not disappear. */
function drawValues(
  values: readonly Value[],
  { from, to }: { readonly from: number; readonly to: number },
  bounds: Bounds,
  { width = 80, paint }: Screen,
): string[] {
  const count = Math.min(120, width) - 2;
  const columns: { height: number; bad: boolean }[] = [];
  for (const { at, value } of values) {
    const index = Math.min(count - 1, Math.floor(((at - from) / (to - from)) * count));
    const before = columns[index];
    const height = Math.max(heightOf(value), before?.height ?? Number.NEGATIVE_INFINITY);
    columns[index] = { height, bad: (before?.bad ?? false) || isBad(value, bounds) };
  }
  const all = Array.from({ length: count }, (_, index) => columns[index]);
  const heights = values.map(({ value }) => heightOf(value));
  const line = writeSparkline(
    all.map((column) => column?.height),
    heights,
  )
    .map((bar, index) => (all[index]?.bad ? paint('red', bar) : bar))
    .join('');
  const least = heights.reduce((one, other) => Math.min(one, other));
  const most = heights.reduce((one, other) => Math.max(one, other));
  return [`|${line}|`, `least ${least}, greatest ${most}`];
}

const mostListed = 20;

/** The newest values, each different from the one before it, newest first. */
function listValues(values: readonly Value[], bounds: Bounds, screen: Screen): string[] {
  const changes = values.filter(
    ({ value }, index) => JSON.stringify(value) !== JSON.stringify(values[index - 1]?.value),
  );
  return writeTable(
    changes.slice(-mostListed).toReversed(),
    [
      { header: 'SINCE', cell: ({ at }) => writeTime(at) },
      {
        header: 'VALUE',
        cell: ({ value }) => Object.values(value).flat().join(', ') || 'none',
        format: ({ value }) => (isBad(value, bounds) ? 'red' : undefined),
        atLeast: 10,
      },
    ],
    screen,
  );
}

async function explainNone(
  thingName: ThingKey,
  metric: string,
  since: number,
  { listMetrics: list }: Pick<MetricReader, 'listMetrics'>,
): Promise<string> {
  const known = (await list(thingName)).map((one) => one.metric);
  if (known.length === 0) return noValues(thingName);
  return known.includes(metric)
    ? `${thingName} has no value of ${metric} in the last ${writeSpan(since)}: ask further back with --since 7d`
    : [`${thingName} has no values of ${metric}, but of ${known.join(', ')}`, proposeNearest(metric, known)]
        .filter(Boolean)
        .join(' ');
}

/** The table keeps values of the metrics that behaviors and additionalMetricsToRetain name, for 14 days. */
function noValues(thingName: ThingKey): string {
  return `no values of ${thingName} are stored: Cordon's own detector stores those of its behaviors, and of additionalMetricsToRetain, for 14 days`;
}
