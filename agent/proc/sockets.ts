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

const newline = 0x0a;
const blank = 0x20;
const colon = 0x3a;
const zero = 0x30;
const letterA = 0x41;

/**
 * The states that a report includes. It leaves out `TIME_WAIT`: a busy machine has far more connections that have
 * ended.
 */
const wantedStates: ReadonlySet<number> = new Set([listenState, establishedState, unconnectedUdpState]);

/**
 * Reads the listeners and connections of a socket table; rows that are cut off are skipped. It works on the bytes: a
 * table may have megabytes, and its text in pieces would be as many again of garbage.
 */
export function parseSockets(bytes: Buffer): readonly Socket[] {
  const sockets: Socket[] = [];
  const addresses = new Map<string, string | undefined>();
  const addressOf = (from: number, to: number): string | undefined => {
    const hex = bytes.toString('latin1', from, to);
    if (!addresses.has(hex)) addresses.set(hex, hexWords.test(hex) ? formatAddress(hex) : undefined);
    return addresses.get(hex);
  };
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    const socket = parseRow(bytes, start, addressOf);
    if (socket) sockets.push(socket);
    start = end + 1;
  }
  return sockets;
}

const hexWords = /^(?:[0-9A-F]{8})+$/;

/** A row begins with `  12: 0100007F:1F90 0200000A:C350 01 `: its number, both endpoints and the state. */
function parseRow(
  bytes: Buffer,
  start: number,
  addressOf: (from: number, to: number) => string | undefined,
): Socket | undefined {
  let at = start;
  while (bytes[at] === blank) at += 1;
  while (isDecimal(bytes[at])) at += 1;
  if (bytes[at] !== colon || bytes[at + 1] !== blank) return undefined;
  const local = at + 2;
  const digits = bytes[local + 8] === colon ? 8 : 32;
  const remote = local + digits + ':1F90 '.length;
  const stateAt = remote + digits + ':C350 '.length;
  const state = parseHex(bytes, stateAt, 2);
  if (state === undefined || !wantedStates.has(state) || bytes[stateAt + 2] !== blank) return undefined;
  const localPort = parsePort(bytes, local + digits);
  const remotePort = parsePort(bytes, remote + digits);
  if (localPort === undefined || remotePort === undefined) return undefined;
  const localAddress = addressOf(local, local + digits);
  const remoteAddress = addressOf(remote, remote + digits);
  if (localAddress === undefined || remoteAddress === undefined) return undefined;
  return { localAddress, localPort, remoteAddress, remotePort, state };
}

/** Gives the port of `:1F90 `. */
function parsePort(bytes: Buffer, at: number): number | undefined {
  return bytes[at] === colon && bytes[at + 5] === blank ? parseHex(bytes, at + 1, 4) : undefined;
}

function parseHex(bytes: Buffer, at: number, digits: number): number | undefined {
  let number = 0;
  for (let index = at; index < at + digits; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    if (isDecimal(byte)) number = number * 16 + byte - zero;
    else if (byte >= letterA && byte < letterA + 6) number = number * 16 + byte - letterA + 10;
    else return undefined;
  }
  return number;
}

function isDecimal(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte < zero + 10;
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
