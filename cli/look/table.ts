import type { styleText } from 'node:util';
import { printable } from '../../shared/domain/messages/announcement';
import { measureText } from './measure-text.cjs';
import type { Screen } from './style';

export interface Column<R> {
  readonly header: string;
  /** Its text is made printable. */
  readonly cell: (row: R) => string;
  readonly format?: (row: R) => Parameters<typeof styleText>[0] | undefined;
  readonly isNumber?: true;
  /** May be cut to this width on a narrow terminal. */
  readonly atLeast?: number;
  /** Left out on a narrow terminal, the lowest first. */
  readonly leaveOut?: number;
}

const gap = '  ';

/** Lines of a table with a header. On a terminal no line is longer than its width. */
export function writeTable<R>(
  rows: readonly R[],
  columns: readonly Column<R>[],
  { width, paint }: Screen,
): string[] {
  const cells = new Map(columns.map((column) => [column, rows.map((row) => printable(column.cell(row)))]));
  const textsOf = (column: Column<R>) => cells.get(column) ?? [];
  const natural = new Map(
    columns.map((column) => [
      column,
      // No spread: an engine takes some 120,000 arguments.
      textsOf(column).reduce((most, text) => Math.max(most, measureText(text)), measureText(column.header)),
    ]),
  );
  // A terminal has no room for columns without a value.
  const filled = columns.filter(
    (column) => width === undefined || textsOf(column).some((text) => text !== ''),
  );
  const widths = fitColumns(filled, natural, width);
  const shown = [...widths.keys()];
  const last = shown.at(-1);
  const pad = (column: Column<R>, text: string) => {
    const cut = clipWidth(text, widths.get(column) ?? 0);
    const rest = ' '.repeat(Math.max(0, (widths.get(column) ?? 0) - measureText(cut)));
    if (column.isNumber) return { before: rest, cut, after: '' };
    return { before: '', cut, after: column === last ? '' : rest };
  };
  const write = (texts: readonly { before: string; cut: string; after: string }[]) =>
    texts
      .map(({ before, cut, after }) => before + cut + after)
      .join(gap)
      .trimEnd();
  return [
    write(
      shown.map((column) => {
        const { cut, ...space } = pad(column, column.header);
        return { ...space, cut: paint('bold', cut) };
      }),
    ),
    ...rows.map((row, index) =>
      write(
        shown.map((column) => {
          const { cut, ...space } = pad(column, textsOf(column)[index] ?? '');
          const format = column.format?.(row);
          return { ...space, cut: format && cut ? paint(format, cut) : cut };
        }),
      ),
    ),
  ];
}

/** The width of each column that there is room for. */
function fitColumns<R>(
  columns: readonly Column<R>[],
  natural: ReadonlyMap<Column<R>, number>,
  width = Infinity,
): Map<Column<R>, number> {
  const naturalOf = (column: Column<R>) => natural.get(column) ?? 0;
  const leastOf = (column: Column<R>) => Math.min(naturalOf(column), column.atLeast ?? Infinity);
  /** Those that stay are cut to half only if nothing is left to leave out. */
  const fairOf = (column: Column<R>) =>
    column.leaveOut === undefined ? Math.min(naturalOf(column), 2 * leastOf(column)) : leastOf(column);
  const total = (some: readonly Column<R>[], of: (column: Column<R>) => number) =>
    some.reduce((sum, column) => sum + of(column), 0) + gap.length * (some.length - 1);
  let shown = columns;
  const dispensable = columns
    .filter(({ leaveOut }) => leaveOut !== undefined)
    .toSorted((a, b) => (a.leaveOut ?? 0) - (b.leaveOut ?? 0));
  for (const column of dispensable)
    if (total(shown, fairOf) > width) shown = shown.filter((one) => one !== column);
  const widths = new Map(shown.map((column) => [column, naturalOf(column)]));
  const isOptional = ({ leaveOut }: Column<R>) => Number(leaveOut !== undefined);
  for (let over = total(shown, naturalOf) - width; over > 0; over -= 1) {
    const [widest] = shown
      .filter((column) => (widths.get(column) ?? 0) > leastOf(column))
      .toSorted((a, b) => isOptional(b) - isOptional(a) || (widths.get(b) ?? 0) - (widths.get(a) ?? 0));
    if (!widest) break;
    widths.set(widest, (widths.get(widest) ?? 0) - 1);
  }
  return widths;
}

const segmenter = new Intl.Segmenter();

/** Cuts a text to so many columns of a terminal, and marks the cut. A character is never cut in two. */
export function clipWidth(text: string, width: number): string {
  if (measureText(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += measureText(segment);
    if (used > width - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}
