import type { MetricValue } from '../../../agent/processes/metric-sample';
import { baselineOf } from '../../../agent/report/baseline';
import { encodeReport } from '../../../agent/report/encoding';
import { buildReport, type ReportContent } from '../../../agent/report/report';
import { anEvidence } from '../builders';
import { aSocket, aSystem } from '../system';

/** What the developer guide's example of a report was made from, with shorter lists. */
const traffic = (bytesIn: number, packetsIn: number, bytesOut: number, packetsOut: number) => ({
  bytesIn,
  packetsIn,
  bytesOut,
  packetsOut,
});
const localAddress = '10.0.0.1';
const values: Readonly<Record<string, MetricValue>> = {
  MyMetricOfType_Number: { number: 1 },
  MyMetricOfType_NumberList: { number_list: [1, 2, 3] },
  MyMetricOfType_StringList: { string_list: ['value_1', 'value_2'] },
  MyMetricOfType_IpList: { ip_list: ['172.0.0.0', '172.0.0.10'] },
};
const content: ReportContent = {
  reportId: 1530304554,
  system: aSystem({
    listeningTcp: [aSocket({ localAddress, localPort: 22 }), aSocket({ localAddress, localPort: 53 })],
    listeningUdp: [aSocket({ localAddress, localPort: 5353 })],
    established: [
      aSocket({ localAddress, localPort: 80, remoteAddress: '192.168.0.1', remotePort: 8000, state: 1 }),
    ],
    traffic: traffic(29358693495, 10013573555, 26485035, 11382615),
  }),
  before: baselineOf(aSystem({ traffic: traffic(0, 0, 0, 0) })),
  values,
};

const long =
  '{"header":{"report_id":1530304554,"version":"1.0"},' +
  '"metrics":{"listening_tcp_ports":{"ports":[{"interface":"eth0","port":22},{"interface":"eth0","port":53}],"total":2},' +
  '"listening_udp_ports":{"ports":[{"interface":"eth0","port":5353}],"total":1},' +
  '"network_stats":{"bytes_in":29358693495,"bytes_out":26485035,"packets_in":10013573555,"packets_out":11382615},' +
  '"tcp_connections":{"established_connections":{"connections":[{"local_interface":"eth0","local_port":80,"remote_addr":"192.168.0.1:8000"}],"total":1}}},' +
  '"custom_metrics":{"MyMetricOfType_Number":[{"number":1}],"MyMetricOfType_NumberList":[{"number_list":[1,2,3]}],' +
  '"MyMetricOfType_StringList":[{"string_list":["value_1","value_2"]}],' +
  '"MyMetricOfType_IpList":[{"ip_list":["172.0.0.0","172.0.0.10"]}]}}';
const short =
  '{"hed":{"rid":1530304554,"v":"1.0"},' +
  '"met":{"tp":{"pts":[{"if":"eth0","pt":22},{"if":"eth0","pt":53}],"t":2},' +
  '"up":{"pts":[{"if":"eth0","pt":5353}],"t":1},' +
  '"ns":{"bi":29358693495,"bo":26485035,"pi":10013573555,"po":11382615},' +
  '"tc":{"ec":{"cs":[{"li":"eth0","lp":80,"rad":"192.168.0.1:8000"}],"t":1}}},' +
  '"cmet":{"MyMetricOfType_Number":[{"number":1}],"MyMetricOfType_NumberList":[{"number_list":[1,2,3]}],' +
  '"MyMetricOfType_StringList":[{"string_list":["value_1","value_2"]}],' +
  '"MyMetricOfType_IpList":[{"ip_list":["172.0.0.0","172.0.0.10"]}]}}';

describe('encodeReport', () => {
  it.each([
    ['long', long],
    ['short', short],
  ] as const)(
    'writes the %s names of Device Defender’s own example, byte for byte, in JSON',
    (names, text) => {
      expect(encodeReport(buildReport(content), 'json', names).toString()).toBe(text);
    },
  );

  it.each([
    ['long', long],
    ['short', short],
  ] as const)('writes the %s names as the same map in CBOR, byte for byte', (names, text) => {
    expect(encodeReport(buildReport(content), 'cbor', names).toString('hex')).toBe(
      writeCbor(JSON.parse(text)).toString('hex'),
    );
  });

  it('writes fractions and negative numbers of a custom metric in CBOR', () => {
    const report = buildReport({ reportId: 1, values: { m: { number_list: [12.5, -3, -70_000] } } });

    expect(encodeReport(report, 'cbor').toString('hex')).toContain('83fb40290000000000002' + '23a0001116f');
  });

  it('keeps the names of what is for Cordon alone', () => {
    const extras = { evidence: [anEvidence()], processes: { myapp: 'running' } as const, failures: {} };
    const report = buildReport({ reportId: 7, values: {}, extras });

    expect(JSON.parse(encodeReport(report, 'json', 'short').toString())).toEqual({
      hed: { rid: 7, v: '1.0' },
      evidence: [anEvidence()],
      processes: { myapp: 'running' },
    });
  });
});

/** RFC 8949 with the shortest heads, for what a report holds. */
function writeCbor(value: unknown): Buffer {
  if (typeof value === 'number') return writeHead(0, value);
  if (typeof value === 'string')
    return Buffer.concat([writeHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([writeHead(4, value.length), ...value.map(writeCbor)]);
  const entries = Object.entries(value as object);
  return Buffer.concat([writeHead(5, entries.length), ...entries.flat().map(writeCbor)]);
}

function writeHead(major: number, argument: number): Buffer {
  const first = major << 5;
  if (argument < 24) return Buffer.from([first | argument]);
  const bytes = Buffer.alloc(9);
  bytes.writeBigUInt64BE(BigInt(argument), 1);
  const length = argument < 2 ** 8 ? 1 : argument < 2 ** 16 ? 2 : argument < 2 ** 32 ? 4 : 8;
  return Buffer.concat([Buffer.from([first | (24 + Math.log2(length))]), bytes.subarray(9 - length)]);
}
