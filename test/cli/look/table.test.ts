import fc from 'fast-check';
import stringWidth from 'string-width';
import { openScreen, plain } from '../../../cli/look/style';
import { type Column, clipWidth, writeTable } from '../../../cli/look/table';
import { anyText } from '../../any-text';

interface Row {
  readonly name: string;
  readonly count: number;
  readonly why: string;
}

const columns: readonly Column<Row>[] = [
  { header: 'NAME', cell: ({ name }) => name, atLeast: 6, format: () => 'bold' },
  { header: 'COUNT', cell: ({ count }) => String(count), isNumber: true },
  { header: 'WHY', cell: ({ why }) => why, atLeast: 4, leaveOut: 1 },
];

describe('a table', () => {
  it('aligns text left and numbers right, also beside wide characters, emoji and combining marks', () => {
    const rows = [
      { name: '東京', count: 1, why: 'a' },
      { name: 'e\u0301té', count: 20, why: '🚀' },
      { name: 'plain', count: 300, why: 'b' },
    ];

    const lines = writeTable(rows, columns, plain);

    expect(lines).toEqual([
      'NAME   COUNT  WHY',
      '東京       1  a',
      'e\u0301té       20  🚀',
      'plain    300  b',
    ]);
    expect(lines.slice(1).map((line) => stringWidth(line.slice(0, line.lastIndexOf('  '))))).toEqual([
      12, 12, 12,
    ]);
  });

  it('shortens the columns of a narrow terminal that may be left out, leaves them out, then shortens the others', () => {
    const rows = [{ name: 'a-rather-long-name', count: 1, why: 'because of a long reason' }];

    expect(writeTable(rows, columns, { ...plain, width: 40 })).toEqual([
      'NAME                COUNT  WHY',
      'a-rather-long-name      1  because of a…',
    ]);
    expect(writeTable(rows, columns, { ...plain, width: 16 })).toEqual([
      'NAME       COUNT',
      'a-rather…      1',
    ]);
  });

  it('leaves out a column without a value on a terminal only, so that a program finds each in its place', () => {
    const rows = [{ name: 'a', count: 1, why: '' }];

    expect(writeTable(rows, columns, { ...plain, width: 80 })[0]).toBe('NAME  COUNT');
    expect(writeTable(rows, columns, plain)[0]).toBe('NAME  COUNT  WHY');
  });

  it('has room for more rows than a function takes arguments', () => {
    const names = Array.from({ length: 130_000 }, () => 'a');

    const lines = writeTable(names, [{ header: 'NAME', cell: (name) => name }], plain);

    expect([lines.length, lines[0], lines.at(-1)]).toEqual([130_001, 'NAME', 'a']);
  });

  it('has one line for each row, of the width of the terminal at most, whatever text it is given', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: anyText(),
            count: fc.nat(),
            why: anyText(),
          }),
        ),
        fc.integer({ min: 30, max: 120 }),
        (rows, width) => {
          const lines = writeTable(rows, columns, { ...plain, width });
          expect(lines).toHaveLength(rows.length + 1);
          for (const line of lines) {
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
            expect(stringWidth(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('cuts no character in two', () => {
    expect(clipWidth('東京東京', 5)).toBe('東京…');
    expect(clipWidth('東京東京', 4)).toBe('東…');
    expect(clipWidth('👩‍👩‍👧x', 3)).toBe('👩‍👩‍👧x');
  });
});

describe('a screen', () => {
  const terminal = { isTTY: true, columns: 100, hasColors: () => true };

  it('is colored on a terminal that has colors only, and not with NO_COLOR', () => {
    expect(openScreen(terminal, {}).paint('red', 'a')).toBe('\u001b[31ma\u001b[39m');
    expect(openScreen(terminal, { NO_COLOR: '' }).paint('red', 'a')).toBe('\u001b[31ma\u001b[39m');
    expect(openScreen(terminal, { NO_COLOR: '1' }).paint('red', 'a')).toBe('a');
    expect(openScreen({ ...terminal, hasColors: () => false }, {}).paint('red', 'a')).toBe('a');
    expect(openScreen({ ...terminal, isTTY: false }, {})).toEqual(plain);
  });

  it('has the width of the terminal', () => {
    expect(openScreen(terminal, {}).width).toBe(100);
    expect(openScreen({ isTTY: true }, {}).width).toBe(80);
  });
});
