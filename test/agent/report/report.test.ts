import { baselineOf } from '../../../agent/report/baseline';
import { foldReports } from '../../../agent/report/fold-reports';
import { buildReport } from '../../../agent/report/report';
import type { Baseline } from '../../../agent/report/report-lists';
import { anEvidence, metric } from '../builders';
import { aSocket, aSystem } from '../system';

const header = { report_id: 7, version: '1.0' };

describe('buildReport', () => {
  it('writes a number as an array of one', () => {
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

  it('leaves out a metric without a value, and reports a total of 0', () => {
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

  it('reports traffic as growth since the last report, and none in the first', () => {
    const at = (bytesIn: number) => ({ bytesIn, packetsIn: 1, bytesOut: 5, packetsOut: 1 });
    const content = { reportId: 7, system: aSystem({ traffic: at(150) }), values: {} };

    expect(buildReport(content).metrics?.network_stats).toBeUndefined();
    expect(
      buildReport({ ...content, before: baselineOf(aSystem({ traffic: at(100) })) }).metrics?.network_stats,
    ).toEqual({
      bytes_in: 50,
      bytes_out: 0,
      packets_in: 0,
      packets_out: 0,
    });
  });

  it('lists all of 127.0.0.0/8 as the loopback interface, and an address without one as itself', () => {
    const interfaces = new Map([['127.0.0.1', 'lo']]);
    const listeningUdp = [aSocket({ localAddress: '127.0.0.53' }), aSocket({ localAddress: '10.9.9.9' })];
    const { metrics } = buildReport({
      reportId: 7,
      system: aSystem({ interfaces, listeningUdp }),
      values: {},
    });

    expect(metrics?.listening_udp_ports?.ports).toEqual([
      { interface: '10.9.9.9', port: 22 },
      { interface: 'lo', port: 22 },
    ]);
  });

  const connect = (remoteAddress: string, remotePort: number) =>
    aSocket({ remoteAddress, remotePort, state: 1 });

  it('keeps the connection to a rare address if the list is cut', () => {
    const crowd = Array.from({ length: 200 }, (_, port) => connect('10.0.0.9', 1000 + port));
    const established = [...crowd, connect('203.0.113.7', 443)];
    const { connections = [], total } =
      buildReport({ reportId: 7, system: aSystem({ established }), values: {} }).metrics?.tcp_connections
        ?.established_connections ?? {};

    expect([connections.length, total]).toEqual([50, 201]);
    expect(connections[0]).toMatchObject({ remote_addr: '203.0.113.7:443' });
  });

  it('keeps entries that are new since the previous report if a list is cut', () => {
    const crowd = Array.from({ length: 60 }, (_, index) => connect(`10.0.1.${index}`, 443));
    const listening = Array.from({ length: 60 }, (_, index) => aSocket({ localPort: 1000 + index }));
    const before = aSystem({ established: crowd, listeningTcp: listening });
    const system = aSystem({
      established: [...crowd, connect('192.0.2.1', 443), connect('192.0.2.1', 444)],
      listeningTcp: [...listening, aSocket({ localPort: 31_337 })],
    });
    const { metrics } = buildReport({ reportId: 7, system, before: baselineOf(before), values: {} });

    expect(metrics?.tcp_connections?.established_connections.connections.slice(0, 3)).toMatchObject([
      { remote_addr: '192.0.2.1:443' },
      { remote_addr: '192.0.2.1:444' },
      { remote_addr: '10.0.1.0:443' },
    ]);
    expect(metrics?.listening_tcp_ports).toMatchObject({ total: 61 });
    expect(metrics?.listening_tcp_ports?.ports.slice(0, 2).map(({ port }) => port)).toEqual([31_337, 1000]);
  });

  it('reports each listener and address once before it repeats one, the newest first', () => {
    const established = Array.from({ length: 120 }, (_, index) => connect(`10.0.1.${index}`, 443));
    const listeningTcp = Array.from({ length: 120 }, (_, index) => aSocket({ localPort: 1000 + index }));
    const system = aSystem({ established, listeningTcp });
    const ports = new Set<number>();
    const addresses = new Set<string>();
    let before: Baseline | undefined;
    for (let reportId = 1; reportId <= 3; reportId += 1) {
      const report = buildReport({ reportId, system, ...(before && { before }), values: {} });
      const { listening_tcp_ports: listening, tcp_connections: connections } = report.metrics ?? {};
      for (const { port } of listening?.ports ?? []) ports.add(port);
      for (const row of connections?.established_connections.connections ?? [])
        addresses.add(row.remote_addr);
      before = baselineOf(system, before, report);
    }

    expect([ports.size, addresses.size]).toEqual([120, 120]);
    const { metrics } = buildReport({ reportId: 4, system, ...(before && { before }), values: {} });
    expect(metrics?.listening_tcp_ports?.ports[0]).toMatchObject({ port: 1100 });
  });

  it('reports what begins at once, though thousands of older entries still wait for room', () => {
    const many = Array.from({ length: 3000 }, (_, index) => index);
    const first = aSystem({
      listeningTcp: many.map((index) => aSocket({ localPort: 20_000 + index })),
      established: many.map((index) => connect(`10.${index >> 8}.${index & 255}.1`, 443)),
    });
    const report = buildReport({ reportId: 1, system: first, values: {} });
    const before = baselineOf(first, undefined, report);
    const system = aSystem({
      listeningTcp: [...(first.listeningTcp ?? []), aSocket({ localPort: 39_999 })],
      established: [...(first.established ?? []), connect('192.0.2.9', 443)],
    });
    const { metrics } = buildReport({ reportId: 2, system, before, values: {} });

    expect(metrics?.listening_tcp_ports?.ports.map(({ port }) => port)).toContain(39_999);
    expect(
      metrics?.tcp_connections?.established_connections.connections.map((row) => row.remote_addr),
    ).toContain('192.0.2.9:443');
  });

  it('reports the listener and the address that wait longest, however many others come with each report', () => {
    let before: Baseline | undefined;
    const told: string[] = [];
    for (let reportId = 1; reportId <= 4; reportId += 1) {
      const fresh = Array.from({ length: 60 }, (_, index) => reportId * 100 + index);
      const system = aSystem({
        listeningTcp: [...fresh, 65_000].map((localPort) => aSocket({ localPort })),
        established: [
          ...fresh.map((port) => connect(`10.0.${reportId}.${port % 100}`, port)),
          connect('192.0.2.9', 443),
        ],
      });
      const report = buildReport({ reportId, system, ...(before && { before }), values: {} });
      const { listening_tcp_ports: listening, tcp_connections: connections } = report.metrics ?? {};
      if (listening?.ports[0]?.port === 65_000) told.push(`port by ${reportId}`);
      if (connections?.established_connections.connections.some((row) => row.remote_addr === '192.0.2.9:443'))
        told.push(`address by ${reportId}`);
      before = baselineOf(system, before, report);
    }

    expect(told).toContain('port by 2');
    expect(told).toContain('address by 2');
  });

  it('reports to Cordon the full length of shortened lists, and to Device Defender only what it accepts', () => {
    const names = (count: number) => ({
      string_list: Array.from({ length: count }, (_, index) => `n${index}`),
    });
    const values = { few: names(50), many: names(61), count: { number: 99 } };
    const extras = { evidence: [], processes: {}, failures: {} };

    expect(buildReport({ reportId: 7, values, extras }).totals).toEqual({ many: 61 });
    expect(buildReport({ reportId: 7, values })).not.toHaveProperty('totals');
  });

  it('lists the same connections again while nothing changes', () => {
    const established = Array.from({ length: 300 }, (_, index) => connect(`10.0.${index % 7}.1`, index));
    const system = aSystem({ established });
    const shuffled = aSystem({ established: [...established].reverse() });

    expect(buildReport({ reportId: 7, system: shuffled, values: {} })).toEqual(
      buildReport({ reportId: 7, system, values: {} }),
    );
  });

  it('cuts its lists further if it would not fit a message', () => {
    const names = Array.from({ length: 50 }, (_, index) => `${index}`.padStart(120, 'x'));
    const lists = Array.from({ length: 100 }, (_, index) => [`m${index}`, { string_list: names }] as const);
    const report = buildReport({ reportId: 7, system: aSystem(), values: Object.fromEntries(lists) });

    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(120 * 1024);
    expect(Object.keys(report.custom_metrics ?? {})).toHaveLength(100);
    expect(report.custom_metrics?.m0).toEqual([{ string_list: names.slice(0, 6) }]);
  });

  it('keeps fewer rows of evidence if shorter lists leave no room for all, as a fold of it does', () => {
    const metrics = Array.from({ length: 100 }, (_, index) => `num_child_procs_${index}`.padEnd(50, 'x'));
    const of = <T>(value: T) => Object.fromEntries(metrics.map((name) => [name, value]));
    const unreadable = '\u0001';
    const hostile = anEvidence({
      ...{ executable: unreadable.repeat(512), commandLine: unreadable.repeat(1024) },
      parents: Array.from({ length: 16 }, () => unreadable.repeat(15)),
    });
    const evidence = Array.from({ length: 10 }, (_, pid) => ({ ...hostile, pid }));
    const failures = of('process 123456 may be one of them, and its program cannot be seen');
    const processes = of('running' as const);
    const extras = { evidence, processes, failures, madeAt: 1 };
    const values = of({ string_list: ['a', 'b'] });
    const report = buildReport({ reportId: 7, values, extras });

    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThanOrEqual(120 * 1024);
    expect([report.evidence, report.failures]).toEqual([evidence.slice(0, 5), failures]);
    expect(foldReports(report, { ...report, evidence: evidence.slice(5) }, new Set()).evidence).toEqual(
      evidence.slice(0, 5),
    );
  });

  it('stays far below 128 KB with thousands of sockets, with correct totals', () => {
    const established = Array.from({ length: 4000 }, (_, port) =>
      aSocket({ remoteAddress: '2001:db8::1', remotePort: port }),
    );
    const report = buildReport({ reportId: 7, system: aSystem({ established }), values: {} });

    expect(JSON.stringify(report).length).toBeLessThan(10_000);
    expect(report.metrics?.tcp_connections?.established_connections.total).toBe(4000);
  });
});
