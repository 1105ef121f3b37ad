import type { ProcessState } from './metrics/child-sampler';
import type { Evidence } from './metrics/evidence';
import { type InterfaceCounters, sumGrowth } from './metrics/interface-counters';
import type { Socket } from './metrics/sockets';
import type { SystemSample } from './metrics/system';

/** All that goes into one report. */
export interface ReportContent {
  readonly reportId: number;
  /** Left out of a report that only tells of a change. */
  readonly system?: SystemSample;
  /** The counters of the last acknowledged report; without them there is no growth to tell. */
  readonly countersBefore?: InterfaceCounters;
  /** Metric name to value; `undefined` for a metric that has none now. */
  readonly values: Readonly<Record<string, number | undefined>>;
  /** What only Cordon takes. */
  readonly extras?: {
    readonly evidence: readonly Evidence[];
    readonly processes: Readonly<Record<string, ProcessState>>;
  };
}

/** A report in the long form of AWS IoT Device Defender, with `evidence` and `processes` beside it for Cordon. */
export interface Report {
  readonly header: { readonly report_id: number; readonly version: '1.0' };
  readonly metrics?: Metrics;
  readonly custom_metrics?: Readonly<Record<string, readonly [{ readonly number: number }]>>;
  readonly evidence?: readonly Evidence[];
  readonly processes?: Readonly<Record<string, ProcessState>>;
}

interface Ports {
  readonly ports: readonly { readonly port: number; readonly interface: string }[];
  readonly total: number;
}

interface Metrics {
  readonly listening_tcp_ports: Ports;
  readonly listening_udp_ports: Ports;
  readonly network_stats?: Readonly<Record<'bytes_in' | 'bytes_out' | 'packets_in' | 'packets_out', number>>;
  readonly tcp_connections: {
    readonly established_connections: { readonly connections: readonly Connection[]; readonly total: number };
  };
}

interface Connection {
  readonly remote_addr: string;
  readonly local_port: number;
  readonly local_interface?: string;
}

/** The sample agent's cut; `total` stays true. Keeps a report far below the 128 KB of a message. */
const mostRows = 50;
const mostEvidence = 10;

export function buildReport(content: ReportContent): Report {
  const { reportId, system, countersBefore, values, extras } = content;
  const customMetrics = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [{ number: value }]] as const],
  );
  return {
    header: { report_id: reportId, version: '1.0' },
    ...(system && { metrics: buildMetrics(system, countersBefore) }),
    ...(customMetrics.length > 0 && { custom_metrics: Object.fromEntries(customMetrics) }),
    ...(extras && extras.evidence.length > 0 && { evidence: extras.evidence.slice(0, mostEvidence) }),
    ...(extras && Object.keys(extras.processes).length > 0 && { processes: extras.processes }),
  };
}

function buildMetrics(system: SystemSample, before: InterfaceCounters | undefined): Metrics {
  const growth = before && sumGrowth(before, system.counters);
  return {
    listening_tcp_ports: listPorts(system.listeningTcp, system.interfaces),
    listening_udp_ports: listPorts(system.listeningUdp, system.interfaces),
    ...(growth && {
      network_stats: {
        bytes_in: growth.bytesIn,
        bytes_out: growth.bytesOut,
        packets_in: growth.packetsIn,
        packets_out: growth.packetsOut,
      },
    }),
    tcp_connections: { established_connections: listConnections(system) },
  };
}

/** One row for each port and address: sockets that share a port (SO_REUSEPORT) are one listener. */
function listPorts(sockets: readonly Socket[], interfaces: ReadonlyMap<string, string>): Ports {
  const rows = new Map<string, Ports['ports'][number]>();
  for (const { localPort, localAddress } of sockets) {
    const name = interfaces.get(localAddress) ?? localAddress;
    rows.set(`${localPort} ${name}`, { port: localPort, interface: name });
  }
  const ports = [...rows.values()].sort((a, b) => a.port - b.port || compare(a.interface, b.interface));
  return { ports: ports.slice(0, mostRows), total: ports.length };
}

function listConnections(system: SystemSample): { connections: readonly Connection[]; total: number } {
  const rows = system.established.map((socket): Connection => {
    const name = system.interfaces.get(socket.localAddress);
    return {
      remote_addr: formatEndpoint(socket.remoteAddress, socket.remotePort),
      local_port: socket.localPort,
      ...(name !== undefined && { local_interface: name }),
    };
  });
  rows.sort((a, b) => compare(a.remote_addr, b.remote_addr) || a.local_port - b.local_port);
  return { connections: rows.slice(0, mostRows), total: rows.length };
}

function formatEndpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
