import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;
export type Network = readonly [Address, number];

/** An IP address, including IPv4 written as `::ffff:a.b.c.d`; undefined if the text is none. */
function parseAddress(text: string): Address | undefined {
  // The library also accepts 0x7f.1 and 017.0.0.1, which are not addresses in a report.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.process(text);
}

/** `10.0.0.0/8`, or an address, which is the network of one; no interface (`%eth0`), which AWS refuses (API reference, MetricValue). */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const base = parseAddress(address);
  if (!base || rest.length > 0 || address.includes('%')) return undefined;
  const width = base.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [base, width];
  const length = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  return length <= width ? [base, length] : undefined;
}

/** Whether an address lies in one of the networks; false for a text that is no address. */
export function isInNetworks(text: string, networks: readonly Network[]): boolean {
  const address = parseAddress(text);
  if (!address) return false;
  return networks.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
}

/**
 * The address of `ip:port`, `[ip]:port` or an unbracketed IPv6 address, as device agents write it
 * (docs/facts.md#other-agents). Any other text is kept as it is, so that a behavior still sees it.
 */
export function readRemoteAddress(text: string): string {
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(text)?.[1];
  const host = bracketed ?? (parseAddress(text) ? text : text.replace(/:\d+$/, ''));
  return parseAddress(host)?.toString() ?? host;
}
