/** The year 2015, before AWS IoT existed: an earlier time was given in seconds. */
export const firstMs = 1_420_070_400_000;

/**
 * Replaces an impossible time, such as one in the future, with the time of the arrival. Otherwise every later event
 * would look older.
 */
export function boundByArrival(claimedMs: number, arrivedMs: number): number {
  return claimedMs >= firstMs && claimedMs <= arrivedMs ? claimedMs : arrivedMs;
}
