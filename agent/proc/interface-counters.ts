export interface Counters {
  readonly bytesIn: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
}

export type InterfaceCounters = ReadonlyMap<string, Counters>;

/** Reads /proc/net/dev without loopback. A name may hold anything but `/`, blanks and `:` (dev_valid_name in the kernel). */
export function parseInterfaceCounters(bytes: Buffer): InterfaceCounters {
  const counters = new Map<string, Counters>();
  for (const line of bytes.toString('latin1').split('\n').slice(2)) {
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [bytesIn, packetsIn, , , , , , , bytesOut, packetsOut] = fields;
    if (name === 'lo' || fields.length < 16 || fields.some((field) => !Number.isFinite(field))) continue;
    counters.set(name, {
      bytesIn: bytesIn ?? 0,
      packetsIn: packetsIn ?? 0,
      bytesOut: bytesOut ?? 0,
      packetsOut: packetsOut ?? 0,
    });
  }
  return counters;
}
