import { useMemo } from 'preact/hooks';
import { thingPath } from '../api/client';
import { useSeries } from '../api/series';
import type { MetricAnswer } from '../api/types';
import { writeAbsolute } from '../words/time';
import { findThreshold, writeNumber, writeValue } from '../words/violation';
import { Chart, ChartPlace, type Mark } from './chart';
import { Pending } from './notice';
import { useSteady } from './steady';

interface MetricProps {
  readonly thingName: string;
  readonly metric: string;
  readonly threshold?: number;
  readonly marks?: readonly Mark[];
  /** Epoch ms. */
  readonly from: number;
  readonly to?: number;
  /** Whether the last value holds until now, and not until the last mark. */
  readonly isToNow?: boolean;
  /** Whether values of this time are kept: what is below leaves their place free while they are read. */
  readonly isKept: boolean;
}

const mostListed = 50;

/** A metric's values as a chart, and as a table for people who can't see it. */
export function Metric({
  thingName,
  metric,
  threshold: known,
  marks: given,
  from,
  to,
  isToNow = false,
  isKept,
}: MetricProps) {
  const path = `/things/${thingPath(thingName)}/metrics/${encodeURIComponent(metric)}`;
  const live = useSeries(path, from, to);
  const series = useSteady(live.value, `${path} ${from}`);
  const points = series?.datapoints;
  const marks = useMemo(() => given ?? (series?.marks ?? []).flatMap(readMark), [given, series?.marks]);
  const criteria = series?.behaviors?.find((one) => one.criteria)?.criteria;
  const threshold = known ?? (criteria && findThreshold(JSON.stringify(criteria)));
  const { times, values } = useMemo(
    () => holdLast(points ?? [], isToNow ? [Date.now()] : marks.map(({ at }) => at)),
    [points, marks],
  );
  if (!points && isKept && !live.error)
    return (
      <>
        <ChartPlace>
          <Pending live={live} what="values" />
        </ChartPlace>
        <details>
          <summary>The values</summary>
        </details>
      </>
    );
  if (!points) return <Pending live={live} what="values" />;
  if (points.length === 0) return <p class="quiet">No value of {metric} is kept for this time.</p>;
  const isNumeric = values.some((value) => value !== null);
  return (
    <>
      {isNumeric && (
        <Chart
          label={describe(metric, values.slice(0, points.length), threshold, marks)}
          times={times}
          values={values}
          marks={marks}
          {...(threshold !== undefined && { threshold })}
        />
      )}
      <details open={!isNumeric}>
        <summary>
          {points.length > mostListed ? `The newest ${mostListed} of ${points.length} values` : 'The values'}
        </summary>
        <table class="values">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {points
              .slice(-mostListed)
              .reverse()
              .map(({ at, value }) => (
                <tr key={at}>
                  <td>{writeAbsolute(at)}</td>
                  <td>{writeValue(value)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

const tones = { alarm: 'danger', contained: 'held', released: 'good' } as const;

/** The mark of a closed case would repeat the mark of its release. */
function readMark({ at, kind }: NonNullable<MetricAnswer['marks']>[number]): Mark[] {
  return kind === 'closed' ? [] : [{ at, label: kind, tone: tones[kind] }];
}

/** The last value holds until the last of the times: nothing else was reported. */
function holdLast(points: MetricAnswer['datapoints'], until: readonly number[]) {
  const times = points.map(({ at }) => at);
  const values = points.map(({ value }) => numberOf(value));
  const end = Math.max(...until);
  const isHeld = times.length > 0 && end > (times.at(-1) ?? 0);
  return isHeld ? { times: [...times, end], values: [...values, values.at(-1) ?? null] } : { times, values };
}

function numberOf(value: Readonly<Record<string, unknown>>): number | null {
  const [item] = Object.values(value);
  return typeof item === 'number' ? item : Array.isArray(item) ? item.length : null;
}

function describe(
  metric: string,
  values: readonly (number | null)[],
  threshold: number | undefined,
  marks: readonly Mark[],
): string {
  const numbers = values.filter((value) => value !== null);
  const limit = threshold === undefined ? '' : `, threshold ${writeNumber(threshold)}`;
  const marked = marks.map(({ label, at }) => `, ${label} at ${writeAbsolute(at)}`).join('');
  return `${metric}: ${numbers.length} values from ${writeNumber(Math.min(...numbers))} to ${writeNumber(Math.max(...numbers))}${limit}${marked}`;
}
