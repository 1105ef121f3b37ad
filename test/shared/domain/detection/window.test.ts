import fc from 'fast-check';
import type { Span } from '../../../../shared/domain/detection/state';
import { addToWindow, several, sumWindow } from '../../../../shared/domain/detection/window';

const durationMs = 300_000;

function fill(counts: readonly { at: number; value: number; by?: string }[], isDelta = false): Span[] {
  return counts.reduce<Span[]>((window, count) => addToWindow(window, { ...count, isDelta }, durationMs), []);
}

describe('a sliding window', () => {
  it('stays small during a flood, and loses no part of it', () => {
    const flood = Array.from({ length: 100_000 }, (_, index) => ({ at: 1_000_000 + index * 2, value: 1 }));

    const window = fill(flood);

    expect(window.length).toBeLessThanOrEqual(61);
    expect(sumWindow(window, 1_000_000 + 200_000, durationMs)).toBe(100_000);
  });

  it('says that several clients took part if it had to merge parts', () => {
    const window = fill(
      Array.from({ length: 500 }, (_, index) => ({ at: 1_000_000 + index, value: 1, by: `p${index % 2}` })),
    );

    expect(window.length).toBeLessThanOrEqual(61);
    expect(window[0]?.[3]).toBe(several);
    expect(window.at(-1)?.[3]).toBe('p1');
  });

  it('gives the exact sum of the last 300 s for reports that arrive every minute', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 30 }), (values) => {
        const counts = values.map((value, index) => ({ at: 1_000_000 + index * 60_000, value }));
        const now = counts.at(-1)?.at ?? 0;

        const expected = values.slice(-5).reduce((sum, value) => sum + value, 0);
        expect(sumWindow(fill(counts, true), now, durationMs)).toBe(expected);
      }),
    );
  });

  it('counts a late event as one of now, never as a future one', () => {
    const window = fill([
      { at: 2_000, value: 1 },
      { at: 1_000, value: 1 },
    ]);

    expect(sumWindow(window, 2_000, durationMs)).toBe(2);
  });
});
