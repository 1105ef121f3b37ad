import { readReport } from '../../../shared/domain/report';

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
    tcp_connections: {
      established_connections: {
        connections: [{ remote_addr: '192.168.0.1:8000', local_port: 80 }],
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
      MyMetricOfType_Number: { number: 1 },
    });
  });

  it('takes what real agents get wrong: missing totals, port 0, ports as text, null interfaces', () => {
    const read = readReport({
      header,
      metrics: { listening_tcp_ports: { ports: [{ port: 0 }, { port: '22', interface: null }, null, 7] } },
    });

    expect(read.kind === 'report' && read.report.metrics).toEqual({
      'aws:listening-tcp-ports': { ports: [22] },
      'aws:num-listening-tcp-ports': { count: 2 },
    });
  });

  it('keeps evidence within bounds and drops what is malformed in it', () => {
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
