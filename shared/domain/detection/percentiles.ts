/**
 * How many devices of the fleet had a value, by bins whose bounds grow by a constant factor, as in DDSketch (Masson,
 * Rim and Lee, "DDSketch: A fast and fully-mergeable quantile sketch with relative-error guarantees", 2019). Bins are
 * counters, so any number of writers can add to one table item at once, and a percentile is right within 1 %.
 */
export type Distribution = Readonly<Record<string, number>>;

const accuracy = 0.01;
const growth = Math.log((1 + accuracy) / (1 - accuracy));
/** Bins from 0.0001 to 10^15, which a report's 15 digits can't pass: a hostile device can't add bins without end. */
const lowest = Math.floor(Math.log(1e-4) / growth);
const highest = Math.ceil(Math.log(1e15) / growth);

/** Order of a value's bin; values of one bin are equal as far as a percentile is concerned. */
function orderOf(value: number): number {
  if (value === 0) return Number.NEGATIVE_INFINITY;
  return Math.min(highest, Math.max(lowest, Math.ceil(Math.log(value) / growth)));
}

/** Name of the bin that a device's value belongs to. */
export function binOf(value: number): string {
  if (value < 0) return 'negative';
  return value === 0 ? 'zero' : `bin${orderOf(value)}`;
}

/**
 * Compares a value with a percentile (`p99.9`) of the fleet: negative if it is below, 0 if equal, positive if above.
 * Undefined if the fleet has fewer than two devices, or if a value is negative: then Device Defender has no percentiles
 * either.
 */
export function compareToPercentile(
  value: number,
  statistic: string,
  fleet: Distribution,
): number | undefined {
  const devices = Object.values(fleet).reduce((sum, count) => sum + count, 0);
  if (devices < 2 || fleet.negative || value < 0) return undefined;
  // Nearest rank: the least value that as many percent of the devices don't exceed.
  // The small number takes back what a division in binary adds: 99.9 % of 1,000 devices are 999.
  const rank = Math.max(1, Math.ceil((Number(statistic.slice(1)) * devices) / 100 - 1e-9));
  return Math.sign(compare(orderOf(value), findRank(fleet, rank)));
}

function findRank(fleet: Distribution, rank: number): number {
  const bins = Object.entries(fleet)
    .map(([bin, count]) => ({
      order: bin === 'zero' ? Number.NEGATIVE_INFINITY : Number(bin.slice('bin'.length)),
      count,
    }))
    .sort((a, b) => compare(a.order, b.order));
  let seen = 0;
  for (const { order, count } of bins) {
    seen += count;
    if (seen >= rank) return order;
  }
  return bins.at(-1)?.order ?? Number.NEGATIVE_INFINITY;
}

/** Like a difference, but also for infinities. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
