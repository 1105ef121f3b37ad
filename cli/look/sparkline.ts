const bars = [...'▁▂▃▄▅▆▇█'];

/**
 * One character for each value, by its height between the least and the greatest, also of `others`; a space if there is
 * none.
 */
export function writeSparkline(
  values: readonly (number | undefined)[],
  others: readonly number[] = [],
): string[] {
  const known = [...values, ...others].filter((value) => value !== undefined);
  const [least, most] = known.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const span = most - least;
  return values.map((value) => {
    if (value === undefined) return ' ';
    // A line of the same value everywhere lies at the bottom.
    const share = span > 0 ? (value - least) / span : 0;
    return bars[Math.round(share * (bars.length - 1))] ?? '';
  });
}
