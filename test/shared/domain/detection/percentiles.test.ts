import fc from 'fast-check';
import {
  binOf,
  compareToPercentile,
  type Distribution,
} from '../../../../shared/domain/detection/percentiles';

function distributionOf(values: readonly number[]): Distribution {
  const bins: Record<string, number> = {};
  for (const value of values) bins[binOf(value)] = (bins[binOf(value)] ?? 0) + 1;
  return bins;
}

describe('a percentile of the fleet', () => {
  it.each([
    ['p0', 1, 0],
    ['p0.1', 1, 0],
    ['p50', 500, 0],
    ['p90', 900, 0],
    ['p90', 880, -1],
    ['p90', 920, 1],
    ['p99.9', 1_000, 0],
    ['p100', 1_000, 0],
    ['p100', 1_030, 1],
  ])('compares %s of 1 to 1,000 with %d: %d', (statistic, value, expected) => {
    const fleet = distributionOf(Array.from({ length: 1_000 }, (_, index) => index + 1));

    expect(compareToPercentile(value, statistic, fleet)).toBe(expected);
  });

  it('is right within 1 % of the exact nearest rank, whatever the values', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 1e12, noNaN: true }), {
      minLength: 2,
      maxLength: 200,
    });
    fc.assert(
      fc.property(values, fc.constantFrom(0, 1, 10, 50, 90, 99, 100), (all, percent) => {
        const fleet = distributionOf(all);
        const exact =
          all.toSorted((a, b) => a - b)[Math.max(0, Math.ceil((all.length * percent) / 100) - 1)] ?? 0;

        expect(compareToPercentile(exact, `p${percent}`, fleet)).toBe(0);
        expect(compareToPercentile(exact * 1.021, `p${percent}`, fleet)).toBe(1);
        expect(compareToPercentile(exact / 1.021, `p${percent}`, fleet)).toBe(-1);
      }),
    );
  });

  it('handles zero, needs two devices, and is undefined if a value is negative', () => {
    expect(compareToPercentile(0, 'p50', distributionOf([0, 0, 5]))).toBe(0);
    expect(compareToPercentile(5, 'p50', distributionOf([0, 0, 5]))).toBe(1);
    expect(compareToPercentile(5, 'p50', distributionOf([5]))).toBeUndefined();
    expect(compareToPercentile(5, 'p50', distributionOf([5, -1, 5]))).toBeUndefined();
    expect(compareToPercentile(-1, 'p50', distributionOf([5, 5]))).toBeUndefined();
  });

  it('has no more bins than fit in a table item, whatever devices send', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const [, order] = /^bin(-?\d+)$/.exec(binOf(value)) ?? [];
        if (order !== undefined) expect(Math.abs(Number(order))).toBeLessThan(2_000);
      }),
    );
  });
});
