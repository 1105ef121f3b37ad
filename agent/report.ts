import type { Health } from './health';
import { type Evidence, mostEvidence } from './metrics/evidence';
import type { Counters } from './metrics/interface-counters';
import type { MetricValue, ProcessState } from './metrics/metric-sample';
import type { Socket } from './metrics/sockets';
import type { SystemSample } from './metrics/system';

/** All that goes into one report. */
export interface ReportContent {
  readonly reportId: number;
  /** Left out of a report that only tells of a change. */
  readonly system?: SystemSample;
  /** What the last acknowledged report was made from; without it there is no growth to tell. */
  readonly before?: Baseline;
  /** Metric name to value; `undefined` for a metric that has none now. */
  readonly values: Readonly<Record<string, MetricValue | undefined>>;
  /** What only Cordon takes. */
  readonly extras?: {
    readonly evidence: readonly Evidence[];
    readonly processes: Readonly<Record<string, ProcessState>>;
    readonly failures: Readonly<Record<string, string>>;
    readonly exceptions?: Readonly<Record<string, readonly string[]>>;
    readonly health?: Health;
    /** Epoch ms, by the device's clock. */
    readonly madeAt?: number;
  };
}

/** What the next report has to know of the system as it was. */
export interface Baseline {
  readonly traffic?: Counters;
  /** Each listener, with the number of the report that it was new in. */
  readonly listeners: ReadonlyMap<string, number>;
  readonly remotes: ReadonlySet<string>;
  /** The number of the report. */
  readonly number: number;
}

/** A report in the long form of AWS IoT Device Defender, with what is for Cordon alone beside it. */
export interface Report {
  readonly header: { readonly report_id: number; readonly version: '1.0' };
  readonly metrics?: Metrics;
  readonly custom_metrics?: Readonly<Record<string, readonly [MetricValue]>>;
  readonly evidence?: readonly Evidence[];
  readonly processes?: Readonly<Record<string, ProcessState>>;
  /** What is not known, and why: a metric, a file, a part of the agent. */
  readonly failures?: Readonly<Record<string, string>>;
  /** The exceptions that children were, by metric: they do not count. */
  readonly exceptions?: Readonly<Record<string, readonly string[]>>;
  readonly health?: Health;
  /** How long the lists of custom metrics are that had no room, by metric: what is left out is not gone. */
  readonly totals?: Readonly<Record<string, number>>;
  /** Epoch ms, by the device's clock: when it was made, which may be long before it arrives. */
  readonly madeAt?: number;
}

interface Ports {
  readonly ports: readonly { readonly interface: string; readonly port: number }[];
  readonly total: number;
}

interface Metrics {
  readonly listening_tcp_ports?: Ports;
  readonly listening_udp_ports?: Ports;
  readonly network_stats?: Readonly<Record<'bytes_in' | 'bytes_out' | 'packets_in' | 'packets_out', number>>;
  readonly tcp_connections?: {
    readonly established_connections: { readonly connections: readonly Connection[]; readonly total: number };
  };
}

interface Connection {
  readonly local_interface?: string;
  readonly local_port: number;
  readonly remote_addr: string;
}

/** The sample agent's cut of a list; `total` stays true. */
const mostRows = 50;
/** An MQTT message to AWS IoT Core has at most 128 KB; some is left for the topic and the packet. */
const largestBytes = 120 * 1024;

/** Builds a report that fits a message: where it would not, its lists are cut shorter. */
export function buildReport(content: ReportContent): Report {
  let most = mostRows;
  let report = buildWith(content, most);
  while (most > 1 && Buffer.byteLength(JSON.stringify(report)) > largestBytes) {
    most = Math.floor(most / 2);
    report = buildWith(content, most);
  }
  return report;
}

/**
 * What could not be seen now is as it was. What the report had no room for is not known to anybody yet: it stays new,
 * and comes first the next time.
 */
export function baselineOf(system: SystemSample, before?: Baseline, report?: Report): Baseline {
  const { traffic = before?.traffic, listeningTcp, listeningUdp, established } = system;
  const number = (before?.number ?? 0) + 1;
  const listen = (protocol: 'tcp' | 'udp', sockets?: readonly Socket[]) =>
    listTold(protocol, sockets, system, before, report) ?? keysOf(before, protocol);
  const listeners = [...listen('tcp', listeningTcp), ...listen('udp', listeningUdp)];
  return {
    ...(traffic && { traffic }),
    listeners: new Map(listeners.map((key) => [key, before?.listeners.get(key) ?? number])),
    remotes: established ? findRemotes(established, before, report) : (before?.remotes ?? new Set()),
    number,
  };
}

/** The listeners that this report or an earlier one told. */
function listTold(
  protocol: 'tcp' | 'udp',
  sockets: readonly Socket[] | undefined,
  { interfaces }: SystemSample,
  before: Baseline | undefined,
  report: Report | undefined,
): readonly string[] | undefined {
  const rows = report?.metrics?.[`listening_${protocol}_ports`]?.ports;
  const told = rows && new Set(rows.map(({ port, interface: name }) => `${port} ${name}`));
  return sockets?.flatMap((socket) => {
    const key = listenerKey(protocol, socket);
    const isTold = !told || told.has(rowKey(socket, interfaces)) || before?.listeners.has(key);
    return isTold ? [key] : [];
  });
}

function findRemotes(
  established: readonly Socket[],
  before: Baseline | undefined,
  report: Report | undefined,
): ReadonlySet<string> {
  const rows = report?.metrics?.tcp_connections?.established_connections.connections;
  const told = rows && new Set(rows.map((row) => row.remote_addr));
  const known = established.filter(
    ({ remoteAddress, remotePort }) =>
      !told || told.has(formatEndpoint(remoteAddress, remotePort)) || before?.remotes.has(remoteAddress),
  );
  return new Set(known.map(({ remoteAddress }) => remoteAddress));
}

function buildWith({ reportId, system, before, values, extras }: ReportContent, most: number): Report {
  const customMetrics = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [cutList(value, most)]] as const],
  );
  const totals = Object.entries(values).flatMap(([name, value]) => {
    const [list] = Object.values(value ?? {});
    return Array.isArray(list) && list.length > most ? [[name, list.length] as const] : [];
  });
  const failures = { ...system?.failures, ...extras?.failures };
  return {
    header: { report_id: reportId, version: '1.0' },
    ...(system && { metrics: buildMetrics(system, before, most) }),
    ...(customMetrics.length > 0 && { custom_metrics: Object.fromEntries(customMetrics) }),
    ...(extras && extras.evidence.length > 0 && { evidence: extras.evidence.slice(0, mostEvidence) }),
    ...(extras && Object.keys(extras.processes).length > 0 && { processes: extras.processes }),
    ...(extras && Object.keys(failures).length > 0 && { failures }),
    ...(extras?.exceptions && Object.keys(extras.exceptions).length > 0 && { exceptions: extras.exceptions }),
    ...(extras?.health && { health: extras.health }),
    ...(extras && totals.length > 0 && { totals: Object.fromEntries(totals) }),
    ...(extras?.madeAt !== undefined && { madeAt: extras.madeAt }),
  };
}

function cutList(value: MetricValue, most: number): MetricValue {
  if ('number_list' in value) return { number_list: value.number_list.slice(0, most) };
  if ('string_list' in value) return { string_list: value.string_list.slice(0, most) };
  return 'ip_list' in value ? { ip_list: value.ip_list.slice(0, most) } : value;
}

function buildMetrics(system: SystemSample, before: Baseline | undefined, most: number): Metrics {
  const { listeningTcp, listeningUdp, established, traffic, interfaces } = system;
  return {
    ...(listeningTcp && {
      listening_tcp_ports: listPorts('tcp', listeningTcp, interfaces, before, most),
    }),
    ...(listeningUdp && {
      listening_udp_ports: listPorts('udp', listeningUdp, interfaces, before, most),
    }),
    ...(traffic && before?.traffic && growthOf(before.traffic, traffic)),
    ...(established && {
      tcp_connections: { established_connections: listConnections(established, interfaces, before, most) },
    }),
  };
}

function growthOf(before: Counters, now: Counters): Pick<Metrics, 'network_stats'> {
  return {
    network_stats: {
      bytes_in: Math.max(0, now.bytesIn - before.bytesIn),
      bytes_out: Math.max(0, now.bytesOut - before.bytesOut),
      packets_in: Math.max(0, now.packetsIn - before.packetsIn),
      packets_out: Math.max(0, now.packetsOut - before.packetsOut),
    },
  };
}

/** One row for each port and address, those that came last first: sockets that share a port (SO_REUSEPORT) are one listener. */
function listPorts(
  protocol: 'tcp' | 'udp',
  sockets: readonly Socket[],
  interfaces: ReadonlyMap<string, string>,
  before: Baseline | undefined,
  most: number,
): Ports {
  const rows = new Map<string, { rank: number; row: Ports['ports'][number] }>();
  for (const socket of sockets) {
    const name = nameListener(socket, interfaces);
    const rank = -(before?.listeners.get(listenerKey(protocol, socket)) ?? Number.POSITIVE_INFINITY);
    rows.set(rowKey(socket, interfaces), { rank, row: { interface: name, port: socket.localPort } });
  }
  const sorted = [...rows.values()].sort(
    (a, b) => compare(a.rank, b.rank) || a.row.port - b.row.port || compare(a.row.interface, b.row.interface),
  );
  return { ports: sorted.slice(0, most).map(({ row }) => row), total: sorted.length };
}

/**
 * Connections with new remote addresses first, then those with rare ones: where the list is cut, the one connection
 * to a strange address is kept, not the hundredth to the same server.
 */
function listConnections(
  established: readonly Socket[],
  interfaces: SystemSample['interfaces'],
  before: Baseline | undefined,
  most: number,
): { connections: readonly Connection[]; total: number } {
  const counts = new Map<string, number>();
  for (const { remoteAddress } of established)
    counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1);
  const rankOf = ({ remoteAddress }: Socket): number =>
    (before?.remotes.has(remoteAddress) ? established.length : 0) + (counts.get(remoteAddress) ?? 0);
  const sorted = [...established].sort(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      compare(a.remoteAddress, b.remoteAddress) ||
      a.remotePort - b.remotePort ||
      a.localPort - b.localPort,
  );
  const connections = sorted.slice(0, most).map(({ localAddress, localPort, remoteAddress, remotePort }) => {
    const name = nameInterface(localAddress, interfaces);
    const remote_addr = formatEndpoint(remoteAddress, remotePort);
    return { ...(name !== undefined && { local_interface: name }), local_port: localPort, remote_addr };
  });
  return { connections, total: sorted.length };
}

function keysOf(before: Baseline | undefined, protocol: 'tcp' | 'udp'): readonly string[] {
  return [...(before?.listeners.keys() ?? [])].filter((key) => key.startsWith(`${protocol} `));
}

function listenerKey(protocol: 'tcp' | 'udp', { localAddress, localPort }: Socket): string {
  return `${protocol} ${localPort} ${localAddress}`;
}

function nameListener({ localAddress }: Socket, interfaces: SystemSample['interfaces']): string {
  return nameInterface(localAddress, interfaces) ?? localAddress;
}

/** What is one row of a report. */
function rowKey(socket: Socket, interfaces: SystemSample['interfaces']): string {
  return `${socket.localPort} ${nameListener(socket, interfaces)}`;
}

/** All of 127.0.0.0/8 is the loopback interface's (RFC 1122, 3.2.1.3), though it lists one address of it. */
function nameInterface(address: string, interfaces: ReadonlyMap<string, string>): string | undefined {
  return interfaces.get(address) ?? (address.startsWith('127.') ? interfaces.get('127.0.0.1') : undefined);
}

function formatEndpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
