/** The least value that `share` of all values reach at most. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export function summarize(values: readonly number[]): Latency {
  return {
    count: values.length,
    p50Ms: percentile(values, 0.5),
    p99Ms: percentile(values, 0.99),
    maxMs: percentile(values, 1),
  };
}

type Row = readonly (string | number)[];

/** Lines of a table: the first column to the left, the others to the right, numbers with at most one decimal. */
export function writeTable(head: readonly string[], rows: readonly Row[]): string {
  const text = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? writeNumber(cell) : cell)));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...text.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...text.map(line)].join('\n');
}

function writeNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

export function latencyRow(what: string, { count, p50Ms, p99Ms, maxMs }: Latency): Row {
  return [what, count, p50Ms, p99Ms, maxMs];
}

export const latencyHead = ['latency, ms', 'count', 'p50', 'p99', 'max'];

const shownProblems = 20;

/** The first problems, or that there is none. */
export function writeProblems(problems: readonly string[], allIsWell: string): string {
  if (problems.length === 0) return allIsWell;
  return [`${problems.length} PROBLEMS:`, ...problems.slice(0, shownProblems)].join('\n');
}
