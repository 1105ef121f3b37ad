const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

/** `3d`, `7h`, `12m`, `40s`: rounded down, for a column. */
export function writeSpan(ms: number): string {
  const [unit, size] = units.find(([, length]) => ms >= length) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(ms / size))}${unit}`;
}

export function writeTime(at: number): string {
  return new Date(at).toISOString();
}
