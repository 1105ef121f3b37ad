import { aDetector, received } from './detector';
import { aBehavior } from './watched-behaviors';

describe('detect, given reports of existing agents (docs/facts.md#other-agents),', () => {
  const network = aBehavior('aws:listening-tcp-ports', {
    comparisonOperator: 'in-port-set',
    value: { ports: [22] },
  });

  it.each<[string, string, object]>([
    [
      'the Python sample agent: bracketed IPv6, null interfaces, a metric in an array of one',
      'json',
      {
        header: { report_id: 1_700_000_000, version: '1.0' },
        metrics: {
          listening_tcp_ports: { ports: [{ port: 8443, interface: '::' }], total: 1 },
          network_stats: { bytes_in: 5, bytes_out: -2_084_308, packets_in: 1, packets_out: 1 },
          tcp_connections: {
            established_connections: {
              connections: [
                { remote_addr: '[::ffff:10.0.0.1]:443', local_interface: null, local_port: 50_000 },
              ],
              total: 1,
            },
          },
        },
        custom_metrics: { cpu_usage: [{ number: 12.5 }] },
      },
    ],
    [
      'its short names',
      'json',
      { hed: { rid: 1_700_000_000, v: '1.0' }, met: { tp: { pts: [{ pt: 8443, if: null }], t: 1 } } },
    ],
    [
      'half short names',
      'json',
      {
        header: { rid: 1_700_000_000, version: '1.0' },
        met: { listening_tcp_ports: { pts: [{ port: 8443 }] } },
      },
    ],
    [
      'the C sample agent: port 0, ports as text in CBOR',
      'cbor',
      {
        hed: { rid: 1_700_000_000, v: '1.0' },
        met: {
          tp: { pts: [{ pt: '8443' }, { pt: 0 }], t: 2 },
          tc: { ec: { cs: [{ lp: '443', rad: '10.0.0.1:1' }], t: 1 } },
        },
      },
    ],
    [
      'the Device Client: a report id since boot, counters that wrapped',
      'json',
      {
        header: { report_id: 7_956_604, version: '1.0' },
        metrics: {
          listening_tcp_ports: { ports: [{ port: 8443, interface: 'eth0' }], total: 1 },
          network_stats: { bytes_in: 1.8446744071173374e19 },
        },
      },
    ],
  ])('understands %s', async (_, format, report) => {
    const { run, alerts, published } = aDetector({ behaviors: network });

    expect(await run(received(report, { format }))).toEqual([]);

    expect(alerts).toMatchObject([{ metricValue: { ports: [8443] } }]);
    expect(published).toMatchObject([
      { topic: `cordon/things/mything1/reports/${format}/accepted`, body: { status: 'ACCEPTED' } },
    ]);
  });
});
