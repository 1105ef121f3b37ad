import { answerDefenderReport } from '../../../../local/aws/mqtt/defender-report';
import { atOnceSeconds, measureProcessorSeconds } from '../../../processor-time';

const header = { report_id: 1530304554, version: '1.0' };
const longReport = {
  header,
  metrics: {
    listening_tcp_ports: { ports: [{ interface: 'eth0', port: 22 }], total: 1 },
    listening_udp_ports: { ports: [], total: 0 },
    network_stats: { bytes_in: 29358693495, bytes_out: 0, packets_in: 1, packets_out: 2 },
    tcp_connections: {
      established_connections: {
        connections: [{ local_interface: 'eth0', local_port: 80, remote_addr: '192.168.0.1:8000' }],
        total: 1,
      },
    },
  },
  custom_metrics: {
    a: [{ number: 1 }],
    b: [{ number_list: [1, 2, 3] }],
    c: [{ string_list: ['x'] }],
    d: [{ ip_list: ['172.0.0.0'] }],
  },
};

/** Packed CBOR (tag 51): a table, and 27 that repeat it. */
const table = '880000000000000000';
const doubled = 'd8338481d8e1e08200e080'.repeat(27);

function answer(payload: string | Buffer, thingName = 'mything1', format: 'json' | 'cbor' = 'json') {
  return answerDefenderReport({ thingName, format }, Buffer.from(payload), 1542697506269);
}

describe('answerDefenderReport', () => {
  it('accepts the report of the developer guide', () => {
    const { outcome, payload } = answer(JSON.stringify(longReport));

    expect(outcome).toBe('accepted');
    expect(JSON.parse(payload.toString())).toEqual({
      thingName: 'mything1',
      reportId: 1530304554,
      status: 'ACCEPTED',
      timestamp: 1542697506269,
    });
  });

  it('accepts short names', () => {
    const report = {
      hed: { rid: 1, v: '1.0' },
      met: {
        tp: { pts: [{ if: 'eth0', pt: 22 }], t: 1 },
        ns: { bi: 1, bo: 2, pi: 3, po: 4 },
        tc: { ec: { cs: [{ rad: '192.168.0.1:8000' }], t: 1 } },
      },
    };

    expect(answer(JSON.stringify(report)).outcome).toBe('accepted');
  });

  it('accepts the null that the sample agent sends if it finds no interface', () => {
    const connections = [{ remote_addr: '10.0.0.1:443', local_interface: null, local_port: 50_000 }];
    const metrics = {
      listening_tcp_ports: { ports: [{ port: 22, interface: null }], total: 1 },
      tcp_connections: { established_connections: { connections, total: 1 } },
    };

    expect(answer(JSON.stringify({ header, metrics })).outcome).toBe('accepted');
  });

  it('names as many fields as it can of a report that it rejects', () => {
    const { outcome, payload } = answer(JSON.stringify({ header, custom_metrics: { a: { number: 0 } } }));

    expect(outcome).toBe('rejected');
    expect(JSON.parse(payload.toString())).toEqual({
      thingName: 'mything1',
      reportId: 1530304554,
      status: 'REJECTED',
      statusDetails: { ErrorCode: 'InvalidPayload', ErrorMessage: 'Malformed metrics report' },
      timestamp: 1542697506269,
    });
  });

  it.each([
    ['not JSON', 'hello'],
    ['nothing', ''],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a list', '[]'],
    ['null', 'null'],
    ['no header', JSON.stringify({ metrics: {} })],
    ['no metrics at all', JSON.stringify({ header })],
    ['a report id as text', JSON.stringify({ ...longReport, header: { report_id: '1', version: '1.0' } })],
    ['a report id of 0', JSON.stringify({ ...longReport, header: { report_id: 0, version: '1.0' } })],
    ['a fractional report id', JSON.stringify({ ...longReport, header: { report_id: 1.5, version: '1.0' } })],
    ['a version as number', JSON.stringify({ ...longReport, header: { report_id: 1, version: 1.0 } })],
    ['a version without minor', JSON.stringify({ ...longReport, header: { report_id: 1, version: '1' } })],
    ['a bare number', JSON.stringify({ header, custom_metrics: { a: 1 } })],
    ['a number as text', JSON.stringify({ header, custom_metrics: { a: [{ number: '1' }] } })],
    ['an unknown kind', JSON.stringify({ header, custom_metrics: { a: [{ count: 1 }] } })],
    ['negative bytes', JSON.stringify({ header, metrics: { network_stats: { bytes_in: -1 } } })],
    ['port 0', JSON.stringify({ header, metrics: { listening_tcp_ports: { ports: [{ port: 0 }] } } })],
    [
      'a connection without remote address',
      JSON.stringify({
        header,
        metrics: { tcp_connections: { established_connections: { connections: [{ local_port: 1 }] } } },
      }),
    ],
  ])('rejects %s', (_, payload) => {
    expect(answer(payload).outcome).toBe('rejected');
  });

  it.each([
    ['a control character', 'my\u0007thing'],
    ['129 bytes', 'x'.repeat(129)],
  ])('rejects a thing name with %s', (_, thingName) => {
    expect(answer(JSON.stringify(longReport), thingName).outcome).toBe('rejected');
  });

  it.each([
    ['packed tables that double at each level', `d8338481${table}8200${table}80${doubled}e0`],
    ['a tag', 'c11a514b67b0'],
    ['60,000 levels', '81'.repeat(60_000)],
    ['a length beyond its end', 'baffffffff616100'],
    ['a key that comes twice', 'a2616101616102'],
  ])('rejects CBOR with %s, at once', (_, hex) => {
    let outcome: unknown;

    const seconds = measureProcessorSeconds(() => {
      outcome = answer(Buffer.from(hex, 'hex'), 'mything1', 'cbor').outcome;
    });

    expect(outcome).toBe('rejected');
    expect(seconds).toBeLessThan(atOnceSeconds);
  });

  it('rejects truncated CBOR', () => {
    expect(answer(Buffer.from([0xa2, 0x63]), 'mything1', 'cbor').outcome).toBe('rejected');
  });
});
