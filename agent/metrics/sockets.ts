/** One row of /proc/net/{tcp,tcp6,udp,udp6}. */
export interface Socket {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Number of the kernel's TCP states (include/net/tcp_states.h); UDP uses 7 for unconnected. */
  readonly state: number;
}

const listenState = 0x0a;
const establishedState = 0x01;
const unconnectedUdpState = 0x07;

/** As much of a row as is read, with two IPv6 addresses. */
const readBytes = 120;

/** Reads a socket table; rows that are cut off are skipped. Row by row: a table may have megabytes. */
export function parseSockets(bytes: Buffer): readonly Socket[] {
  const sockets: Socket[] = [];
  const addresses = new Map<string, string>();
  const addressOf = (hex: string): string => {
    const address = addresses.get(hex) ?? formatAddress(hex);
    addresses.set(hex, address);
    return address;
  };
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const match =
      /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2}) /.exec(
        bytes.toString('latin1', start, Math.min(end, start + readBytes)),
      );
    start = end + 1;
    if (!match) continue;
    const [, local = '', localPort = '', remote = '', remotePort = '', state = ''] = match;
    sockets.push({
      localAddress: addressOf(local),
      localPort: Number.parseInt(localPort, 16),
      remoteAddress: addressOf(remote),
      remotePort: Number.parseInt(remotePort, 16),
      state: Number.parseInt(state, 16),
    });
  }
  return sockets;
}

export function isListeningTcp(socket: Socket): boolean {
  return socket.state === listenState;
}

export function isEstablishedTcp(socket: Socket): boolean {
  return socket.state === establishedState;
}

/** A UDP socket listens when it is bound and talks to nobody in particular. */
export function isListeningUdp(socket: Socket): boolean {
  return socket.state === unconnectedUdpState && socket.remotePort === 0 && socket.localPort !== 0;
}

/** The kernel prints each 32-bit word of an address as a number in the byte order of the machine: little on all of Node's Linux targets but s390x. */
export function formatAddress(hex: string): string {
  const octets: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let at = word + 6; at >= word; at -= 2) octets.push(Number.parseInt(hex.slice(at, at + 2), 16));
  }
  if (octets.length === 4) return octets.join('.');
  // RFC 4291, section 2.5.5.2: an IPv4 client of a dual-stack server.
  const isMapped =
    octets.slice(0, 10).every((octet) => octet === 0) && octets[10] === 255 && octets[11] === 255;
  return isMapped ? octets.slice(12).join('.') : formatIpv6(octets);
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function formatIpv6(octets: readonly number[]): string {
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2)
    groups.push((((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16));
  const runs = groups.join(':').match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return groups.join(':');
  const [before = '', after = ''] = splitOnce(groups.join(':'), longest);
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  // Whole groups only: `:10:0` holds the text `0:0` too.
  const at = new RegExp(`(?<![0-9a-f])${separator}(?![0-9a-f])`).exec(text)?.index ?? 0;
  return [text.slice(0, at), text.slice(at + separator.length)];
}
