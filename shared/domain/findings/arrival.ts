/** The year 2015, before AWS IoT existed: an earlier time was given in seconds. */
export const firstMs = 1_420_070_400_000;

/**
 * No sender's clock alone orders anything: a time that can't be, such as one from the future, counts as that of the
 * arrival, or all that follows would be taken for older.
 */
export function boundByArrival(claimedMs: number, arrivedMs: number): number {
  return claimedMs >= firstMs && claimedMs <= arrivedMs ? claimedMs : arrivedMs;
}
