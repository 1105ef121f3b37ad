import { readReport } from '../../../../shared/domain/findings/report';

const header = { report_id: 1530304554, version: '1.0' };
/** Developer guide's samples, lists shortened. */
const long = {
  header,
  metrics: {
    listening_tcp_ports: {
      ports: [
        { interface: 'eth0', port: 22 },
        { interface: 'eth0', port: 53 },
      ],
      total: 2,
    },
    listening_udp_ports: { ports: [{ interface: 'eth0', port: 5353 }], total: 1 },
    network_stats: {
      bytes_in: 29358693495,
      bytes_out: 26485035,
      packets_in: 10013573555,
      packets_out: 11382615,
    },
    tcp_connections: {
      established_connections: {
        connections: [{ local_interface: 'eth0', remote_addr: '192.168.0.1:8000', local_port: 80 }],
        total: 1,
      },
    },
  },
  custom_metrics: {
    MyMetricOfType_Number: [{ number: 1 }],
    MyMetricOfType_NumberList: [{ number_list: [1, 2, 3] }],
    MyMetricOfType_StringList: [{ string_list: ['value_1', 'value_2'] }],
    MyMetricOfType_IpList: [{ ip_list: ['172.0.0.0', '172.0.0.10'] }],
  },
};
const short = {
  hed: { rid: 1530305228, v: '1.0' },
  met: {
    tp: { pts: [{ if: 'eth0', pt: 22 }], t: 1 },
    up: { pts: [{ if: 'eth0', pt: 67 }], t: 1 },
    ns: { bi: 29359307173, bo: 26490711, pi: 10014614051, po: 11387620 },
    tc: { ec: { cs: [{ li: 'eth0', lp: 80, rad: '192.168.0.1:8000' }], t: 1 } },
  },
  cmet: { MyMetricOfType_Number: [{ number: 1 }] },
};

describe('readReport', () => {
  it('reads the long names', () => {
    expect(readReport(long)).toEqual({
      kind: 'report',
      report: {
        reportId: 1530304554,
        metrics: {
          'aws:listening-tcp-ports': { ports: [22, 53] },
          'aws:num-listening-tcp-ports': { count: 2 },
          'aws:listening-udp-ports': { ports: [5353] },
          'aws:num-listening-udp-ports': { count: 1 },
          'aws:num-established-tcp-connections': { count: 1 },
          'aws:destination-ip-addresses': { cidrs: ['192.168.0.1'] },
          'aws:all-bytes-in': { count: 29358693495 },
          'aws:all-bytes-out': { count: 26485035 },
          'aws:all-packets-in': { count: 10013573555 },
          'aws:all-packets-out': { count: 11382615 },
          MyMetricOfType_Number: { number: 1 },
          MyMetricOfType_NumberList: { numbers: [1, 2, 3] },
          MyMetricOfType_StringList: { strings: ['value_1', 'value_2'] },
          MyMetricOfType_IpList: { cidrs: ['172.0.0.0', '172.0.0.10'] },
        },
        evidence: [],
      },
    });
  });

  it('reads the short names', () => {
    const read = readReport(short);

    expect(read.kind === 'report' && read.report.metrics).toEqual({
      'aws:listening-tcp-ports': { ports: [22] },
      'aws:num-listening-tcp-ports': { count: 1 },
      'aws:listening-udp-ports': { ports: [67] },
      'aws:num-listening-udp-ports': { count: 1 },
      'aws:num-established-tcp-connections': { count: 1 },
      'aws:destination-ip-addresses': { cidrs: ['192.168.0.1'] },
      'aws:all-bytes-in': { count: 29359307173 },
      'aws:all-bytes-out': { count: 26490711 },
      'aws:all-packets-in': { count: 10014614051 },
      'aws:all-packets-out': { count: 11387620 },
      MyMetricOfType_Number: { number: 1 },
    });
  });

  it('accepts the mistakes of real agents: missing totals, port 0, ports as text, null interfaces', () => {
    const read = readReport({
      header,
      metrics: { listening_tcp_ports: { ports: [{ port: 0 }, { port: '22', interface: null }, null, 7] } },
    });

    expect(read.kind === 'report' && read.report.metrics).toEqual({
      'aws:listening-tcp-ports': { ports: [22] },
      'aws:num-listening-tcp-ports': { count: 2 },
    });
  });

  const metricsOf = (metrics: object) => {
    const read = readReport({ header, metrics });
    return read.kind === 'report' ? read.report.metrics : read;
  };

  it.each([
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['[::ffff:10.0.0.1]:443', '10.0.0.1'],
    ['2001:db8::7', '2001:db8::7'],
    ['2001:db8:0:0:0:0:0:7:443', '2001:db8::7'],
    ['10.0.0.1', '10.0.0.1'],
    ['<script>:1', '<script>'],
  ])('reads the remote address of %s', (remote_addr, address) => {
    const established_connections = { connections: [{ remote_addr }] };

    expect(metricsOf({ tcp_connections: { established_connections } })).toMatchObject({
      'aws:destination-ip-addresses': { cidrs: [address] },
    });
  });

  it('reads an omitted list as empty, unless the total says that there is more', () => {
    expect(metricsOf({ listening_tcp_ports: { total: 0 }, listening_udp_ports: { total: 3 } })).toEqual({
      'aws:listening-tcp-ports': { ports: [] },
      'aws:num-listening-tcp-ports': { count: 0 },
      'aws:num-listening-udp-ports': { count: 3 },
    });
  });

  it('produces no datapoint for a counter that wrapped or was reset, and accepts the report', () => {
    const network_stats = { bytes_in: 1.8446744071173374e19, bytes_out: -2_084_308, packets_in: 7 };

    expect(metricsOf({ network_stats })).toEqual({ 'aws:all-packets-in': { count: 7 } });
  });

  it('keeps numbers within the limits of the table, so that no report stops the detector', () => {
    const read = readReport({
      header,
      metrics: { listening_tcp_ports: { ports: [], total: 1e300 } },
      custom_metrics: {
        huge: [{ number: 1e300 }],
        list: [{ number_list: [-1e300, 5e-324, 2 ** 60] }],
      },
      evidence: [{ metric: 'huge', pid: 1e300 }],
    });

    expect(read).toMatchObject({
      kind: 'report',
      report: {
        metrics: {
          huge: { number: 1e100 },
          list: { numbers: [-1e100, 0, 2 ** 60] },
          'aws:num-listening-tcp-ports': { count: 1e100 },
        },
        evidence: [{ pid: 1e100 }],
      },
    });
  });

  it('limits the evidence and drops its malformed parts', () => {
    const evidence = [
      { pid: 7, ppid: '6', executable: '/bin/sh', commandLine: 'x'.repeat(5_000), parents: ['myapp', 3, ''] },
      'nonsense',
      ...Array.from({ length: 50 }, () => ({ pid: 1 })),
    ];
    const read = readReport({ header, custom_metrics: {}, evidence });

    expect(read.kind === 'report' && read.report.evidence.length).toBe(10);
    expect(read.kind === 'report' && read.report.evidence[0]).toEqual({
      pid: 7,
      executable: '/bin/sh',
      commandLine: `${'x'.repeat(1_023)}…`,
      parents: ['myapp'],
    });
  });

  it.each([
    ['undefined (not decodable)', undefined, 'Malformed', /object/],
    ['a list', [], 'Malformed', /object/],
    ['no header', { metrics: {} }, 'MissingHeader', /header/],
    [
      'a report id as text',
      { header: { ...header, report_id: '1' }, metrics: {} },
      'InvalidPayload',
      /report_id/,
    ],
    [
      'a negative report id',
      { header: { ...header, report_id: -1 }, metrics: {} },
      'InvalidPayload',
      /report_id/,
    ],
    ['a version as number', { header: { ...header, version: 1 }, metrics: {} }, 'InvalidPayload', /version/],
    ['neither metrics nor custom metrics', { header }, 'InvalidPayload', /metrics/],
    ['metrics that are a list', { header, metrics: [] }, 'InvalidPayload', /metrics/],
    [
      'a bare number',
      { header, custom_metrics: { m: { number: 0 } } },
      'InvalidPayload',
      /custom_metrics\.m/,
    ],
    ['a number as text', { header, custom_metrics: { m: [{ number: '0' }] } }, 'InvalidPayload', /m\.number/],
    [
      'an infinite number',
      { header, custom_metrics: { m: [{ number: Infinity }] } },
      'InvalidPayload',
      /m\.number/,
    ],
    [
      'a list with a wrong item',
      { header, custom_metrics: { m: [{ string_list: [1] }] } },
      'InvalidPayload',
      /string_list/,
    ],
    [
      'a hostile metric name',
      { header, custom_metrics: { 'a b\n': [{ number: 0 }] } },
      'InvalidPayload',
      /not a metric name/,
    ],
    [
      'a metric of AWS among its custom ones',
      { header, custom_metrics: { 'aws:source-ip-address': [{ ip_list: ['10.0.0.1'] }] } },
      'InvalidPayload',
      /neither aws: nor cordon:/,
    ],
    [
      'a metric of Cordon among its custom ones',
      { header, custom_metrics: { m: [{ number: 1 }], 'cordon:spool-depth': [{ number: 0 }] } },
      'InvalidPayload',
      /neither aws: nor cordon:/,
    ],
  ])('rejects %s with Device Defender’s error code', (_what, document, errorCode, reason) => {
    const read = readReport(document);

    expect(read).toMatchObject({ kind: 'rejected', errorCode });
    expect(read.kind === 'rejected' && read.reason).toMatch(reason);
  });

  it('is not misled by __proto__', () => {
    const document = JSON.parse(
      '{"header":{"report_id":1,"version":"1.0"},"custom_metrics":{"__proto__":[{"number":1}]}}',
    );

    expect(readReport(document).kind).toBe('report');
    expect(({} as Record<string, unknown>).number).toBeUndefined();
  });
});
