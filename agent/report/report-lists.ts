import type { SystemSample } from '../metrics/system';
import type { Counters } from '../proc/interface-counters';
import type { Socket } from '../proc/sockets';

/** The earlier state of the system, which the next report compares with. */
export interface Baseline {
  readonly traffic?: Counters;
  /** Each listener, with the number of the report that it was new in. */
  readonly listeners: ReadonlyMap<string, number>;
  readonly remotes: ReadonlySet<string>;
  /** Items that did not fit into a report, by key, with the number of the first report that lacked them. */
  readonly untold: ReadonlyMap<string, number>;
  /** The number of the report. */
  readonly number: number;
}

interface Ports {
  readonly ports: readonly { readonly interface: string; readonly port: number }[];
  readonly total: number;
}

interface Connection {
  readonly local_interface?: string;
  readonly local_port: number;
  readonly remote_addr: string;
}

export interface ReportedMetrics {
  readonly listening_tcp_ports?: Ports;
  readonly listening_udp_ports?: Ports;
  readonly network_stats?: Readonly<Record<'bytes_in' | 'bytes_out' | 'packets_in' | 'packets_out', number>>;
  readonly tcp_connections?: {
    readonly established_connections: { readonly connections: readonly Connection[]; readonly total: number };
  };
}

/** The sample agent's limit of a list; `total` has the full number. */
export const mostRows = 50;

/** Greater than the number of any report. */
const beyond = 1e9;

/**
 * Ranks items: first those that did not fit, the longest wait first, then new ones, then those that the last report
 * had.
 */
function rankListener(key: string, before: Baseline | undefined): number {
  const told = before?.listeners.get(key);
  return told === undefined ? (rankUntold(key, before) ?? -beyond) : -told;
}

function rankUntold(key: string, before: Baseline | undefined): number | undefined {
  const since = before?.untold.get(key);
  return since === undefined ? undefined : since - 2 * beyond;
}

interface Ranked<T> {
  readonly rank: number;
  readonly one: T;
  readonly isNew: boolean;
}

/**
 * The first rows of a list, best rank first. Waiting rows and new rows take turns, so that neither keeps the other out:
 * thousands of rows from before the agent's start can't hide a new one, and a flood of new ones can't hide those that
 * wait.
 */
function takeTurns<T>(
  rows: readonly Ranked<T>[],
  most: number,
  compareRows: (a: T, b: T) => number,
): readonly T[] {
  const pick = (isOfThese: (row: Ranked<T>) => boolean) =>
    firstOf(rows.filter(isOfThese), most, (a, b) => a.rank - b.rank || compareRows(a.one, b.one));
  const isWaiting = ({ rank }: Ranked<T>): boolean => rank < -beyond;
  const waiting = pick(isWaiting);
  const fresh = pick((row) => !isWaiting(row) && row.isNew);
  const turns = Array.from({ length: Math.max(waiting.length, fresh.length) }, (_, index) => [
    ...waiting.slice(index, index + 1),
    ...fresh.slice(index, index + 1),
  ]).flat();
  const rest = turns.length < most ? pick((row) => !isWaiting(row) && !row.isNew) : [];
  return [...turns, ...rest].slice(0, most).map(({ one }) => one);
}

/** Gives the same result as sorting and cutting, which take many times longer with thousands of rows. */
function firstOf<T>(all: readonly T[], most: number, compareTwo: (a: T, b: T) => number): readonly T[] {
  if (all.length <= most) return [...all].sort(compareTwo);
  const first = all.slice(0, most).sort(compareTwo);
  for (const one of all.slice(most)) {
    if (compareTwo(one, first.at(-1) ?? one) >= 0) continue;
    first.pop();
    const at = first.findIndex((other) => compareTwo(one, other) < 0);
    first.splice(at < 0 ? first.length : at, 0, one);
  }
  return first;
}

/** One row for each port and address: sockets that share a port (SO_REUSEPORT) are one listener. */
export function listPorts(
  protocol: 'tcp' | 'udp',
  sockets: readonly Socket[],
  interfaces: ReadonlyMap<string, string>,
  before: Baseline | undefined,
  most: number,
): Ports {
  const rows = new Map<string, Ranked<Ports['ports'][number]>>();
  for (const socket of sockets) {
    const name = nameListener(socket, interfaces);
    const rank = rankListener(listenerKey(protocol, socket), before);
    const one = { interface: name, port: socket.localPort };
    rows.set(rowKey(socket, interfaces), { rank, one, isNew: rank === -beyond });
  }
  const ports = takeTurns(
    [...rows.values()],
    most,
    (a, b) => a.port - b.port || compare(a.interface, b.interface),
  );
  return { ports, total: rows.size };
}

/**
 * Connections with remote addresses that had no room or are new first, then rare ones: if the list is cut, the one connection
 * to a strange address is kept, not the hundredth to the same server.
 */
export function listConnections(
  established: readonly Socket[],
  interfaces: SystemSample['interfaces'],
  before: Baseline | undefined,
  most: number,
): { connections: readonly Connection[]; total: number } {
  const counts = new Map<string, number>();
  for (const { remoteAddress } of established)
    counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1);
  const ranks = new Map<string, Omit<Ranked<Socket>, 'one'>>();
  for (const [address, count] of counts) {
    const isNew = !before?.remotes.has(address);
    const rank = rankUntold(remoteKey(address), before) ?? (isNew ? 0 : established.length) + count;
    ranks.set(address, { rank, isNew });
  }
  const rows = established.map((one): Ranked<Socket> => {
    const { rank = 0, isNew = true } = ranks.get(one.remoteAddress) ?? {};
    return { rank, isNew, one };
  });
  const first = takeTurns(
    rows,
    most,
    (a, b) =>
      compare(a.remoteAddress, b.remoteAddress) || a.remotePort - b.remotePort || a.localPort - b.localPort,
  );
  const connections = first.map(({ localAddress, localPort, remoteAddress, remotePort }) => {
    const name = nameInterface(localAddress, interfaces);
    const remote_addr = formatEndpoint(remoteAddress, remotePort);
    return { ...(name !== undefined && { local_interface: name }), local_port: localPort, remote_addr };
  });
  return { connections, total: established.length };
}

export function remoteKey(address: string): string {
  return `remote ${address}`;
}

export function listenerKey(protocol: 'tcp' | 'udp', { localAddress, localPort }: Socket): string {
  return `${protocol} ${localPort} ${localAddress}`;
}

function nameListener({ localAddress }: Socket, interfaces: SystemSample['interfaces']): string {
  return nameInterface(localAddress, interfaces) ?? localAddress;
}

/** The shape of one row of a report. */
export function rowKey(socket: Socket, interfaces: SystemSample['interfaces']): string {
  return `${socket.localPort} ${nameListener(socket, interfaces)}`;
}

/** All of 127.0.0.0/8 is the loopback interface's (RFC 1122, 3.2.1.3), though it lists one address of it. */
function nameInterface(address: string, interfaces: ReadonlyMap<string, string>): string | undefined {
  return interfaces.get(address) ?? (address.startsWith('127.') ? interfaces.get('127.0.0.1') : undefined);
}

function formatEndpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address in a result of `formatEndpoint`. */
export function addressOfEndpoint(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
