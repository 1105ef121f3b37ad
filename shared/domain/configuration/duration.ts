export const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration as cordon.yml and the command line write it: `90s`, `7d`. */
export const durationPattern = /^[1-9]\d{0,5}[smhd]$/;

export const expectedDuration = 'expected a duration such as 90s, 30m, 24h or 7d';

/** Milliseconds of a text that matches the pattern. */
export function readDurationMs(text: string): number {
  return Number(text.slice(0, -1)) * unitMs[text.slice(-1) as keyof typeof unitMs];
}
