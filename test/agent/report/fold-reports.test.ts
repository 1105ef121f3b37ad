import { foldReports } from '../../../agent/report/fold-reports';
import type { Report } from '../../../agent/report/report';
import { anEvidence, aReport, metric } from '../builders';

const peaks = new Set([metric]);

function withTraffic(id: number, bytes: number, port: number): Report {
  return {
    header: { report_id: id, version: '1.0' },
    metrics: {
      listening_tcp_ports: { ports: [{ port, interface: 'eth0' }], total: 1 },
      listening_udp_ports: { ports: [], total: 0 },
      tcp_connections: { established_connections: { connections: [], total: 0 } },
      network_stats: { bytes_in: bytes, bytes_out: 2 * bytes, packets_in: 1, packets_out: 2 },
    },
  };
}

describe('foldReports', () => {
  it('adds up traffic, and keeps the ports of the newer', () => {
    const { header, metrics } = foldReports(withTraffic(1, 100, 22), withTraffic(2, 10, 80), peaks);

    expect(header.report_id).toBe(2);
    expect(metrics?.network_stats).toEqual({ bytes_in: 110, bytes_out: 220, packets_in: 2, packets_out: 4 });
    expect(metrics?.listening_tcp_ports?.ports).toEqual([{ port: 80, interface: 'eth0' }]);
  });

  it('keeps the traffic if the newer report has only a change', () => {
    const folded = foldReports(withTraffic(1, 100, 22), aReport({ id: 2, children: 3 }), peaks);

    expect(folded).toEqual({
      ...aReport({ id: 2, children: 3 }),
      ...{ metrics: withTraffic(1, 100, 22).metrics },
    });
  });

  it.each([
    ['the peak of a count', metric, 9],
    ['the newest of any other metric', 'battery', 1],
  ])('keeps %s', (_what, name, expected) => {
    const report = (id: number, number: number): Report => ({
      header: { report_id: id, version: '1.0' },
      custom_metrics: { [name]: [{ number }] },
    });

    expect(foldReports(report(1, 9), report(2, 1), peaks).custom_metrics).toEqual({
      [name]: [{ number: expected }],
    });
  });

  it('keeps all exceptions that applied to children of a metric', () => {
    const report = (id: number, exceptions: NonNullable<Report['exceptions']>): Report => ({
      ...aReport({ id, children: 1 }),
      exceptions,
    });
    const older = report(1, { [metric]: ['/bin/curl', '/bin/ls'], other: ['/bin/id'] });

    expect(foldReports(older, report(2, { [metric]: ['/bin/date', '/bin/ls'] }), peaks).exceptions).toEqual({
      [metric]: ['/bin/curl', '/bin/ls', '/bin/date'],
      other: ['/bin/id'],
    });
  });

  it('finds no value of a metric in a report that has none, even if objects inherit its name', () => {
    const report = (id: number, values: NonNullable<Report['custom_metrics']>): Report => ({
      ...{ header: { report_id: id, version: '1.0' }, madeAt: id, totals: { battery: 1 } },
      custom_metrics: values,
    });
    const names = Array.from({ length: 60 }, (_, index) => String(index));
    const older = report(1, { battery: [{ number: 1 }] });
    const newer = report(2, Object.fromEntries([['toString', [{ string_list: names }] as const]]));

    expect(foldReports(older, newer, new Set(['toString']))).toMatchObject({
      custom_metrics: { ...older.custom_metrics, ...newer.custom_metrics },
    });
  });

  it('keeps the note that the agent stood still, which no later report repeats', () => {
    const health = { agent: '1.0.0', mode: 'children', restarts: 0, spool: 0 } as const;
    const gap: Report = {
      ...aReport({ id: 1 }),
      failures: { agent: 'it stood still for 9 s', '/proc/net/tcp': 'EIO' },
      health: { ...health, degraded: ['gap', 'unreadable'] },
    };
    const later: Report = { ...aReport({ id: 2 }), health: { ...health, degraded: ['hidden'] } };

    expect(foldReports(gap, later, peaks)).toMatchObject({
      failures: { agent: 'it stood still for 9 s' },
      health: { degraded: ['gap', 'hidden'] },
    });
    expect(foldReports(later, later, peaks)).not.toHaveProperty('failures');
  });

  it('reports to Cordon over how many reports it added up the traffic', () => {
    const made = (id: number) => ({ ...withTraffic(id, 100, 22), madeAt: id });
    const twice = foldReports(made(1), made(2), peaks);
    const change = { ...aReport({ id: 3 }), madeAt: 3 };

    expect(twice.intervals).toBe(2);
    expect(foldReports(twice, change, peaks).intervals).toBe(2);
    expect(foldReports(foldReports(twice, change, peaks), made(4), peaks).intervals).toBe(3);
    expect(foldReports(withTraffic(1, 100, 22), withTraffic(2, 100, 22), peaks)).not.toHaveProperty(
      'intervals',
    );
  });

  it('reports the full length of a shortened list, over the reports that it came from', () => {
    const report = (id: number, from: number, count: number, over: Partial<Report> = {}): Report => ({
      ...{ header: { report_id: id, version: '1.0' }, madeAt: id },
      custom_metrics: {
        names: [{ string_list: Array.from({ length: count }, (_, index) => `n${from + index}`) }],
        [`only-${id}`]: [{ string_list: ['a'] }],
      },
      ...over,
    });
    const peaksOf = new Set(['names']);

    expect(foldReports(report(1, 0, 40), report(2, 100, 30), peaksOf).totals).toEqual({ names: 70 });
    expect(foldReports(report(1, 0, 10), report(2, 10, 10), peaksOf)).not.toHaveProperty('totals');
    expect(
      foldReports(report(1, 0, 3, { totals: { names: 90, 'only-1': 2 } }), report(2, 0, 3), peaksOf).totals,
    ).toEqual({ names: 90, 'only-1': 2 });
    expect(
      foldReports(report(1, 0, 3, { totals: { names: 90 } }), report(2, 0, 3), peaks).totals,
    ).toBeUndefined();
  });

  it('fits a message to AWS IoT, though each report was near its limit: else it would be refused for ever', () => {
    const aLong = (
      metric: string,
      letter: string,
    ): readonly [string, readonly [{ string_list: string[] }]] => [
      metric,
      [{ string_list: Array.from({ length: 50 }, (_, index) => `${letter}${index}`.padEnd(256, letter)) }],
    ];
    const metrics = Array.from({ length: 8 }, (_, index) => `names_${index}`);
    const rows = Array.from({ length: 10 }, (_, pid) => ({
      ...{ metric: 'm', pid, ppid: 1, user: 'root', parents: [] },
      ...{ executable: 'x'.repeat(512), commandLine: 'y'.repeat(1_000) },
    }));
    const older = {
      ...aReport({ id: 1 }),
      custom_metrics: Object.fromEntries([aLong('gone', 'g')]),
      evidence: rows,
    };
    const newer = {
      ...aReport({ id: 2 }),
      madeAt: 2,
      custom_metrics: Object.fromEntries(metrics.map((name) => aLong(name, 'n'))),
    };

    const folded = foldReports(older, newer, new Set());

    expect(Buffer.byteLength(JSON.stringify(folded))).toBeLessThanOrEqual(120 * 1024);
    expect(Object.keys(folded.custom_metrics ?? {})).toHaveLength(9);
    expect(folded.evidence).toHaveLength(10);
    expect(folded.totals).toMatchObject({ gone: 50, names_0: 50 });
  });

  it('keeps the evidence of both, each process once, ten at most', () => {
    const older = {
      ...aReport({ id: 1 }),
      evidence: [anEvidence({ pid: 1 }), anEvidence({ pid: 2, user: 'a' })],
    };
    const newer = {
      ...aReport({ id: 2 }),
      evidence: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((pid) => anEvidence({ pid, user: 'b' })),
    };
    const { evidence = [] } = foldReports(older, newer, peaks);

    expect(evidence.map(({ pid, user }) => `${pid}${user}`)).toEqual([
      ...['1pi', '2b', '3b', '4b', '5b', '6b', '7b', '8b', '9b', '10b'],
    ]);
  });
});
