import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Mark {
  readonly at: number;
  readonly label: string;
  readonly tone: 'danger' | 'held' | 'good';
}

interface ChartProps {
  /** What the chart shows, for people who can't see it. */
  readonly label: string;
  /** Epoch ms, rising. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly threshold?: number;
  readonly marks: readonly Mark[];
}

const height = 220;
/** Room for `17:18:37`, in pixels. */
const labelWidth = 80;
const hour = 3_600;
/** Between ticks, in seconds: no label is finer. */
const steps = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800],
  ...[1, 2, 3, 6, 12, 24, 48, 96, 168].map((count) => count * hour),
];

type Plot = typeof uPlot;

/** A metric over time, as steps: a value holds until the next report. */
export function Chart({ label, times, values, threshold, marks }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const drawn = useRef({ times, values, marks, threshold });
  drawn.current = { times, values, marks, threshold };
  const [isMissing, setIsMissing] = useState(false);

  useEffect(() => {
    let end: (() => void) | undefined;
    let isGone = false;
    // Most of a view's bytes are the library's, and it can't start in a browser without a proper language.
    import('uplot').then(
      ({ default: Plot }) => {
        if (!isGone && host.current) end = draw(Plot, host.current, plot, drawn);
      },
      () => setIsMissing(true),
    );
    return () => {
      isGone = true;
      end?.();
    };
  }, []);

  useEffect(() => plot.current?.setData(readData(times, values)), [times, values, marks, threshold]);

  if (isMissing) return <p class="quiet">The chart can’t be drawn here: {label}</p>;
  return (
    <figure class="chart">
      <div ref={host} role="img" aria-label={label} />
      <figcaption>
        <span class="legend legend-value">value</span>
        {threshold !== undefined && <span class="legend legend-threshold">threshold {threshold}</span>}
        {marks.map(({ label: name, tone, at }) => (
          <span key={`${name} ${at}`} class={`legend legend-mark tone-${tone}`}>
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** The place of a chart while its values are read. */
export function ChartPlace({ children }: { readonly children: ComponentChildren }) {
  return (
    <figure class="chart">
      <div>{children}</div>
      <figcaption>
        <span class="legend legend-value">value</span>
      </figcaption>
    </figure>
  );
}

/** Draws now, and again when colours or width change. Returns a function that ends this. */
function draw(
  Plot: Plot,
  element: HTMLElement,
  plot: { current: uPlot | undefined },
  drawn: { readonly current: Drawn },
): () => void {
  const scheme = window.matchMedia('(prefers-color-scheme: dark)');
  const make = () => {
    const { times, values } = drawn.current;
    plot.current?.destroy();
    plot.current = new Plot(
      createOptions(Plot, element, () => drawn.current),
      readData(times, values),
      element,
    );
  };
  make();
  const resize = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
  resize.observe(element);
  scheme.addEventListener('change', make);
  return () => {
    resize.disconnect();
    scheme.removeEventListener('change', make);
    plot.current?.destroy();
    plot.current = undefined;
  };
}

function readData(times: readonly number[], values: readonly (number | null)[]): uPlot.AlignedData {
  return [times.map((at) => at / 1_000), [...values]];
}

interface Drawn extends Pick<ChartProps, 'times' | 'values' | 'marks'> {
  readonly threshold: number | undefined;
}

function createOptions(Plot: Plot, element: HTMLElement, read: () => Drawn): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const grid = { stroke: color('line'), width: 1 };
  const axis = { stroke: color('ink-soft'), grid, ticks: grid, font: `12px ${style.fontFamily}` };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { range: (_plot, from, to) => widen(from, to, read().marks) },
      y: { range: (_plot, from, to) => includeThreshold(from, to, read().threshold) },
    },
    axes: [
      { ...axis, values: writeTimes, space: labelWidth, incrs: steps },
      { ...axis, size: 48 },
    ],
    series: [
      {},
      {
        stroke: color('accent'),
        width: 2,
        fill: color('accent-faint'),
        points: { size: 5, fill: color('accent') },
        ...(Plot.paths.stepped && { paths: Plot.paths.stepped({ align: 1 }) }),
      },
    ],
    hooks: { draw: [(plot) => drawMarks(plot, read(), color)] },
  };
}

/** Labels as fine as the distance of the ticks, with the day where another one begins. */
function writeTimes(_plot: uPlot, ticks: number[], _axis: number, _space: number, apart: number): string[] {
  const isOfDays = apart >= 86_400;
  const time = new Intl.DateTimeFormat('en-GB', {
    ...(isOfDays
      ? { day: 'numeric', month: 'short' }
      : { hour: '2-digit', minute: '2-digit', ...(apart < 60 && { second: '2-digit' }) }),
  });
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
  return ticks.map((tick, index) => {
    const at = tick * 1_000;
    const before = ticks[index - 1];
    const isNewDay = !isOfDays && before !== undefined && day.format(before * 1_000) !== day.format(at);
    return isNewDay ? `${time.format(at)}\n${day.format(at)}` : time.format(at);
  });
}

/** A mark may lie outside the values: a release comes after the last of them. */
function widen(from: number, to: number, marks: readonly Mark[]): [number, number] {
  const times = marks.map(({ at }) => at / 1_000);
  const [start, end] = [Math.min(from, ...times), Math.max(to, ...times)];
  const margin = Math.max(2, (end - start) * 0.04);
  return [start - margin, end + margin];
}

function includeThreshold(from: number, to: number, threshold = from): [number, number] {
  const top = Math.max(to, threshold);
  const bottom = Math.min(0, from, threshold);
  return [bottom, top + Math.max(1, (top - bottom) * 0.15)];
}

function drawMarks(plot: uPlot, { marks, threshold }: Drawn, color: (name: string) => string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = 2 * devicePixelRatio;
  if (threshold !== undefined) {
    const y = plot.valToPos(threshold, 'y', true);
    ctx.strokeStyle = color('warning');
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  }
  ctx.setLineDash([]);
  for (const { at, tone } of marks) {
    const x = plot.valToPos(at / 1_000, 'x', true);
    ctx.strokeStyle = color(tone);
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}
