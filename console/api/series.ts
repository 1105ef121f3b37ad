import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Live, useLive } from './live';
import type { MetricAnswer } from './types';

const pageSize = 1_000;
/** More values than a chart has pixels. */
const mostPages = 10;

interface Pages {
  readonly key: string;
  /** Where the last page begins. */
  readonly from: number;
  readonly before: readonly MetricAnswer[];
}

/** All values of a metric in a time, whatever number of pages they take. Only the last page is read again and again. */
export function useSeries(path: string, from: number, to: number | undefined): Live<MetricAnswer> {
  const key = `${path} ${from} ${to}`;
  const first: Pages = { key, from, before: [] };
  const [state, setState] = useState(first);
  const pages = state.key === key ? state : first;
  const query = new URLSearchParams({ limit: String(pageSize), from: String(Math.floor(pages.from)) });
  if (to !== undefined) query.set('to', String(Math.ceil(to)));
  const live = useLive<MetricAnswer>(`${path}?${query}`, 10_000);
  const last = live.value;
  useEffect(() => {
    if (last?.nextFrom === undefined || pages.before.length >= mostPages - 1) return;
    setState({ key, from: last.nextFrom, before: [...pages.before, last] });
  }, [last]);
  const value = useMemo(() => join(last ? [...pages.before, last] : pages.before), [pages.before, last]);
  return { ...live, ...(value && { value }) };
}

function join(pages: readonly MetricAnswer[]): MetricAnswer | undefined {
  const last = pages.at(-1);
  if (!last || pages.length === 1) return last;
  // The marks of a page are those since it begins.
  const marks = new Map(
    pages.flatMap((page) => page.marks ?? []).map((mark) => [`${mark.kind} ${mark.at}`, mark]),
  );
  return { ...last, datapoints: pages.flatMap(({ datapoints }) => datapoints), marks: [...marks.values()] };
}
