/**
 * The processor time that a function takes, in seconds. Unlike elapsed time, it does not grow while other processes
 * run. It is exact enough only to find what takes a hundred times as long as it should.
 */
export function measureProcessorSeconds(run: () => void): number {
  const before = process.cpuUsage();
  run();
  return process.cpuUsage(before).user / 1_000_000;
}

/** More than any input may cost that is to be refused at once. */
export const atOnceSeconds = 3;
