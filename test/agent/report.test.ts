import type { Socket } from '../../agent/metrics/sockets';
import type { SystemSample } from '../../agent/metrics/system';
import { baselineOf, buildReport } from '../../agent/report';
import { anEvidence, metric } from './builders';

function aSocket(changes: Partial<Socket> = {}): Socket {
  return {
    localAddress: '0.0.0.0',
    localPort: 22,
    remoteAddress: '0.0.0.0',
    remotePort: 0,
    state: 10,
    ...changes,
  };
}

function aSystem(changes: Partial<SystemSample> = {}): SystemSample {
  return {
    listeningTcp: [],
    listeningUdp: [],
    established: [],
    counters: new Map(),
    interfaces: new Map([['10.0.0.1', 'eth0']]),
    ...changes,
  };
}

const header = { report_id: 7, version: '1.0' };

describe('buildReport', () => {
  it('gives a number as an array of one', () => {
    expect(buildReport({ reportId: 7, values: { [metric]: { number: 0 } } })).toEqual({
      header,
      custom_metrics: { [metric]: [{ number: 0 }] },
    });
  });

  it('adds evidence and process states for Cordon only', () => {
    const extras = { evidence: [anEvidence()], processes: { myapp: 'running' } as const, failures: {} };

    expect(buildReport({ reportId: 7, values: { [metric]: { number: 1 } }, extras })).toEqual({
      header,
      custom_metrics: { [metric]: [{ number: 1 }] },
      evidence: [anEvidence()],
      processes: { myapp: 'running' },
    });
  });

  it('leaves a metric without a value out, and tells totals also where nothing is', () => {
    const none = { ports: [], total: 0 };

    expect(buildReport({ reportId: 7, system: aSystem(), values: { [metric]: undefined } })).toEqual({
      header,
      metrics: {
        listening_tcp_ports: none,
        listening_udp_ports: none,
        tcp_connections: { established_connections: { connections: [], total: 0 } },
      },
    });
  });

  it('lists each listener once, by port, wildcard addresses as they are', () => {
    const listeningTcp = [
      aSocket({ localPort: 8443, localAddress: '::' }),
      aSocket(),
      aSocket(),
      aSocket({ localAddress: '10.0.0.1' }),
    ];

    expect(
      buildReport({ reportId: 7, system: aSystem({ listeningTcp }), values: {} }).metrics
        ?.listening_tcp_ports,
    ).toEqual({
      ports: [
        { port: 22, interface: '0.0.0.0' },
        { port: 22, interface: 'eth0' },
        { port: 8443, interface: '::' },
      ],
      total: 3,
    });
  });

  it('brackets IPv6 and leaves an interface out that has no name', () => {
    const established = [
      aSocket({ localAddress: '10.0.0.1', remoteAddress: '10.0.0.9', remotePort: 443 }),
      aSocket({ localAddress: 'fe80::1', remoteAddress: '2001:db8::1', remotePort: 443 }),
    ];

    expect(
      buildReport({ reportId: 7, system: aSystem({ established }), values: {} }).metrics?.tcp_connections,
    ).toEqual({
      established_connections: {
        connections: [
          { remote_addr: '10.0.0.9:443', local_port: 22, local_interface: 'eth0' },
          { remote_addr: '[2001:db8::1]:443', local_port: 22 },
        ],
        total: 2,
      },
    });
  });

  it('tells traffic as growth since the report before, and none in the first', () => {
    const at = (bytesIn: number) =>
      new Map([['eth0', { bytesIn, packetsIn: 1, bytesOut: 5, packetsOut: 1 }]]);
    const content = { reportId: 7, system: aSystem({ counters: at(150) }), values: {} };

    expect(buildReport(content).metrics?.network_stats).toBeUndefined();
    expect(
      buildReport({ ...content, before: baselineOf(aSystem({ counters: at(100) })) }).metrics?.network_stats,
    ).toEqual({
      bytes_in: 50,
      bytes_out: 0,
      packets_in: 0,
      packets_out: 0,
    });
  });

  it('stays far below 128 KB with thousands of sockets, and true in its totals', () => {
    const established = Array.from({ length: 4000 }, (_, port) =>
      aSocket({ remoteAddress: '2001:db8::1', remotePort: port }),
    );
    const report = buildReport({ reportId: 7, system: aSystem({ established }), values: {} });

    expect(JSON.stringify(report).length).toBeLessThan(10_000);
    expect(report.metrics?.tcp_connections.established_connections.total).toBe(4000);
  });
});
