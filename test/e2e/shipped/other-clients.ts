import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encode } from 'cborg';
import type { IClientOptions, MqttClient } from 'mqtt';
import { waitUntil } from '../harness';
import { collectAnswers } from '../mqtt-client';
import { e2e } from './stack';

const hasAwsCli = spawnSync('aws', ['--version']).status === 0;

/** Seconds since the epoch, as most agents have it. */
const firstReportId = 1_795_516_618;

/** The report of the Python sample agent, with the tutorial's metric (docs/facts.md#other-agents). */
const sampleReport = {
  header: { report_id: firstReportId, version: '1.0' },
  metrics: {
    network_stats: {
      bytes_in: 8_687_521_273,
      bytes_out: 3_249_308_032,
      packets_in: 3_556_658,
      packets_out: 1,
    },
    listening_tcp_ports: { ports: [{ port: 22, interface: '0.0.0.0' }, { port: 8443 }], total: 2 },
    tcp_connections: {
      established_connections: {
        connections: [
          { remote_addr: '[::ffff:10.0.0.1]:443', local_interface: null, local_port: 50_000 },
          { remote_addr: '10.0.0.1:8883', local_interface: 'eth0', local_port: 50_001 },
        ],
        total: 2,
      },
    },
  },
  custom_metrics: { cpu_usage: [{ number: 100.0 }], num_child_procs_myapp: [{ number: 2 }] },
};

/** The report of the C sample agent, in its short names, with the tutorial's metric. */
const shortReport = {
  hed: { rid: firstReportId, v: '1.0' },
  met: {
    up: { pts: [], t: 0 },
    tc: { ec: { cs: [{ lp: 443, rad: '10.0.0.1:1', li: 'eth0' }], t: 1 } },
    ns: { bi: 5_000_000_000, bo: 1, pi: 1, po: 1 },
  },
  cmet: { num_child_procs_myapp: [{ number: 2 }] },
};

function tutorialMetric(children: number): string {
  return `"num_child_procs_myapp":[{"number":${children}}]`;
}

/** Agents that are not Cordon’s, and the AWS CLI. */
export function testOtherClients(): void {
  describe('an agent that is not Cordon’s', () => {
    /** Connects as the client does, and receives the answers to its reports to Cordon and to Device Defender. */
    async function connectAs(thingName: string, options: IClientOptions) {
      const client: MqttClient = await e2e.connect(await e2e.enroll(thingName), options);
      const answers = collectAnswers(client);
      await client.subscribeAsync([
        `cordon/things/${thingName}/reports/+/+`,
        `$aws/things/${thingName}/defender/metrics/+/accepted`,
        `$aws/things/${thingName}/defender/metrics/+/rejected`,
      ]);
      return { client, answers };
    }

    it.each<[string, string, 0 | 1, 'json' | 'cbor', object, IClientOptions]>([
      ['the Python sample agent at QoS 0', 'sample', 0, 'json', sampleReport, { keepalive: 6 }],
      ['a sample agent in CBOR', 'sample-cbor', 0, 'cbor', sampleReport, { keepalive: 6 }],
      [
        'the sample agent as rewritten for MQTT 5',
        'sample-5',
        1,
        'cbor',
        sampleReport,
        { protocolVersion: 5 },
      ],
      ['an agent with short names', 'short', 1, 'cbor', shortReport, { keepalive: 600 }],
      ['the Device Client with a session that lasts', 'client', 1, 'json', sampleReport, { clean: false }],
      ['a client of MQTT 3.1', 'old', 0, 'json', sampleReport, { protocolId: 'MQIsdp', protocolVersion: 3 }],
    ])('is understood: %s', async (_title, thingName, qos, format, report, options) => {
      const { client, answers } = await connectAs(thingName, options);
      const send = (topic: string, children: number) => {
        const text = JSON.stringify(report).replace(String(firstReportId), String(firstReportId + children));
        const told = JSON.parse(text.replace(tutorialMetric(2), tutorialMetric(children)));
        const payload = format === 'cbor' ? Buffer.from(encode(told)) : JSON.stringify(told);
        return client.publishAsync(topic, payload, { qos });
      };
      const cordonTopic = `cordon/things/${thingName}/reports/${format}`;

      // This holds only if all is well: a contained device loses its connection, maybe before the answer.
      await send(cordonTopic, 0);
      await send(`$aws/things/${thingName}/defender/metrics/${format}`, 0);
      await waitUntil(
        () => `two answers, there came ${JSON.stringify(answers)}`,
        () => answers.length === 2,
      );
      expect(answers.map(({ body }) => body)).toMatchObject([{ status: 'ACCEPTED' }, { status: 'ACCEPTED' }]);
      await send(cordonTopic, 2);
      const { violations } = await e2e.waitForCase(thingName, 'contained');
      expect(Object.values(violations)).toMatchObject([{ value: { number: 2 } }]);
    });
  });

  describe('the AWS CLI', () => {
    if (!hasAwsCli) {
      it.todo('is not tried here: there is none on the PATH');
      return;
    }

    it('publishes a report of a device through the data plane', async () => {
      await e2e.enroll('by-cli');
      const folder = await mkdtemp(join(tmpdir(), 'cordon-cli-'));
      const file = join(folder, 'report.json');
      await writeFile(file, JSON.stringify(sampleReport));
      const { gateway } = e2e.stack.aws;
      const { accessKeyId, secretAccessKey } = gateway.operatorCredentials;
      const topic = 'cordon/things/by-cli/reports/json';
      const flags = ['--topic', topic, '--qos', '1', '--payload', `fileb://${file}`];

      await promisify(execFile)('aws', ['--endpoint-url', gateway.url, 'iot-data', 'publish', ...flags], {
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          AWS_DEFAULT_REGION: e2e.stack.identity.region,
          AWS_ACCESS_KEY_ID: accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
        },
      });
      await rm(folder, { recursive: true });

      // The sender is unknown, so a person has to decide.
      const { reason, violations } = await e2e.waitForCase('by-cli', 'awaiting-approval');
      expect(reason).toMatch(/may be forged/);
      expect(Object.values(violations)).toMatchObject([{ value: { number: 2 } }]);
    }, 180_000);
  });
}
